"""What a network learns from: one duet as arrays, as `dataset` prepares it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.features import COLUMNS, HABITS, LONGEST, PAPER
from pocket_core.score_features import OWN_COLUMNS, OWN_WIDTH, SCORE_WIDTH, surroundings
from pocket_core.score_features import TO_NEXT as SCORE_TO_NEXT
from pocket_core.voices import VOICES
from pocket_export.duets import Limbs
from pocket_export.recordings import Performance

SINCE_PREVIOUS, TO_NEXT, TO_NEXT_KNOWN = (
    COLUMNS.index(name) for name in ("since previous", "to next", "to next known")
)
_OF_SCORE = [COLUMNS.index(name) for name in OWN_COLUMNS]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One duet as arrays, a row a step of the model; offsets in seconds, positive is late."""

    source: Performance
    musician: Limbs
    x: NDArray[np.float32]  # (T, WIDTH) features, but `diff` is 0: it is against the network's own forecast
    beats: NDArray[np.float64]  # (T,) position in the song, quarter notes
    drums: NDArray[np.bool_]  # (T,) a timestep of the drums; else an onset of the musician without a drum
    link: NDArray[np.int32]  # (T,) which of the drums' timesteps has the newest `diff` known; -1: none
    human: NDArray[np.float32]  # (T,) onset that the aligner gave the timestep against nominal, or NaN
    own: NDArray[np.float32]  # (T,) the drummer's own offset; NaN where there is no drum or it is not known
    meets: NDArray[np.float32]  # (T,) the musician's offset that belongs there, or NaN; see `dataset.prepare`
    strokes: NDArray[np.float32]  # (T, 9) each voice's own offset, or NaN
    velocities: NDArray[np.float32]  # (T, 9) 0..1, 0 where the voice is not struck
    taught: NDArray[np.bool_] | None = None  # (T,) rows that anything is learnt from; None: all

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.link)

    @property
    def score(self) -> NDArray[np.float32]:
        """What the score alone tells, (T, SCORE_WIDTH); zeros where there is no drum."""
        rows, at = np.zeros((len(self), SCORE_WIDTH), np.float32), np.flatnonzero(self.drums)
        if not len(at):
            return rows
        rows[at, :OWN_WIDTH] = self.x[at][:, _OF_SCORE]
        rows[at, OWN_WIDTH:] = surroundings(self.beats[at], self.x[at, : len(VOICES)])
        to_next = np.diff(self.beats[at], append=np.inf) * 60.0 / self.source.bpm
        rows[at, SCORE_TO_NEXT] = np.minimum(to_next, LONGEST)
        return rows

    def deaf(self) -> Lesson:
        """Return the timesteps of the drums alone, as a model sees them that takes no step to hear."""
        if self.drums.all():
            return self
        return self.rows(np.flatnonzero(self.drums))

    def between(self, start: float, stop: float) -> Lesson:
        """Return the timesteps of some beats, of drums that nobody plays to, and all that they know."""
        return self.rows(np.flatnonzero((self.beats >= start - 1e-9) & (self.beats < stop - 1e-9)))

    def alone(self) -> Lesson:
        """Return drums that nobody plays to as if there were nothing else, and of a drummer not known."""
        x = self.x.copy()
        x[:, HABITS:] = 0.0
        x[:1, SINCE_PREVIOUS], x[:1, PAPER] = LONGEST, 1.0
        x[-1:, TO_NEXT : TO_NEXT_KNOWN + 1] = 0.0
        return replace(self, x=x)

    def rows(self, which: NDArray[np.int64]) -> Lesson:
        """Return some of the steps."""
        names = ("x", "beats", "drums", "link", "human", "own", "meets", "strokes", "velocities")
        taught = None if self.taught is None else self.taught[which]
        return replace(self, taught=taught, **{name: getattr(self, name)[which] for name in names})
