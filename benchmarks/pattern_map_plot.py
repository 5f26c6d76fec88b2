"""Photograph a map of patterns in Chromium, two patterns chosen and a morph on its way: docs/pattern-map.png.

    python benchmarks/pattern_map_plot.py [--map map.html] [PICTURE.png] [--light]

Without a map it draws that of the patterns that ship, as `pocketd patterns map` does. The two patterns lie
beside the hearts of the two most frequent genres, so the same map gives the same picture. Needs playwright
and a Chromium.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pocket_core.errors import PocketError
from pocket_export.sources.patterns.map_page import build_page
from pocket_export.sources.patterns.map_read import read_content, read_patterns
from pocketd.generators.graphs import generator_folder
from pocketd.wholefile import write_whole

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pattern-map.png"
SIZE = (1360, 820)  # dots
AMOUNT = 0.4  # of the way
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run")
CHOOSE = """() => {
  const { scatter, data } = pocket;
  const near = (genre, other) => {
    const mine = data.genres.length > 1 ? [...data.groups.keys()].filter(i => data.groups[i] === genre)
      : [...data.groups.keys()].filter(i => i !== other);
    const [x, y] = scatter.areas.hearts[genre] ?? [0, genre];
    const beside = 0.12;  // the names of the genres stand at their hearts
    const far = i => Math.abs(Math.hypot(scatter.place(i)[0] - x, scatter.place(i)[1] - y) - beside);
    return mine.reduce((best, i) => (far(i) < far(best) ? i : best), mine[0]);
  };
  const from = near(0, null);
  const box = scatter.canvas.getBoundingClientRect();
  return [from, near(1, from)].map(i => {
    const [x, y] = scatter.pixel(scatter.place(i));
    return [box.left + x, box.top + y];
  });
}"""
SLIDE = """amount => {
  document.getElementById("play").click();
  const slider = document.getElementById("amount");
  slider.value = amount;
  slider.dispatchEvent(new Event("input"));
}"""


def photograph(page: Path, picture: Path, *, light: bool = False) -> None:
    """Write the picture.

    Args:
        page: A map with two patterns or more.
        picture: Where it goes.
        light: As on a machine that likes its pages light.

    Raises:
        PocketError: There is no Chromium or no playwright, or the place cannot be written to.
    """
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        raise PocketError("a picture of the map needs Chromium; run: apt install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise PocketError("a picture of the map needs playwright; run: pip install -e '.[dev]'") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
        tab = browser.new_page(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            color_scheme="light" if light else "dark",
            reduced_motion="reduce",
        )
        tab.goto(page.resolve().as_uri())
        (x, y), goal = tab.evaluate(CHOOSE)
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.mouse.move((x + goal[0]) / 2, (y + goal[1]) / 2)
        tab.mouse.move(*goal)
        tab.mouse.up()
        tab.mouse.move(2, 2)
        tab.evaluate(SLIDE, AMOUNT)
        tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        taken = tab.screenshot()
        browser.close()
    write_whole(picture, few_colours(taken))


def drawn(page: Path) -> Path:
    """Draw the map of what ships, and return where it lies."""
    folder = generator_folder()
    content = read_content(read_patterns(folder / "pattern.tsv"), None, "The pattern space")
    write_whole(page, build_page(content).encode("utf-8"))
    return page


def few_colours(picture: bytes) -> bytes:
    """Return a PNG of 256 colours, a quarter as large; rare colours stay, for genres are told by them."""
    from PIL import Image  # matplotlib brings it

    all_, few = Image.open(io.BytesIO(picture)).convert("RGB"), io.BytesIO()
    by_rarity = Image.Quantize.MAXCOVERAGE
    all_.quantize(256, by_rarity, kmeans=2, dither=Image.Dither.NONE).save(few, "PNG", optimize=True)
    return few.getvalue()


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", nargs="?", type=Path, default=PICTURE)
    parser.add_argument("--map", type=Path, help="a page of `pocketd patterns map`")
    parser.add_argument("--light", action="store_true", help="on a light ground")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        page = asked.map or drawn(Path(folder) / "map.html")
        photograph(page, asked.picture, light=asked.light)
    print(f"wrote {asked.picture}")


if __name__ == "__main__":
    main()
