"""The map of patterns in Chromium: seen, heard, morphed, shared and sent."""

from __future__ import annotations

import base64
import io
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.patterns import pattern_of, phrase_of_pattern
from pocket_core.types import Beats, Seconds
from pocket_export.sources.patterns.map_content import decode
from pocket_export.sources.patterns.map_page import INSTRUMENTS, page_of
from pocket_export.sources.patterns.map_read import read_content, read_patterns
from pocket_export.sources.patterns.map_server import MapServer, deliver
from pocketd.config import Config
from pocketd.generators.graphs import generator_folder, load_graphs
from pocketd.generators.pattern import Pattern
from pocketd.standing_keeper import StandingKeeper
from pocketd.wishes import read_wish
from tests.daemon.take_story import hello
from tests.daemon.test_standing import VITALS
from tests.export.sources.patterns.map_data import COUNT, ring, small
from tests.real.map_browser import MapPage, chromium

pytestmark = pytest.mark.real
CONTENT = small()
HTML = page_of(CONTENT, ring(), "t-SNE")
EVIL = "<script>document.title='evil'</script><img src=x onerror=alert(1)>"
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NAMELESS = 1 << 9  # an instrument that no note means
BETWEEN = """([pairs, shares]) => pairs.map(([a, b], n) => {
  const point = i => ({ pattern: pocket.data.pattern(i), code: pocket.data.code(i) });
  const likely = pocket.decoder.between(point(a), point(b), shares[n]);
  return Array.from(pocket.struck(likely, pocket.data.threshold));
})"""
RENDER = """async bit => {
  const context = new OfflineAudioContext(1, 44100 * 3, 44100);
  new pocket.Drums(context, context.destination).strike(1 << bit, 0.01, 1);
  const bytes = new Uint8Array((await context.startRendering()).getChannelData(0).buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[MapPage]:
    """Open the map as a file; nothing may leave it, and nothing be complained of."""
    path = tmp_path / "map.html"
    path.write_text(HTML)
    opened = MapPage(browser, path.as_uri())
    yield opened
    opened.context.close()

    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "blob:"))] == []


def heard(page: MapPage) -> int:
    """Wait for strokes to be handed to the audio clock, and return how many were."""
    page.tab.wait_for_function("() => pocket.player.scheduled > 0")
    count: int = page.tab.evaluate("() => pocket.player.scheduled")
    return count


def test_a_click_on_a_point_shows_its_pattern_and_plays_it(page: MapPage) -> None:
    page.click(7)

    assert heard(page) > 0
    assert page.tab.evaluate("() => pocket.player.context.state") == "running"
    assert page.text("name") == "folder/file 7.mid"
    expected = CONTENT.patterns[7]
    shown = page.seen()
    for bit, (name, _) in enumerate(INSTRUMENTS):
        if name in shown:
            assert shown[name] == [int(step) >> bit & 1 for step in expected]
    assert len(shown) == 13


def test_the_play_head_goes_on_with_the_audio_clock_until_stop(page: MapPage) -> None:
    page.click(7)
    page.tab.wait_for_function("() => pocket.player.heard() > 2 && document.querySelector('span.now')")

    page.tab.click("#play")

    assert page.tab.get_attribute("#play", "aria-pressed") == "false"
    assert page.tab.evaluate("() => document.querySelectorAll('span.now').length") == 0
    assert not page.tab.evaluate("() => pocket.player.playing")


def test_the_decoder_of_the_page_says_what_numpy_says(page: MapPage) -> None:
    codes = np.random.default_rng(1).normal(0, 3, (50, 4)).astype(np.float32)

    said = page.tab.evaluate(
        "codes => codes.map(code => Array.from(pocket.decoder.run(code)))", codes.tolist()
    )

    np.testing.assert_allclose(said, decode(CONTENT.decoder, codes), atol=1e-12)


def test_a_drag_from_point_to_point_morphs_and_both_ends_are_exact(page: MapPage) -> None:
    page.drag(3, 20)

    assert page.pattern() == CONTENT.patterns[3].tolist()
    page.slide("amount", 1)
    assert page.pattern() == CONTENT.patterns[20].tolist()
    assert heard(page) > 0


def test_what_lies_between_two_points_is_what_the_source_plays_there(browser: Any, tmp_path: Path) -> None:
    table = tmp_path / "patterns.tsv"
    lines = (generator_folder() / "pattern.tsv").read_text().splitlines()
    table.write_text("\n".join([lines[0], *lines[1::50]]) + "\n")
    content = read_content(read_patterns(table), None, "Those that ship")
    path = tmp_path / "map.html"
    path.write_text(page_of(content, ring(len(content.patterns)), "t-SNE"))
    page = MapPage(browser, path.as_uri())
    source, kit = Pattern(load_graphs("pattern"), Kit()), Kit()
    chance = np.random.default_rng(1)
    pairs = [tuple(map(int, chance.choice(len(content.patterns), 2, replace=False))) for _ in range(40)]
    shares = [round(share, 2) for share in chance.random(40).tolist()]

    shown = page.tab.evaluate(BETWEEN, [pairs, shares])

    for (a, b), share, steps in zip(pairs, shares, shown, strict=True):
        ends = [phrase_of_pattern(tuple(content.patterns[n].tolist()), kit) for n in (a, b)]
        knobs = Knobs(temperature=0.0, morph=share)
        ask = Ask(Beats(0.0), Beats(8.0), start=ends[0], goal=ends[1], knobs=knobs)
        assert pattern_of(source.phrase(ask), kit) == tuple(step & ~NAMELESS for step in steps)
    assert page.complaints == []
    page.context.close()


def test_a_drag_that_ends_nowhere_leaves_what_was(page: MapPage) -> None:
    page.click(5)
    x, y = page.where(3)

    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    page.tab.mouse.move(*(np.array(page.where(33)) + np.array((x, y))) / 2)
    page.tab.mouse.up()

    assert page.tab.evaluate("() => [pocket.state.from.index, pocket.state.to]") == [5, None]


def test_keys_alone_go_from_pattern_to_pattern_morph_and_play(page: MapPage) -> None:
    page.click(30)  # the leftmost of the ring
    page.tab.focus("#map")

    page.tab.keyboard.press("m")
    page.tab.keyboard.press("ArrowRight")

    came, went = page.tab.evaluate("() => [pocket.state.from.index, pocket.state.to.index]")
    assert came == 30
    assert ring()[went][0] > ring()[30][0]
    assert "folder/file" in page.text("said")
    page.tab.keyboard.press("Escape")
    assert page.tab.evaluate("() => pocket.state.to") is None
    page.tab.keyboard.press(" ")
    assert not page.tab.evaluate("() => pocket.player.playing")


def test_a_pattern_by_chance_is_lively_and_none_that_was_trained_on(page: MapPage) -> None:
    page.tab.click("#surprise")

    pattern = page.pattern()
    counts = np.unique(pattern, return_counts=True)[1] / 32
    assert -(counts * np.log2(counts)).sum() >= 1.30
    turned = {tuple(np.roll(pattern, by)) for by in range(32)}
    assert not turned & {tuple(known) for known in CONTENT.patterns.tolist()}
    assert heard(page) > 0


def test_the_filter_knows_a_pattern_however_it_is_turned(page: MapPage) -> None:
    passes = "steps => pocket.filter.passes(Uint16Array.from(steps))"
    known = CONTENT.patterns[4]
    other = known.copy()
    other[3] ^= 1

    assert not any(page.tab.evaluate(passes, np.roll(known, by).tolist()) for by in (0, 1, 17))
    assert page.tab.evaluate(passes, other.tolist())
    assert not page.tab.evaluate(passes, [5, 0] * 16)  # one bit of entropy


def test_a_hidden_genre_can_be_neither_seen_nor_clicked(page: MapPage) -> None:
    rock = [i for i in range(COUNT) if CONTENT.genres[i] == "rock"]

    page.tab.click("#legend .chip:has-text('rock')")

    assert page.tab.get_attribute("#legend .chip:has-text('rock')", "aria-pressed") == "false"
    page.click(rock[0])
    assert page.tab.evaluate("() => pocket.state.from?.index ?? null") not in rock


def test_the_wheel_makes_the_map_larger_under_the_mouse(page: MapPage) -> None:
    before = page.where(10)

    page.tab.mouse.move(*before)
    page.tab.mouse.wheel(0, -600)
    page.tab.wait_for_function("() => pocket.scatter.view.scale > 2")

    assert page.where(10) == pytest.approx(before, abs=1)


def test_the_keys_make_the_map_larger_about_the_chosen_pattern(page: MapPage) -> None:
    page.click(10)
    before = page.where(10)

    page.tab.keyboard.press("+")

    assert page.tab.evaluate("() => pocket.scatter.view.scale") == pytest.approx(1.3)
    assert page.where(10) == pytest.approx(before, abs=1)


def test_the_midi_file_has_the_pattern_and_the_tempo(page: MapPage) -> None:
    page.click(9)
    page.slide("tempo", 133)

    with page.tab.expect_download() as coming:
        page.tab.click("#midi")

    file = mido.MidiFile(file=io.BytesIO(Path(coming.value.path()).read_bytes()))
    assert coming.value.suggested_filename == "folder-file-9-mid.mid"
    assert file.type == 0
    assert file.length == pytest.approx(8 * 60 / 133, abs=1e-3)
    struck, now = set(), 0
    for message in file.tracks[0]:
        now += message.time
        if message.type == "note_on":
            assert message.channel == 9
            struck.add((now // (file.ticks_per_beat // 4), message.note))
    assert struck == {
        (at, note)
        for at, step in enumerate(CONTENT.patterns[9])
        for bit, (_, note) in enumerate(INSTRUMENTS)
        if step >> bit & 1 and note is not None
    }


def test_a_link_brings_back_the_morph_and_the_tempo(page: MapPage, browser: Any) -> None:
    page.drag(3, 20)
    page.slide("amount", 0.25)
    page.slide("tempo", 140)
    page.tab.wait_for_function("() => location.hash.includes('t=0.25') && location.hash.includes('bpm=140')")

    again = MapPage(browser, page.tab.url)

    state = again.tab.evaluate("() => [pocket.state.from.index, pocket.state.to.index, pocket.state.amount]")
    assert state == [3, 20, 0.25]
    assert again.text("bpm") == "140"
    assert again.complaints == []
    again.context.close()


def test_a_pattern_by_chance_comes_back_from_its_link(page: MapPage, browser: Any) -> None:
    page.tab.click("#surprise")
    page.tab.wait_for_function("() => location.hash.length > 20")

    again = MapPage(browser, page.tab.url)

    assert again.pattern() == page.pattern()
    again.context.close()


@pytest.mark.parametrize(
    "hash",
    [
        "#a=x.y",
        "#a=<img>",
        f"#a={'A' * 75}",  # no code
        f"#a={'A' * 75}.{'A' * 21}",  # one too short
        f"#a={'A' * 75}.{base64.urlsafe_b64encode(np.full(4, np.nan, '<f4').tobytes()).decode()[:22]}",
        "#" + "a" * 9000,
    ],
)
def test_a_link_that_is_none_of_ours_is_passed_over(page: MapPage, hash: str) -> None:
    page.tab.evaluate("hash => { location.hash = hash; }", hash)

    assert page.tab.evaluate("() => pocket.state.from") is None


def test_names_that_look_like_html_are_shown_and_do_nothing(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    content = small(title=EVIL, genre=EVIL, name=EVIL, licence=EVIL)
    path.write_text(page_of(content, ring(), "t-SNE"))

    page = MapPage(browser, path.as_uri())
    page.click(3)
    page.tab.mouse.move(*page.where(6))

    assert page.text("name") == EVIL
    assert page.tab.title() == EVIL
    assert page.tab.evaluate("() => document.querySelectorAll('main img, main script').length") == 0
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("file:")] == []
    page.context.close()


def test_every_instrument_sounds_its_own_way_and_dies_away(page: MapPage) -> None:
    brightness = {}
    for bit, (name, _) in enumerate(INSTRUMENTS):
        sound = np.frombuffer(base64.b64decode(page.tab.evaluate(RENDER, bit)), np.float32)
        spectrum = np.abs(np.fft.rfft(sound)) ** 2
        brightness[name] = float((spectrum * np.fft.rfftfreq(len(sound), 1 / 44100)).sum() / spectrum.sum())
        assert 0.15 < np.abs(sound).max() < 1.5, name
        assert np.abs(sound[-4410:]).max() < 1e-3, name

    assert brightness["kick"] < brightness["low tom"] + 60 < brightness["high tom"] + 60 < brightness["snare"]
    assert brightness["snare"] < brightness["closed hat"]
    assert len(set(brightness.values())) == len(INSTRUMENTS)


def test_a_page_that_is_a_file_says_how_to_send(page: MapPage) -> None:
    page.click(3)

    page.tab.click("#send")

    page.tab.wait_for_function("() => document.getElementById('said').textContent.includes('--serve')")
    assert "MIDI" in page.text("said")


@pytest.fixture
def served(browser: Any, tmp_path: Path) -> Iterator[tuple[MapPage, Path]]:
    """Open the map from its server, which leaves wishes in a folder of the test's own."""
    wish = tmp_path / "wish.json"
    server = MapServer(HTML.encode(), lambda asked: deliver(asked, wish), now=lambda: NOON)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    page = MapPage(browser, server.address)
    yield page, wish
    page.context.close()
    server.shutdown()
    thread.join()
    server.server_close()

    here = f"http://127.0.0.1:{server.server_port}/"
    assert [url for url in page.requests if not url.startswith(here)] == []


