from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.phrases.settling import Settling, settling_of
from pocket_core.phrases.steps import SYMBOLS

BARE = np.zeros((1, SYMBOLS), np.float32)  # a network that knows nothing


def _chain(at_bar: float = 0.5, at_beat: float = 0.0) -> Settling:
    """Return a chain of a network, the beat a bar before and the bar before, which it goes to so often."""
    return Settling(
        heats=(1.0,),
        beats=(1,),
        bars=(1,),
        begin=np.array([1.0, 0.0, 0.0]),
        at_bar=np.array([[1 - at_bar, 0.0, at_bar]] * 3),
        at_beat=np.array([[1 - at_beat, at_beat, 0.0], [1 - at_beat, at_beat, 0.0], [0.0, 0.0, 1.0]]),
    )


def _nats(chain: Settling, symbols: list[int]) -> np.ndarray:
    known = np.array(symbols)
    return chain.read(known, np.repeat(BARE, len(known) - 1, 0))[0]


BAR = [7, 0, 4, 0] * 4


def test_a_bar_that_comes_again_is_soon_certain() -> None:
    nats = _nats(_chain(), BAR * 2)

    assert nats[:15] == pytest.approx(np.log(SYMBOLS))  # of the first bar
    assert nats[15] == pytest.approx(-np.log(0.5 + 0.5 / SYMBOLS))
    assert nats[16:].max() < 0.005


def test_a_copy_that_fails_is_dropped_until_the_next_bar() -> None:
    other = [*BAR[:4], 1, *BAR[5:]]

    nats = _nats(_chain(), [*BAR, *other, *other])

    assert nats[19] > np.log(SYMBOLS)  # it was nearly certain of something else
    assert nats[20:31] == pytest.approx(np.log(SYMBOLS))
    assert nats[31] < 1.0


def test_a_beat_can_be_copied_within_a_bar() -> None:
    other = [1, 2, 3, 1, *BAR[4:]]

    nats = _nats(_chain(at_bar=0.0, at_beat=0.5), [*BAR, *other])

    assert nats[15:19] == pytest.approx(np.log(SYMBOLS))
    assert nats[19] == pytest.approx(-np.log(0.5 + 0.5 / SYMBOLS))


def test_what_was_never_played_is_not_copied() -> None:
    weights = _chain().onward(np.array([1.0, 0.0, 0.0]), 16, np.array(BAR[1:]))

    assert weights.tolist() == [1.0, 0.0, 0.0]


def test_a_silent_bar_is_not_copied_and_one_with_a_single_stroke_is() -> None:
    after = [
        _chain().onward(np.array([[1.0, 0.0, 0.0]]), 32, np.array([[*BAR, *bar]]))[0].tolist()
        for bar in ([0] * 16, [0] * 15 + [1])
    ]

    assert after == [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]


def test_bars_begin_where_the_song_says() -> None:
    known = np.array(BAR * 2)

    nats, _ = _chain().read(known, np.repeat(BARE, len(known) - 1, 0), position=8)

    assert nats[:16].tolist() == pytest.approx([np.log(SYMBOLS)] * 16)  # the bar begins at the ninth step
    assert nats[23] < 1.0


def test_more_copies_of_bars_leave_copies_of_beats_and_heats_as_they_are_to_each_other() -> None:
    chain = _chain(at_bar=0.2).more(4.0)

    assert chain.at_bar[0].tolist() == pytest.approx([0.5, 0.0, 0.5])
    assert (chain.at_beat == _chain(at_bar=0.2).at_beat).all()


def test_a_hotter_network_is_less_sure() -> None:
    sure = BARE.copy()
    sure[0, 5] = 4.0
    chain = Settling((1.0, 2.0), (), (), np.eye(2)[0], np.eye(2), np.eye(2))

    cold, hot = (chain.chances(np.eye(2)[[n]], sure, np.array([[1]]))[0, 5] for n in (0, 1))

    assert cold == pytest.approx(4 - np.log(np.exp(4) + SYMBOLS - 1))
    assert hot == pytest.approx(2 - np.log(np.exp(2) + SYMBOLS - 1))


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=17, max_size=40),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.integers(0, 99),
)
def test_what_is_said_step_by_step_is_what_is_read(
    symbols: list[int], at_bar: float, at_beat: float, position: int
) -> None:
    chain, known = _chain(at_bar, at_beat), np.array(symbols)
    logits = np.random.default_rng(position).normal(size=(len(known) - 1, SYMBOLS)).astype(np.float32)
    weights, said = chain.begin[None], []
    for n in range(1, len(known)):
        weights = chain.onward(weights, position + n, known[None, :n])
        chances = chain.chances(weights, logits[[n - 1]], known[None, :n])
        said.append(-chances[0, known[n]])
        weights = chain.after(weights, logits[[n - 1]], known[None, :n], known[[n]])

    nats, last = chain.read(known, logits, position)

    assert np.exp(chances).sum() == pytest.approx(1.0)
    assert nats == pytest.approx(said, abs=1e-6)
    assert last == pytest.approx(weights[0], abs=1e-6)


def test_a_card_tells_all_of_it() -> None:
    chain = _chain(0.25, 0.125)

    again = settling_of(chain.told())

    assert (again.heats, again.beats, again.bars) == (chain.heats, chain.beats, chain.bars)
    assert (again.at_bar == chain.at_bar).all()
    assert (again.at_beat == chain.at_beat).all()


@pytest.mark.parametrize("broken", [{"at_bar": [[1.0]]}, {"heats": []}, {"begin": None}])
def test_a_card_that_tells_no_chain_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="chain"):
        settling_of({**_chain().told(), **broken})
