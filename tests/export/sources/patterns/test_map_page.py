from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pocket_export.sources.patterns.map_content import MapContent
from pocket_export.sources.patterns.map_page import FOLDER, PROGRAM, as_json, page_of
from tests.export.sources.patterns.map_data import ring, small

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)><!--{{data}}'\"&\u2028"


class Page(HTMLParser):
    """The page as a browser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within:
            self.texts[self._within][-1] += data

    @property
    def data(self) -> dict[str, object]:
        read = json.loads(self.texts["script"][0])
        assert isinstance(read, dict)
        return read

    @property
    def policy(self) -> str:
        said = next(a["content"] for t, a in self.tags if a.get("http-equiv") == "Content-Security-Policy")
        assert said is not None
        return said


def page(content: MapContent) -> Page:
    return Page(page_of(content, ring(len(content.patterns)), "t-SNE"))


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_page_holds_all_that_it_was_made_of() -> None:
    content = small()

    data = page(content).data

    assert data["names"] == list(content.names)
    assert data["licences"] == ["CC0"]
    patterns = np.frombuffer(base64.b64decode(str(data["patterns"])), "<u2").reshape(-1, 32)
    codes = np.frombuffer(base64.b64decode(str(data["codes"])), "<f4").reshape(-1, 4)
    assert (patterns == content.patterns).all()
    assert (codes == content.codes).all()


def test_the_same_content_gives_the_same_page() -> None:
    assert page_of(small(), ring(), "t-SNE") == page_of(small(), ring(), "t-SNE")


def test_the_policy_lets_the_page_run_its_own_program_and_nothing_else() -> None:
    made = page(small())

    assert made.policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest(made.texts['script'][1])}'" in made.policy
    assert f"style-src 'sha256-{digest(made.texts['style'][0])}'" in made.policy
    assert "unsafe" not in made.policy


def test_nothing_on_the_page_is_fetched_from_anywhere() -> None:
    made = page(small())

    sources = [a[key] for _, a in made.tags for key in ("src", "href", "action") if key in a]
    assert [str(source).partition(":")[0] for source in sources] == ["data"]
    assert not re.search(r"@import|url\(", made.texts["style"][0])


def test_names_that_look_like_html_stay_names() -> None:
    content = small(title=EVIL, genre=EVIL, name=EVIL, licence=EVIL)

    made, plain = page(content), page(small())

    assert [tag for tag, _ in made.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(a) for _, a in made.tags] == [sorted(a) for _, a in plain.tags]
    assert made.data["names"] == list(content.names)
    assert made.data["genres"][1]["name"] in {EVIL, "jazz"}  # type: ignore[index]
    assert made.texts["script"][1] == plain.texts["script"][1]


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_json_in_the_page_comes_back_and_holds_no_sign_of_html(value: object) -> None:
    text = as_json(value)

    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_the_program_could_end_no_block_and_writes_no_html() -> None:
    program = "".join((FOLDER / name).read_text() for name in PROGRAM)

    assert not re.search(
        r"</script|<!--|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", program
    )


def test_every_file_of_the_page_is_used() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*PROGRAM, "map.html", "map.css"}