def test_what_is_sent_lies_before_a_daemon_that_runs(served: tuple[MapPage, Path]) -> None:
    page, wish = served
    keeper = StandingKeeper(wish.with_name("pocketd.json"), os.getpid(), print)
    for record in (hello(config=Config().model_dump(mode="json")), VITALS):
        keeper.read(record)
    keeper.turn(Seconds(5.0))
    page.drag(3, 20)
    page.slide("amount", 0.4)
    assert page.text("send") == "Send to pocketd at 40 %"

    page.tab.click("#send")

    page.tab.wait_for_function(
        "() => document.getElementById('said').textContent.startsWith('Sent to pocketd')"
    )
    sent = read_wish(wish)
    assert sent is not None
    assert list(sent.pattern) == CONTENT.patterns[3].tolist()
    assert list(sent.goal or ()) == CONTENT.patterns[20].tolist()
    assert sent.morph == 0.4
    assert page.complaints == []


def test_where_no_daemon_runs_the_page_says_so(served: tuple[MapPage, Path]) -> None:
    page, wish = served
    page.click(3)

    page.tab.click("#send")

    page.tab.wait_for_function("() => document.getElementById('said').textContent.includes('No pocketd')")
    assert not wish.exists()


def test_the_link_of_a_served_page_does_not_give_its_secret_away(served: tuple[MapPage, Path]) -> None:
    page, _ = served
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(3)

    page.tab.click("#link")

    page.tab.wait_for_function("() => document.getElementById('said').textContent.includes('copied')")
    assert page.tab.evaluate("() => navigator.clipboard.readText()").startswith("map.html#a=")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_follows_the_colours_of_the_system(browser: Any, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "map.html"
    path.write_text(HTML)

    page = MapPage(browser, path.as_uri(), color_scheme=scheme)

    red = page.tab.evaluate("() => +getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (red < 60) == (scheme == "dark")
    assert page.complaints == []
    page.context.close()


def test_on_a_narrow_screen_nothing_sticks_out(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text(HTML)

    page = MapPage(browser, path.as_uri())
    page.tab.set_viewport_size({"width": 600, "height": 900})

    assert page.tab.evaluate("() => document.documentElement.scrollWidth") <= 600
    page.context.close()
