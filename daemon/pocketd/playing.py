"""Lets the nightly job know that a take runs, so that it makes way."""

from __future__ import annotations

from typing import BinaryIO

from pocket_core.errors import PocketError
from pocketd.champion import Nights
from pocketd.desk_records import Bye, Record, TransportStart, TransportStop


class Playing:
    """Holds the lock `playing` from each start of the transport to its stop; the desk's.

    Args:
        nights: The folder of the nights.
    """

    def __init__(self, nights: Nights) -> None:
        self._nights = nights
        self._runs = False
        self._held: BinaryIO | None = None

    def read(self, record: Record) -> None:
        """Follow what the real-time process tells."""
        if isinstance(record, TransportStart):
            self._runs = True
        elif isinstance(record, TransportStop | Bye):
            self._runs = False
        else:
            return
        self.turn()

    def turn(self) -> None:
        """Take the lock where it is wanted and was not free, as while a night looks whether it is."""
        if not self._runs:
            self.close()
        elif self._held is None:
            try:
                self._held = self._nights.hold_playing()
            except PocketError:  # then no night can write there either
                self._runs = False

    def close(self) -> None:
        """Let go."""
        if self._held is not None:
            self._held.close()
            self._held = None
