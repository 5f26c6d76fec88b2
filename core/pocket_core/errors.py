"""Every error that pocketd raises on purpose.

    PocketError
    ├── ConfigError      a configuration that cannot be used          exit code 2
    ├── MidiFileError    a MIDI file that cannot be read or used      exit code 2
    ├── MidiSystemError  no MIDI system, or a port is taken           exit code 3
    ├── ModelError       a model that cannot be trusted or run        exit code 4
    │   └── ContractError   made for other features, or of other shapes
    ├── TakeError        a take's journal that cannot be read or written  exit code 1
    └── DataError        a data set that is missing or not what it should be  exit code 2

The message is one line: what was wrong, where, and what to do about it.
"""

from __future__ import annotations


class PocketError(Exception):
    """What pocketd raises when something outside it is wrong."""

    exit_code = 1


class ConfigError(PocketError):
    """A configuration that cannot be used."""

    exit_code = 2


class MidiFileError(PocketError):
    """A MIDI file that cannot be read, or not for what it is asked."""

    exit_code = 2


class MidiSystemError(PocketError):
    """The machine has no usable MIDI system, or a port name is taken."""

    exit_code = 3


class ModelError(PocketError):
    """A model file that is missing, damaged or not to be trusted."""

    exit_code = 4


class ContractError(ModelError):
    """A model made for other features or of other shapes than this build computes."""


class TakeError(PocketError):
    """A take's journal that cannot be read or written."""


class DataError(PocketError):
    """A data set that is missing or is not what it should be."""

    exit_code = 2
