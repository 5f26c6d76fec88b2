"""A generator's files: `NAME.json`, its card, and beside it an ONNX graph or more, checked before they run.

They lie in a folder of their own among the models that ship, for they make drums, and do not time them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pocket_core.errors import ContractError, ModelError, one_line
from pocketd.model_shelf import first_problem, shipped_folder
from pocketd.onnxfile import read_bytes, read_graph, start_session

FORMAT = 1
FOLDER = "generators"
LARGEST_CARD = 2**22  # bytes
_FILE = r"^[^/\\\p{C}]{1,200}\.onnx$"

Kind = Literal["bars", "continue", "pattern", "groove"]
Length = Annotated[int, Field(ge=1, le=2**20)]


class GraphCard(BaseModel):
    """One graph."""

    file: str = Field(pattern=_FILE)  # beside the card
    sha256: str
    inputs: dict[str, list[Length | None]]  # None: of any length
    outputs: dict[str, list[Length | None]]


class GeneratorCard(BaseModel):
    """What the daemon reads of a card; the rest is for people."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    name: str = Field(pattern=r"^\P{C}{1,80}$")
    format: Literal[1]
    kind: Kind
    graphs: dict[str, GraphCard] = Field(min_length=1, max_length=8)
    settings: dict[str, Any] = {}  # what the kind needs to know beside its graphs, such as thresholds


class Graphs:
    """Loaded graphs. One thread at a time.

    Args:
        card: What they are.
        sessions: Of each graph.
    """

    def __init__(self, card: GeneratorCard, sessions: Mapping[str, Any]) -> None:
        self.card = card
        self._sessions = dict(sessions)

    def numbers(self, setting: str, *shape: int | None) -> NDArray[np.float32]:
        """Return numbers of the card's settings, `float32`.

        Args:
            setting: Which.
            shape: What they have to be; None: any length. Nothing: a single number.

        Raises:
            ContractError: They are missing, not finite or of another shape.
        """
        try:
            array = np.array(self.card.settings[setting], np.float32)
        except (KeyError, TypeError, ValueError):
            array = np.array(np.nan, np.float32)
        fits = len(array.shape) == len(shape) and all(
            n in (None, m) for n, m in zip(shape, array.shape, strict=True)
        )
        if not fits or not np.isfinite(array).all():
            raise ContractError(
                f"generator {self.card.name} says {setting} otherwise than this build wants it; "
                f"run `pocketd pretrain --model {self.card.kind}` again"
            )
        return array

    def told(self, settings: Mapping[str, Any]) -> Graphs:
        """Return the same graphs with other settings."""
        return Graphs(self.card.model_copy(update={"settings": dict(settings)}), self._sessions)

    def run(self, graph: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs of a graph by name.

        Args:
            graph: Which.
            inputs: `float32`, of the shapes that the card names.

        Raises:
            ModelError: There is none, it fails, or says NaN or infinity.
        """
        if graph not in self._sessions:
            raise ContractError(
                f"generator {self.card.name} has no graph {graph}; "
                f"run `pocketd pretrain --model {self.card.kind}` again"
            )
        names = list(self.card.graphs[graph].outputs)
        try:
            said = self._sessions[graph].run(names, inputs)
        except Exception as error:  # its exceptions share no other base
            raise ModelError(f"generator {self.card.name}: {graph} failed: {one_line(error)}") from None
        if not all(np.isfinite(array).all() for array in said):
            raise ModelError(f"generator {self.card.name}: {graph} gave NaN or infinity; train it again")
        return dict(zip(names, said, strict=True))


def generator_folder() -> Path:
    """Return where the generators lie that ship."""
    return shipped_folder() / FOLDER


def load_graphs(kind: Kind, card: Path | None = None) -> Graphs:
    """Load a generator's graphs.

    Args:
        kind: Which kind it has to be.
        card: Its card, `NAME.json`; None: that which ships.

    Raises:
        ModelError: Missing, damaged or not runnable.
        ContractError: Of another kind, or its graphs have other shapes than the card says.
    """
    path = card or generator_folder() / f"{kind}.json"
    try:
        read = GeneratorCard.model_validate_json(read_bytes(path, LARGEST_CARD))
    except ValidationError as error:
        raise ModelError(f"{path}: {first_problem(error)}; run `pocketd pretrain` again") from None
    if read.kind != kind:
        raise ContractError(f"{path}: makes {read.kind}, asked is {kind}; name another card")
    sessions = {}
    for name, graph in read.graphs.items():
        file = path.with_name(graph.file)
        sessions[name] = start_session(
            file, read_graph(file, graph.sha256), {**graph.inputs, **graph.outputs}
        )
    return Graphs(read, sessions)
