"""Takes read by a Dask cluster that exists: its workers read the store themselves, and send what they found.

Whoever may talk to a Dask scheduler may run anything on its workers, and it on them: a cluster belongs into a
network of its own (https://distributed.dask.org/en/stable/tls.html says how it is closed).
"""

from __future__ import annotations

import logging
import platform
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from distributed import Client, Future
from distributed.comm import get_address_host_port

from pocket_core.errors import PocketError, one_line
from pocket_export.night.make_way import MakeWayError
from pocket_export.night.task import Task, Unread
from pocketd import __version__

LOOK_EVERY = 0.1  # seconds
PATIENCE = 5.0  # seconds that a scheduler may take to answer
LOOK_FOR_WORKERS = 1.0  # seconds
NOBODY = 20.0  # seconds without a worker, and without a take, after which nobody is waited for any more
T = TypeVar("T")
AHEAD = 2  # takes a thread of the cluster's that are asked for at once


class ClusterError(PocketError):
    """A Dask cluster that cannot be used."""


def read_on_cluster(
    tasks: Sequence[Task[T]], address: str, look: Callable[[], None]
) -> Generator[tuple[str, T | Unread]]:
    """Yield takes as they have been read, begun in their order; what still waits is taken back as this ends.

    A take whose worker dies is read by another one; Dask gives it up as it kills several, and it is named.

    Args:
        tasks: To be done.
        address: The scheduler's, such as tcp://studio:8786.
        look: Called ten times a second while takes are read; what it raises ends it all.

    Raises:
        ClusterError: It cannot be reached, has no worker, or a worker has another pocketd.
    """
    with _client(address) as client:
        room = AHEAD * _check(client, address)
        waiting, asked = deque(tasks), dict[str, tuple[Task[T], Future]]()
        done: SimpleQueue[Future] = SimpleQueue()
        last = seen = time.monotonic()  # that there was a worker, that it was asked
        try:
            while waiting or asked:
                while waiting and len(asked) < room:
                    task = waiting.popleft()
                    future = client.compute(task.work)
                    asked[future.key] = task, future
                    future.add_done_callback(done.put)
                with suppress(Empty):
                    task, future = asked.pop(done.get(timeout=LOOK_EVERY).key)
                    found = _answer(task, future, address)
                    last = time.monotonic()
                    yield task.take, found
                look()
                if time.monotonic() - seen > LOOK_FOR_WORKERS:
                    seen = time.monotonic()
                    last = seen if _workers(client) else last
                if time.monotonic() - last > NOBODY:
                    raise ClusterError(
                        f"the cluster at {address} has no worker left; start `dask worker {address}`"
                    )
        finally:
            with suppress(Exception):  # of a cluster that has gone, and has nothing to take back
                client.cancel([future for _, future in asked.values()])


@contextmanager
def _client(address: str) -> Iterator[Client]:
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it has to say we say
    try:
        with socket.create_connection(get_address_host_port(address), PATIENCE):
            pass  # a client that finds nobody takes its time to go
        client = Client(address, timeout=PATIENCE, set_as_default=False, name="pocketd")
    except PocketError:  # a take that begins
        raise
    except Exception as error:  # of many kinds, by what of the address is wrong
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({one_line(error)}); `dask scheduler` starts one"
        ) from error
    try:
        yield client
    finally:
        client.close(PATIENCE)


def _check(client: Client, address: str) -> int:
    """Return how many takes the cluster reads at once.

    Raises:
        ClusterError: None, or not as this pocketd does.
    """
    workers = _workers(client)
    if not workers:
        raise ClusterError(f"the cluster at {address} has no worker; start `dask worker {address}`")
    for worker, said in client.run(_version, on_error="return").items():
        if isinstance(said, ModuleNotFoundError):
            raise ClusterError(
                f"worker {worker} lacks what reads takes ({said}); install pocketd {__version__} there"
            )
        if said != _version():
            raise ClusterError(f"worker {worker} has {said}, here is {_version()}; install the same on all")
    return sum(workers.values())


def _workers(client: Client) -> dict[str, int]:
    """Return the threads of each worker, as the scheduler knows them now."""
    threads: dict[str, int] = client.nthreads()
    return threads


def _version() -> str:
    """Return what has to be the same on a worker, for what they say to be understood."""
    major, minor, _ = platform.python_version_tuple()
    return f"pocketd {__version__} on Python {major}.{minor}"


def _answer(task: Task[T], future: Future, address: str) -> T | Unread:
    if future.status == "cancelled":  # never by us, who no longer ask for it
        raise ClusterError(
            f"the scheduler at {address} has gone; start again, and what it has not read is read then"
        )
    try:
        found: T = future.result()
    except MakeWayError:
        raise
    except Exception as error:  # `read` raises none of its own; Dask tells what befell its workers
        return Unread(task.take, f"no worker could read it: {one_line(error)}")
    return found
