"""What every network is to training, export and evaluation: one step after another, state in and out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

State = tuple[Tensor, ...]  # each (layers, B, hidden)
Product = tuple[Tensor, Tensor]  # weight (inputs, outputs) and bias (outputs,) of `x @ weight + bias`


class Network(nn.Module):
    """A network that predicts steps.

    Attributes:
        hears: It takes a step for each onset without a drum.
        follows_itself: Its input has `diff`, which is against its own forecasts.
        outputs: How many of `pocket_core.predict.OUTPUTS` it gives.
        state_names: What the exported step calls the parts of its state.
        context: How many columns it adds to the features once it has read the score; 0: it reads none.
    """

    hears: bool
    follows_itself: bool
    outputs: int
    state_names: tuple[str, ...]
    context: int = 0

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Return the state at the start of a take."""

    @abstractmethod
    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predict whole sequences at once.

        Args:
            x: float32 (B, T, F + context), features; `diff` filled in where the network follows itself.
            state: From the step before; None at the start of a take.

        Returns:
            Predictions (B, T, outputs) in seconds and shares, and the state after the last step.
        """

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one step: `forward` of a single step without dropout, by the cell's equations.

        Args:
            x: float32 (B, F + context).
            state: From the step before.

        Returns:
            Predictions (B, outputs) and the next state.
        """

    def encode(self, score: Tensor, lengths: Sequence[int] | None = None) -> Tensor:  # noqa: ARG002
        """Read whole scores.

        Args:
            score: float32 (B, T, SCORE_WIDTH), as `pocket_core.score_features` has it.
            lengths: Of each sequence, at least 1; None: all are T long.

        Returns:
            What is to stand behind each timestep's features, (B, T, context); beyond a sequence's length it
            means nothing.
        """
        return score[..., :0]

    @abstractmethod
    def adopt(self, step: Sequence[Product], encoder: Sequence[Tensor] = ()) -> None:
        """Take over the weights of an exported model, the reverse of `one_step`.

        Args:
            step: The matrix products of the exported step, in its order.
            encoder: The tensors of the exported encoder, in its order, where there is one.

        Raises:
            ValueError: They are not those of such a network.
        """

    def one_step(self) -> nn.Module:
        """Return what is exported, for a batch of one: `(x, *state)` in, `(predictions, *state)` out.

        Where the network reads the score, `(x, context, *state)` in.
        """
        return OneStep(self)


class OneStep(nn.Module):
    """A network's step with a flat list of tensors, as ONNX has it."""

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Return the predictions (1, outputs) and the next state."""
        said, after = self.net.step(x, state)
        return said, *after


class Reader(nn.Module):
    """A network's encoder as ONNX has it: one whole score."""

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net

    def forward(self, score: Tensor) -> Tensor:
        """Return (T, context) of a score (T, SCORE_WIDTH)."""
        return self.net.encode(score[None])[0]
