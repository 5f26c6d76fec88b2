"""Every error that pocketd raises on purpose.

    PocketError                     1
    ├── ConfigError                 2  a configuration that cannot be used
    ├── MidiFileError               2  a MIDI file that cannot be read or used
    ├── MidiSystemError             3  no MIDI system, or a port is taken
    │   └── NameTakenError             another program has the name (pocketd.backends.jack_client)
    ├── ModelError                  4  a model that cannot be trusted or run
    │   ├── ContractError              made for other features, or of other shapes
    │   ├── EncoderError               what reads the score for it (pocketd.encoder)
    │   └── ParityError                an export that differs from its network (pocket_export.parity)
    ├── MeasureError                   what was heard cannot be believed (pocketd.round_trip)
    ├── TakeError                      a take's journal that cannot be read or written
    ├── WishError                      what the map has sent cannot be read (pocketd.wishes)
    ├── DataError                   2  a data set that is missing or is not what it should be
    ├── FetchError                     a download that did not come through (pocket_export.fetch)
    ├── InterruptedFetchError     130  somebody ended it (pocket_export.data_command)
    ├── TrainingMissingError        2  what training needs is not installed (pocket_export.needs)
    ├── InterruptedDistillingError 130  likewise a distilling (pocket_export.sources.patterns.command)
    ├── InterruptedTrainingError  130  somebody ended a training (pocket_export.commands)
    ├── NightUnderWayError             another night is under way (pocket_export.night.command)
    ├── MakeWayError                   a take has begun, the night waits (pocket_export.night.make_way)
    ├── MakerError                     the process that makes its lessons has gone (pocket_export.ahead)
    ├── StoreError                     an archive of takes that cannot be read (pocket_export.night.store)
    ├── ClusterError                   a Dask cluster that cannot be used (pocket_export.night.cluster)
    └── CompanyError                   a process that trains with it has gone (pocket_export.parallel)

The number is the exit code; without one it is the parent's. What only one part raises stands in that part.
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


def one_line(error: Exception, most: int = 200) -> str:
    """Return what another package's error says, to be quoted in one of ours; its kind where it says nothing.

    Args:
        error: Of any kind.
        most: Characters.
    """
    return " ".join(str(error).split())[:most] or type(error).__name__
