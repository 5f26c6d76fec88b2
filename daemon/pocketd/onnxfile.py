"""An .onnx file that may be trusted: whole, of its card, and of the shapes that the card says."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ContractError, ModelError, one_line

LARGEST = 64 * 2**20  # bytes of an .onnx file

#: A string entry called "location", as ONNX writes it where weights lie in another file.
_EXTERNAL = b"\x0a\x08location\x12"

Shapes = Mapping[str, Sequence[int | None]]  # None: any length


def read_bytes(path: Path, largest: int) -> bytes:
    """Return what a file of a model holds.

    Raises:
        ModelError: It cannot be read, or is too large to be one.
    """
    try:
        if stat.S_ISFIFO(path.stat().st_mode):
            raise ModelError(f"{path}: is a pipe, which may never end; a model is an .onnx and a .json")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read: {error.strerror}; a model is an .onnx and beside it its card, a .json"
        ) from None
    if len(data) > largest:
        raise ModelError(f"{path}: larger than {largest // 2**20} MiB; this is no model of pocketd's")
    return data


def read_graph(path: Path, sha256: str) -> bytes:
    """Return the bytes of an .onnx file whose digest its card knows.

    Raises:
        ModelError: It cannot be read, is another file than the card's, or is not whole.
    """
    data = read_bytes(path, LARGEST)
    if (digest := hashlib.sha256(data).hexdigest()) != sha256:
        raise ModelError(
            f"{path}: sha256 is {digest[:12]}…, its card says {sha256[:12]}…; "
            "the file is damaged or of another card, copy or export both again"
        )
    if _EXTERNAL in data:
        raise ModelError(f"{path}: keeps weights in another file; export it as one file")
    return data


def start_session(path: Path, data: bytes, wanted: Shapes) -> Any:
    """Start ONNX Runtime on one thread that never spins, and compare the graph with its card.

    Args:
        path: For the messages.
        data: Of the file.
        wanted: All inputs and outputs.

    Raises:
        ModelError: ONNX Runtime will not have it.
        ContractError: Its inputs and outputs are not those wanted.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise ModelError(
            f"{path}: ONNX Runtime cannot be loaded: {one_line(error)}; install pocketd again"
        ) from None
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # faults are told by exceptions, not printed
    try:
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no other base
        raise ModelError(f"{path}: ONNX Runtime refuses it: {one_line(error)}; export it again") from None
    ends = (*session.get_inputs(), *session.get_outputs())
    found = {end.name: [n if isinstance(n, int) else None for n in end.shape] for end in ends}
    kinds = {end.type for end in ends}
    if found != {name: list(shape) for name, shape in wanted.items()} or kinds != {"tensor(float)"}:
        raise ContractError(
            f"{path}: its graph has {_shapes(found)} of {' and '.join(sorted(kinds))}, "
            f"its card says {_shapes(wanted)} of tensor(float); export it again"
        )
    return session


class Bound:
    """A graph that reads and writes arrays of its own; one thread at a time.

    Over handing arrays to the session and taking others from it, it saves a sixth of a call that comes after
    a pause.

    Args:
        session: Of the graph; it has no other inputs and outputs.
        inputs: Name and shape of each, none of them of any length.
        outputs: Likewise.
    """

    def __init__(self, session: Any, inputs: Shapes, outputs: Shapes) -> None:
        self.inputs = _arrays(inputs)
        self.outputs = _arrays(outputs)
        self._binding = session.io_binding()
        for arrays, bind in (
            (self.inputs, self._binding.bind_input),
            (self.outputs, self._binding.bind_output),
        ):
            for name, array in arrays.items():
                bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        self._session = session

    def run(self) -> None:
        """Make the outputs of the inputs. Raises what ONNX Runtime raises."""
        self._session.run_with_iobinding(self._binding)


def _arrays(shapes: Shapes) -> dict[str, NDArray[np.float32]]:
    return {name: np.zeros([n or 1 for n in shape], np.float32) for name, shape in shapes.items()}


def _shapes(tensors: Shapes) -> str:
    named = sorted(tensors.items())
    return ", ".join(f"{name}[{', '.join('T' if n is None else str(n) for n in of)}]" for name, of in named)
