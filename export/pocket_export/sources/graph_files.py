"""From a trained generator to its files: graphs, each compared with its network, then a card and a page.

Contract (`pocketd.generators.graphs`): `NAME.json` names the kind, the graphs with file, digest and shapes,
and the settings that the kind needs; every input and output is `float32`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_export.onnx_export import OPSET
from pocket_export.parity import TOLERANCE, ParityError
from pocket_export.sources.order import Round
from pocketd.generators.graphs import FORMAT
from pocketd.wholefile import write_together

Shape = tuple[int | None, ...]  # None: of any length


@dataclass(frozen=True, slots=True)
class Graph:
    """A network as a graph of its own.

    The module takes its inputs in this order, and returns a tensor, or a tuple in the order of outputs.
    """

    name: str  # such as encoder; the file is MODEL.NAME.onnx
    module: nn.Module
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Exported:
    """A graph as bytes, and how far it is from its network."""

    graph: Graph
    content: bytes
    apart: float  # the largest difference; beyond 1 as a share of the size


@dataclass(frozen=True, slots=True)
class SourceCard:
    """What a generator ships with."""

    name: str
    kind: str  # bars, continue, pattern or groove
    title: str  # what it is, one sentence
    licence: str  # of the data
    data: str
    contents_sha256: str  # of all that it has learnt from, in words where there are several
    command: str
    seed: int
    commit: str
    wall_seconds: float
    figures: Mapping[str, float]  # on validation; a unit in each key
    settings: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT


def export_graph(graph: Graph, tries: Sequence[Mapping[str, NDArray[np.float32]]]) -> Exported:
    """Return a graph as ONNX, compared with its network on real inputs.

    Args:
        graph: On the CPU.
        tries: What to compare on, one at least; the first is what is traced.

    Raises:
        ParityError: They differ by more than 1e-5 somewhere.
    """
    graph.module.eval()
    content, first = io.BytesIO(), tries[0]
    free = {
        name: {axis: f"{name}_{axis}" for axis, length in enumerate(shape) if length is None}
        for name, shape in {**graph.inputs, **graph.outputs}.items()
    }
    with _spelt_out(), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's, of shapes that are what they are
        torch.onnx.export(
            graph.module,
            tuple(torch.from_numpy(first[name]) for name in graph.inputs),
            content,  # type: ignore[arg-type]  # a file object is fine for the legacy exporter
            dynamo=False,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: axes for name, axes in free.items() if axes},
        )
    onnx.checker.check_model(onnx.load_from_string(content.getvalue()), full_check=True)
    apart = max(_apart(graph, content.getvalue(), inputs) for inputs in tries)
    if not apart <= TOLERANCE:  # NaN is no parity
        raise ParityError(
            f"graph {graph.name} is off its network by {apart:.1e}, allowed is {TOLERANCE:.0e}; "
            "export it again"
        )
    return Exported(graph, content.getvalue(), apart)


def write_source(
    folder: Path, card: SourceCard, exported: Sequence[Exported], history: Sequence[Round] = ()
) -> Path:
    """Write graphs, card, page and history, or leave all that was there. Returns the path of the card.

    Raises:
        PocketError: One of them cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {each.graph.name: each for each in exported}
    files = {folder / _file(card.name, name): each.content for name, each in graphs.items()}
    said = {
        **{key: value for key, value in asdict(card).items() if value not in ((), {})},
        "graphs": {
            name: {
                "file": _file(card.name, name),
                "sha256": hashlib.sha256(each.content).hexdigest(),
                "inputs": {key: list(shape) for key, shape in each.graph.inputs.items()},
                "outputs": {key: list(shape) for key, shape in each.graph.outputs.items()},
            }
            for name, each in graphs.items()
        },
    }
    said["figures"] = {
        **{f"parity_{name}": float(f"{each.apart:.3g}") for name, each in graphs.items()},
        **{key: round(float(value), 9) for key, value in card.figures.items()},
    }
    if history:
        files[folder / f"{card.name}.history.csv"] = _history(history)
    write_together({**files, **_written(folder / f"{card.name}.json", said)})
    return folder / f"{card.name}.json"


def page(said: Mapping[str, Any]) -> str:
    """Return a card as Markdown."""
    graphs = "\n".join(
        f"| {name} | `{g['file']}`, sha256 `{g['sha256'][:16]}…`: {_ends(g['inputs'])} to "
        f"{_ends(g['outputs'])} |"
        for name, g in said["graphs"].items()
    )
    figures = "\n".join(f"| `{key}` | {value:.7g} |" for key, value in said["figures"].items())
    return f"""# {said["name"]}

{said["title"]}

| | |
|---|---|
| kind | {said["kind"]} |
| data | {said["data"]} |
| licence of the data | {said["licence"]} |
| sha256 of its contents | `{said["contents_sha256"]}` |
{graphs}
| made by | `{said["command"]}`, seed {said["seed"]}, commit `{said["commit"]}` |
| training took | {said["wall_seconds"]:.0f} s |

| figure | value |
|---|---|
{figures}

Figures of the validation split choose the weights, so they flatter.
"""


def _written(card: Path, said: Mapping[str, Any]) -> dict[Path, bytes]:
    return {
        card: (json.dumps(said, indent=2) + "\n").encode(),
        card.with_suffix(".md"): page(said).encode(),
    }


def _file(name: str, graph: str) -> str:
    return f"{name}.{graph}.onnx"


def _ends(tensors: Mapping[str, Sequence[int | None]]) -> str:
    return ", ".join(
        f"`{name}` [{', '.join('T' if n is None else str(n) for n in shape)}]"
        for name, shape in tensors.items()
    )


def _history(history: Sequence[Round]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", "figure", "seconds"])
    for r in history:
        writer.writerow([r.number, f"{r.loss:.5f}", f"{r.figure:.5f}", f"{r.seconds:.1f}"])
    return text.getvalue().encode()


@contextmanager
def _spelt_out() -> Iterator[None]:
    """Keep transformers from a fused operator that ONNX does not have."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def _apart(graph: Graph, content: bytes, inputs: Mapping[str, NDArray[np.float32]]) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    found = session.run(list(graph.outputs), dict(inputs))
    with torch.no_grad():
        said = graph.module(*(torch.from_numpy(inputs[name]) for name in graph.inputs))
    wanted = (said,) if isinstance(said, Tensor) else said
    return max(
        float((np.abs(a - b.numpy()) / np.maximum(np.abs(b.numpy()), 1.0)).max())
        for a, b in zip(found, wanted, strict=True)
    )
