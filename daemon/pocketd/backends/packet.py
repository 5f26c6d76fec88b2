"""One message out of a packet of a MIDI system that promises one message a packet."""

from __future__ import annotations

from collections.abc import Sequence

_CHANNEL = (3, 3, 3, 3, 2, 2, 3)  # bytes of 8n, 9n, An, Bn, Cn, Dn and En
_COMMON = {0xF1: 2, 0xF2: 3, 0xF3: 2}  # F0 is as long as its packet; all others are a byte


def first_message(packet: Sequence[int]) -> bytes:
    """Return the message that a packet begins with; what follows it was never meant to be sent.

    Hydrogen 1.2 over JACK declares its very first event up to 255 bytes long and lets its memory follow, with
    notes in it that come again as they should.
    """
    status = packet[0] if packet else 0
    if status < 0x80 or status == 0xF0:
        return bytes(packet)
    length = _CHANNEL[(status >> 4) - 8] if status < 0xF0 else _COMMON.get(status, 1)
    return bytes(packet[:length])
