"""The live meter in the terminal: a picture of a state, and the state as the desk's records make it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pocketd.desk_records import (
    Dropped,
    Fault,
    Hello,
    Now,
    Record,
    Tally,
    Timestep,
    TransportStart,
    TransportStop,
)
from pocketd.standard import printable

WIDTH = 72  # columns
SIDE = 24  # cells of the needle on each side of the middle
REACH_MS = 60.0  # what the needle shows on each side; beyond it an arrow
RECENT = 32  # timesteps
SONG_ROOM = WIDTH - 16  # columns for a song's name and who plays


@dataclass(frozen=True, slots=True)
class Nearness:
    """Mean distance between drums and musician over some timesteps that have both."""

    grid_ms: float | None  # had the drums stayed on the grid; None: no such timestep yet
    pocketd_ms: float | None


@dataclass(frozen=True, slots=True)
class MeterState:
    """All that the meter shows."""

    running: bool = False
    bar: int = 1  # from 1
    beat: float = 1.0  # from 1.0
    numerator: int = 4
    denominator: int = 4
    bpm: float = 120.0
    model: str = ""  # empty: nobody said yet; "none" plays the grid
    song: str = ""  # empty: nobody knows
    amount: float = 1.0  # 0..1
    bypass: bool = False
    offset_ms: float = 0.0  # of the newest hit; positive is late
    recent: Nearness = Nearness(None, None)
    whole: Nearness = Nearness(None, None)
    tally: Tally = field(default_factory=Tally)  # of this take
    dropped: int = 0  # records that never reached the desk
    recording: bool = False
    faults: tuple[str, ...] = ()  # one line each, worst is all of them


@dataclass(slots=True)
class _Distances:
    """A running mean, of all or of the newest."""

    newest: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=RECENT))
    count: int = 0
    grid: float = 0.0  # sums, ms
    pocketd: float = 0.0

    def add(self, grid: float, pocketd: float) -> None:
        self.newest.append((grid, pocketd))
        self.count += 1
        self.grid += grid
        self.pocketd += pocketd

    def recent(self) -> Nearness:
        if not self.newest:
            return Nearness(None, None)
        n = len(self.newest)
        return Nearness(sum(g for g, _ in self.newest) / n, sum(p for _, p in self.newest) / n)

    def whole(self) -> Nearness:
        if not self.count:
            return Nearness(None, None)
        return Nearness(self.grid / self.count, self.pocketd / self.count)


class MeterReader:
    """Follows the records and says what the meter shows."""

    def __init__(self) -> None:
        self._now: Now | None = None
        self._running = False
        self._model = ""
        self._song = ""
        self._faults: dict[str, str] = {}
        self._distances = _Distances()
        self._before = Tally()  # what was counted before this take
        self._dropped = 0

    def read(self, record: Record) -> None:
        """Take in one record."""
        match record:
            case Now():
                self._now = record
                self._running = record.running
            case Timestep():
                step = record.timestep
                if step.human_s is not None:
                    grid = abs(step.human_s - step.nominal_s) * 1000
                    self._distances.add(grid, abs(step.human_s - step.committed_s) * 1000)
            case TransportStart():
                self._distances = _Distances()
                self._before = record.tally
                self._running = True
            case TransportStop():
                self._running = False
            case Fault(about=about, text=text):
                self._faults.pop(about, None)
                if text:
                    self._faults[about] = text
            case Hello():
                self._model = record.model
                self._song = record.song or ""
            case Dropped():
                self._dropped += record.records
            case _:
                pass

    def state(self, *, recording: bool, recorder_fault: str) -> MeterState:
        """Return what to show now; the recorder's part is the desk's own."""
        faults = [f"{about}: {text}" for about, text in self._faults.items()]
        if recorder_fault:
            faults.append(recorder_fault)
        now = self._now
        if now is None:
            return MeterState(model=self._model, song=self._song, recording=recording, faults=tuple(faults))
        return MeterState(
            running=self._running,
            bar=now.bar,
            beat=now.beat,
            numerator=now.numerator,
            denominator=now.denominator,
            bpm=now.bpm,
            model=self._model,
            song=self._song,
            amount=now.amount,
            bypass=now.bypass,
            offset_ms=now.offset_ms,
            recent=self._distances.recent(),
            whole=self._distances.whole(),
            tally=now.tally.since(self._before),
            dropped=self._dropped,
            recording=recording,
            faults=tuple(faults),
        )


def picture(state: MeterState) -> RenderableType:
    """Draw the meter."""
    inside: list[RenderableType] = [_song(state), Text(), needle(state.offset_ms), _scale(), Text()]
    inside += [_nearness(state), Text(), _counts(state)]
    inside += [
        Text(f"! {printable(fault)}", style="bold red", overflow="ellipsis", no_wrap=True)
        for fault in state.faults
    ]
    return Panel(
        Group(*inside),
        title="[bold]pocketd[/]",
        title_align="left",
        subtitle=_player(state),
        subtitle_align="right",
        box=box.ROUNDED,
        border_style="red" if state.faults else "cyan" if state.running else "dim",
        width=WIDTH,
        padding=(0, 2),
    )


def needle(offset_ms: float) -> Text:
    """Draw an offset: early grows to the left of the middle, late to the right; half a cell is 1.25 ms."""
    halves = min(round(abs(offset_ms) / REACH_MS * SIDE * 2), SIDE * 2)
    beyond = abs(offset_ms) > REACH_MS
    filled, half = divmod(halves, 2)
    if offset_ms < 0:
        bar = "▐" * half + "█" * filled
        left = Text.assemble(("·" * (SIDE - len(bar)), "dim"), (bar, "bold cyan"))
        right = Text("·" * SIDE, "dim")
    else:
        bar = "█" * filled + "▌" * half
        left = Text("·" * SIDE, "dim")
        right = Text.assemble((bar, "bold yellow"), ("·" * (SIDE - len(bar)), "dim"))
    ends = ("<" if beyond and offset_ms < 0 else " ", ">" if beyond and offset_ms > 0 else " ")
    value = Text(f"{offset_ms:+7.1f} ms", "bold")
    return Text.assemble(ends[0], left, Text("│", "bold"), right, ends[1], "  ", value)


def _song(state: MeterState) -> Table:
    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="center")
    line.add_column(justify="right")
    struck = int(state.beat) if state.running else 0
    pips = " ".join("●" if n == struck else "○" for n in range(1, min(state.numerator, 12) + 1))
    place = Text.assemble(
        ("▶ " if state.running else "■ ", "bold green" if state.running else "dim"),
        (f"{state.bar}.{int(state.beat)}".ljust(8), "bold"),
        (pips, "green"),
    )
    kept = Text("● recording", "bold red") if state.recording else Text("not recording", "dim")
    line.add_row(place, f"{state.bpm:.1f} BPM  {state.numerator}/{state.denominator}", kept)
    return line


def _scale() -> Text:
    reach = f"{REACH_MS:g}"
    line = f" -{reach} early".ljust(SIDE + 1) + "0" + f"late +{reach}".rjust(SIDE)
    return Text(line, "dim")


def _nearness(state: MeterState) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("drums to musician, mean ms", header_style="dim")
    table.add_column(f"last {RECENT}", justify="right")
    table.add_column("take", justify="right")
    table.add_row("on the grid", _ms(state.recent.grid_ms), _ms(state.whole.grid_ms))
    table.add_row("pocketd", _ms(state.recent.pocketd_ms), _ms(state.whole.pocketd_ms), style="bold")
    return table


def _counts(state: MeterState) -> Text:
    t = state.tally
    line = Text.assemble(("hits ", "dim"), f"{t.events_in} in, {t.events_out} out", ("   late ", "dim"))
    line.append(str(t.late), "bold yellow" if t.late else "")
    line.append("   waiting " if state.running else "   lost ", "dim")
    line.append(str(t.lost), "bold red" if t.lost and not state.running else "")
    line.append("   log lines dropped ", "dim")
    line.append(str(state.dropped), "bold yellow" if state.dropped else "")
    return line


def _player(state: MeterState) -> Text:
    if state.bypass:
        player = "bypass: the grid"
    elif state.model in ("", "none"):
        player = "no model"
    else:
        player = f"{printable(state.model)}, amount {state.amount:.2f}"
    if not state.song:
        return Text(player)
    song = Text(printable(state.song))
    song.truncate(max(SONG_ROOM - len(player), 8), overflow="ellipsis")
    return Text.assemble(song, f": {player}")


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
