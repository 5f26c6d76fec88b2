from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pocketd.findings import Finding, Mark, advice, drawn, is_wrong, ok, plain, verdict, wrong

PAGE = [
    ok("clock", "on control"),
    advice("period", "21.3 ms", "use 256 frames"),
    wrong("sent early", "120.0 ms late", "flip the sign"),
]
texts = st.text(max_size=200)
findings = st.builds(Finding, st.sampled_from(Mark), st.sampled_from(["clock", "sent early"]), texts, texts)


def test_the_page_has_a_line_a_check_and_what_to_do_below() -> None:
    assert list(plain(PAGE)) == [
        "ok      clock       on control",
        "advice  period      21.3 ms",
        "                    -> use 256 frames",
        "WRONG   sent early  120.0 ms late",
        "                    -> flip the sign",
        "",
        "3 checks: 1 to mend, 1 that could be better",
    ]


def test_a_terminal_has_it_in_colours() -> None:
    out = io.StringIO()

    Console(file=out, force_terminal=True, width=60, color_system="standard").print(drawn(PAGE))

    text = out.getvalue()
    assert "\x1b[1;31mWRONG" in text
    assert "\x1b[32mok" in text
    assert "→ flip the sign" in text


def test_only_what_is_wrong_is_wrong() -> None:
    assert is_wrong(PAGE)
    assert not is_wrong(PAGE[:2])
    assert verdict(PAGE[:1]) == "1 checks: nothing to mend"


@given(st.lists(findings, min_size=1, max_size=8), st.integers(60, 200))
def test_whatever_was_found_no_letter_moves_the_cursor_and_every_mark_is_there(
    page: list[Finding], width: int
) -> None:
    lines = list(plain(page, width))

    assert all(line.isprintable() for line in lines)
    assert sum(any(line.startswith(mark) for mark in Mark) for line in lines) >= len(page)
