"""Another peer of a Link session, in a process of its own.

It begins a session at a tempo, waits for one more peer, starts, changes the tempo after a while, stops, and
prints what it knew as JSON, a line each 10 ms: the machine's monotonic clock, beat, tempo, playing, peers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aalink import Link

QUANTUM = 4.0
ALONE = 20.0  # seconds to wait for somebody
TOLD = 0.01  # seconds
OLDER = 1.0  # seconds; of two sessions that began within half a second of each other Link takes either


async def main(tempo: float, faster: float, seconds: float) -> None:
    link = Link(tempo)
    link.quantum = QUANTUM
    link.start_stop_sync_enabled = True
    link.enabled = True
    await asyncio.sleep(OLDER)
    print("ready", flush=True)
    end = time.perf_counter() + ALONE
    while link.num_peers == 0 and time.perf_counter() < end:
        await asyncio.sleep(TOLD)
    await asyncio.sleep(1.3)  # within a bar
    link.playing = True
    await tell(link, seconds / 2)
    link.tempo = faster
    await tell(link, seconds / 2)
    link.playing = False
    await tell(link, 1.0)
    link.enabled = False


async def tell(link: Link, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        line = {
            "at": time.perf_counter(),
            "beat": link.beat,
            "tempo": link.tempo,
            "playing": link.playing,
            "peers": link.num_peers,
        }
        print(json.dumps(line), flush=True)
        await asyncio.sleep(TOLD)


if __name__ == "__main__":
    asyncio.run(main(*map(float, sys.argv[1:])))
