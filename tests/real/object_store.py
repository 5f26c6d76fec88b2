"""An S3-style store on this machine: moto's server, over real HTTP, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

#: Serves until nobody reads what it says any more, and says where first.
SERVER = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def object_store() -> Iterator[str]:
    """Run a store for a while; yields where it is."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def environment(endpoint: str) -> dict[str, str]:
    """Return what tells boto, and so s3fs, of the store and of who asks."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def upload(root: Path, bucket: str) -> None:
    """Put a folder of takes into a bucket, made for it; the environment says where."""
    system = fsspec.filesystem("s3")
    system.mkdir(bucket)
    system.put(f"{root}/", f"{bucket}/takes/", recursive=True)
