from __future__ import annotations

import pytest
from benchmarks.morph import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "seq2seq", "--only", "no such"), "no learner has seq2seq and no such in its name"),
        (("--only", "B off", "--picture", "morph.png"), "--picture draws lstm A3 B4"),
    ],
)
def test_a_choice_that_leaves_nothing_is_refused_before_anything_is_learnt(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)

    assert said in capsys.readouterr().err
