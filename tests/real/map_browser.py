"""A map in a real browser, Chromium, which tells of every request and every complaint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.real.conftest import need

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PLACE = """index => {
  const { canvas } = pocket.scatter;
  const box = canvas.getBoundingClientRect();
  const [x, y] = pocket.scatter.pixel(pocket.scatter.place(index));
  return [box.left + x, box.top + y];
}"""
STRUCK = """() => [...document.querySelectorAll("#steps .line:not(.marks)")].map(line => [
  line.querySelector("button").textContent,
  [...line.querySelectorAll("span")].map(cell => +cell.classList.contains("on")),
])"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a browser; a test is skipped by name where there is none."""
    need(CHROMIUM)
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class MapPage:
    """A map that is open."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, **context)
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", lambda said: self.complaints.append(said.text))
        self.tab.on("dialog", self._refuse)
        self.tab.goto(address)

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append("a dialog")
        dialog.dismiss()

    def where(self, index: int) -> tuple[float, float]:
        """Return where a point is in the window."""
        x, y = self.tab.evaluate(PLACE, index)
        return x, y

    def click(self, index: int) -> None:
        """Click a point."""
        self.tab.mouse.click(*self.where(index))

    def drag(self, start: int, end: int) -> None:
        """Drag from one point to another."""
        self.tab.mouse.move(*self.where(start))
        self.tab.mouse.down()
        self.tab.mouse.move(*self.where((start + 7) % 60))
        self.tab.mouse.move(*self.where(end))
        self.tab.mouse.up()

    def slide(self, slider: str, value: float) -> None:
        """Move a slider, as a hand does."""
        self.tab.evaluate(
            "([id, value]) => { const s = document.getElementById(id); s.value = value;"
            " s.dispatchEvent(new Event('input')); }",
            [slider, value],
        )

    def pattern(self) -> list[int]:
        """Return what plays, as 32 steps."""
        steps: list[int] = self.tab.evaluate("() => Array.from(pocket.state.pattern)")
        return steps

    def seen(self) -> dict[str, list[int]]:
        """Return what the sequencer shows: of each instrument whether it is struck at each step."""
        return dict(self.tab.evaluate(STRUCK))

    def text(self, id: str) -> str:
        """Return what an element says."""
        said: str = self.tab.inner_text(f"#{id}")
        return said
