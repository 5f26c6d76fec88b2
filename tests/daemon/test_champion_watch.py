"""A new champion is noticed, tried and played between takes: the loop in virtual time on the loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocket_core.types import Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.casting import make_cast
from pocketd.champion import Nights, nights_folder
from pocketd.champion_watch import ChampionWatch, first_fault
from pocketd.config import Config
from pocketd.config_sections import Takes
from pocketd.copyist import Copyist
from pocketd.loop import Loop
from pocketd.model_check import Watch
from pocketd.outbox import Outbox
from pocketd.reload import Reloaded
from pocketd.requests import Requests
from tests.daemon.onnx_models import Tiny

AT = datetime(2026, 11, 21, 3, 41, tzinfo=UTC)
TryOut = Callable[[Path, Config, Watch], str | None]
CONFIG = Config(clock="internal", drums_lead_ms=0, model="champion", step_limit_ms=100)
KICK, KICK_OFF = note_on(9, 36, 100), note_off(9, 36, 64)


def made(number: int, tiny: Tiny | None = None) -> Path:
    """Write the model of a night, which is called by its number."""
    root = nights_folder()
    assert root is not None
    return (tiny or Tiny(bias=number / 1000)).write(root / f"2026-11-{number:02}-033000", f"n{number}")


def promote(number: int, tiny: Tiny | None = None) -> None:
    path = made(number, tiny)
    Nights(path.parent.parent).promote(path, AT)


class Rig:
    """A daemon that plays by the champion."""

    def __init__(self, config: Config = CONFIG, try_out: TryOut = first_fault) -> None:
        root = nights_folder()
        assert root is not None
        self.nights = Nights(root)
        self.watch = ChampionWatch(self.nights, config, try_out=try_out)
        self.backend = Loopback(VirtualClock())
        here, self.desk = socket.socketpair()
        cast = make_cast(config)
        self.loop = Loop(
            config,
            self.backend,
            cast.player,
            outbox=Outbox(here),
            requests=Requests(),
            watch=self.watch,
            copyist=Copyist(cast),
        )
        self.loop.fault("model file", cast.fault or "")
        self.told: list[dict[str, object]] = []
        self._rest = b""

    def turn(self, seconds: float) -> None:
        """Let time pass, and each look come to its end before the next turn."""
        until = self.backend.now() + seconds
        while self.backend.now() < until:
            self.loop.turn()
            self.watch.wait()
        self._listen()

    def beat(self, count: int = 1) -> None:
        """Strike the kick each half second from now on."""
        for n in range(count):
            at = self.backend.now() + 0.01 + n * 0.5
            self.backend.feed(Port.DRUMS, KICK, Seconds(at))
            self.backend.feed(Port.DRUMS, KICK_OFF, Seconds(at + 0.1))

    @property
    def players(self) -> list[object]:
        """Who has played, in order."""
        return [record["model"] for record in self.told if record["kind"] == "hello"]

    @property
    def faults(self) -> list[object]:
        return [record["text"] for record in self.told if record["kind"] == "fault"]

    def _listen(self) -> None:
        self.desk.setblocking(False)
        while True:
            self.loop._outbox.pump()
            try:
                self._rest += self.desk.recv(1 << 20)
            except BlockingIOError:
                break
        *lines, self._rest = self._rest.split(b"\n")
        self.told += [json.loads(line) for line in lines]

    def close(self) -> None:
        self.loop._outbox.close(Seconds(1.0))
        self.desk.close()


@pytest.fixture
def rigs() -> Iterator[list[Rig]]:
    made: list[Rig] = []
    yield made
    for rig in made:
        rig.close()


def start(rigs: list[Rig], config: Config = CONFIG, try_out: TryOut = first_fault) -> Rig:
    rigs.append(Rig(config, try_out))
    return rigs[-1]


def test_until_there_is_a_champion_who_ships_plays(rigs: list[Rig]) -> None:
    rig = start(rigs)

    rig.turn(3.0)

    assert (rig.players, rig.faults) == (["follower"], [])


def test_a_champion_that_is_chosen_while_it_runs_plays_within_two_seconds(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    rig.turn(2.0)
    promote(2)

    rig.turn(2.0)

    assert (rig.players, rig.faults) == (["n1", "n2"], [])


def test_in_a_take_the_old_one_plays_on_and_the_new_one_begins_behind_it(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    rig.beat(8)
    rig.turn(0.5)  # the song runs
    promote(2)
    rig.turn(3.5)
    during = rig.players

    rig.turn(8.0)  # four silent seconds are the end of it

    assert during == ["n1"]
    assert rig.players == ["n1", "n2"]
    kinds = [record["kind"] for record in rig.told]
    assert kinds.index("stop") < len(kinds) - kinds[::-1].index("hello") - 1


def test_nothing_is_read_from_the_disk_while_the_transport_runs(rigs: list[Rig]) -> None:
    rig = start(rigs)
    rig.beat(8)
    rig.turn(0.5)
    before = rig.watch._next

    rig.turn(3.0)

    assert rig.watch._next == before


def test_a_look_that_ends_in_a_take_is_kept_until_its_end(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    rig.turn(0.5)
    promote(2)
    while not rig.watch._errand.under_way:  # a look has begun, and so does a take
        rig.loop.turn()
    rig.beat(4)
    rig.loop.turn()
    rig.turn(2.0)
    during = rig.players

    rig.turn(8.0)

    assert during == ["n1"]
    assert rig.players == ["n1", "n2"]


def test_a_trial_breaks_off_where_a_take_begins_and_is_made_anew_behind_it(rigs: list[Rig]) -> None:
    begun, may_go_on, broken_off = threading.Event(), threading.Event(), []

    def try_out(_: Path, __: Config, watch: Watch) -> None:
        begun.set()
        may_go_on.wait(10.0)
        try:
            watch(0.5)
        except PocketError:
            broken_off.append(True)
            raise
        broken_off.append(False)

    promote(1)
    rig = start(rigs, try_out=try_out)
    promote(2)
    while not begun.is_set():
        rig.loop.turn()
    rig.beat(4)
    while not rig.loop._clock.running:
        rig.loop.turn()
    rig.loop.turn()
    may_go_on.set()
    rig.turn(2.0)
    during = list(broken_off)

    rig.turn(8.0)

    assert during == [True]
    assert broken_off == [True, False]
    assert (rig.players, rig.faults) == (["n1", "n2"], [])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Tiny(noisy=True), "the champion does not hold: the same input gave another answer"),
        (Tiny(bias=0.5), r"the champion does not hold: where nothing is known it says +500.0 ms"),
        (Tiny(card={"sha256": "00"}), "sha256"),
    ],
)
def test_one_that_does_not_hold_leaves_the_old_one_and_shows_a_fault(
    rigs: list[Rig], wrong: Tiny, why: str
) -> None:
    promote(1)
    rig = start(rigs)
    promote(2, wrong)

    rig.turn(3.0)

    assert rig.players == ["n1"]
    (fault,) = rig.faults
    assert why in str(fault)
    assert str(fault).endswith("; model n1 goes on")


def test_the_fault_goes_once_a_good_one_is_chosen(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    promote(2, Tiny(noisy=True))
    rig.turn(3.0)

    rig.nights.roll_back(AT)
    rig.turn(3.0)
    promote(3)
    rig.turn(3.0)

    assert rig.players == ["n1", "n3"]
    assert [bool(fault) for fault in rig.faults] == [True, False]


def test_a_damaged_pointer_leaves_who_plays_and_shows_a_fault(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    rig.nights.pointer.write_text("{")

    rig.turn(3.0)

    assert rig.players == ["n1"]
    assert "champion.json" in str(rig.faults[0])


@pytest.mark.parametrize("text", ["{", '{"champion": "2026-11-01-033000/gone.onnx"}'])
def test_a_daemon_that_starts_with_a_pointer_to_nothing_plays_by_who_ships_and_says_so(
    rigs: list[Rig], text: str
) -> None:
    promote(1)
    root = nights_folder()
    assert root is not None
    Nights(root).pointer.write_text(text)

    rig = start(rigs)
    rig.turn(3.0)

    assert rig.players == ["follower"]
    assert len(rig.faults) == 1


def test_a_song_that_has_a_model_of_its_own_is_played_by_it(rigs: list[Rig]) -> None:
    promote(1)
    song_model = made(2)
    rig = start(rigs)
    rig.nights.change(lambda pointer: replace(pointer, songs={"Blues": str(song_model)}))
    rig.turn(3.0)
    before = rig.players

    rig.loop._songs.configure(CONFIG.model_copy(update={"takes": Takes(song="Blues")}))
    rig.turn(3.0)
    rig.loop._songs.configure(CONFIG)
    rig.turn(3.0)

    assert before == ["n1"]
    assert rig.players == ["n1", "n1", "n2", "n2", "n1"]  # the song is told first
    assert rig.faults == []


def test_another_songs_model_does_not_play_on_where_this_songs_is_broken(rigs: list[Rig]) -> None:
    promote(1)
    blues = CONFIG.model_copy(update={"takes": Takes(song="Blues")})
    waltz = CONFIG.model_copy(update={"takes": Takes(song="Waltz")})
    songs = {"Blues": str(made(2)), "Waltz": "gone.onnx"}
    root = nights_folder()
    assert root is not None
    Nights(root).change(lambda pointer: replace(pointer, songs=songs))
    rig = start(rigs, blues)

    rig.loop._songs.configure(waltz)
    rig.turn(3.0)

    assert rig.players == ["n2", "n2", "n1"]
    assert "gone.onnx" in str(rig.faults[0])


def test_a_daemon_that_plays_by_a_named_model_takes_no_notice(rigs: list[Rig]) -> None:
    rig = start(rigs, CONFIG.model_copy(update={"model": "none"}))
    promote(1)

    rig.turn(3.0)

    assert rig.players == ["none"]


def test_a_reload_takes_the_champion_over_at_once_and_the_watch_finds_nothing_new(rigs: list[Rig]) -> None:
    promote(1)
    rig = start(rigs)
    promote(2)

    rig.loop.take_over(Reloaded(CONFIG, make_cast(CONFIG)))
    at_once = rig.loop._predictor.name
    rig.turn(3.0)

    assert at_once == "n2"
    assert rig.loop._predictor.name == "n2"
    assert rig.faults == []


def test_a_reload_that_knew_another_song_than_the_one_that_is_played_is_put_right(rigs: list[Rig]) -> None:
    promote(1)
    song_model = made(2)
    blues = CONFIG.model_copy(update={"takes": Takes(song="Blues")})
    rig = start(rigs, blues)
    rig.nights.change(lambda pointer: replace(pointer, songs={"Blues": str(song_model)}))
    rig.turn(3.0)

    rig.loop.take_over(Reloaded(blues, make_cast(CONFIG)))  # as where the song was named while it played
    rig.turn(3.0)

    assert rig.players == ["n1", "n2", "n1", "n2"]
