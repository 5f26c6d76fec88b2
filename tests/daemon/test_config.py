from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from pocket_core.errors import ConfigError
from pocket_core.settings import Settings, Timing
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Port, Seconds
from pocketd.config import FIXED, Config, default_path, load, parse


def config(text: str) -> Config:
    return parse(text.encode(), "c.yaml")


def leaves(model: type[BaseModel] = Config, above: str = "") -> dict[str, str]:
    """Every key with what it allows."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= leaves(inner, f"{above}{name}.")
        else:
            found[above + name] = field.description or ""
    return found


def comments() -> dict[str, str]:
    """Every key of the shipped file with the comment above it, on one line."""
    found: dict[str, str] = {}
    section, block = "", ""
    for line in default_path().read_text().splitlines():
        if match := re.match(r"( *)([a-z_ ]+):(.*)", line):
            indent, key, value = match.groups()
            if not indent:
                section = "" if value.strip() or key == "voices" else f"{key}."
            name = section + key if indent else key
            found[name], block = block.strip(), ""
        else:
            block = f"{block} {line.strip(' #')}" if line.strip().startswith("#") else ""
    return found


def test_the_shipped_file_says_every_default_and_nothing_else() -> None:
    said = yaml.safe_load(default_path().read_text())

    assert load(None) == Config()
    assert said == Config().model_dump(mode="json")


@pytest.mark.parametrize(("key", "allowed"), leaves().items())
def test_the_comment_above_a_key_says_what_is_allowed(key: str, allowed: str) -> None:
    comment = comments()[key]

    assert allowed.lower() in comment.lower()
    assert ("(restart)" in comment) == (key in FIXED)


def test_the_defaults_are_the_engine_s() -> None:
    settings, engine = Config().settings(), Settings()

    plain = {f.name for f in fields(Settings)} - {"voices", "meters"}
    assert {n: getattr(settings, n) for n in plain} == {n: getattr(engine, n) for n in plain}
    assert [settings.voices.index(n) for n in range(128)] == [engine.voices.index(n) for n in range(128)]
    assert settings.meters.position(Beats(9.0)) == engine.meters.position(Beats(9.0))


def test_what_a_midi_system_needs_of_time_makes_the_guard_longer_and_never_shorter() -> None:
    slow = Timing(Seconds(0.003), Seconds(0.021), Seconds(0.011))

    fast, tight = Config().settings(replace(slow, lag=Seconds(0.001))), Config().settings(slow)

    assert (fast.guard, fast.notice, fast.transport) == (0.012, 0.003, 0.011)
    assert tight.guard == pytest.approx(0.028)


def test_notice_and_transport_are_the_users_where_they_say_so_and_the_system_can() -> None:
    asked = Config(notice_ms=25, transport_ms=5)

    ahead = asked.settings(Timing(Seconds(0.003), Seconds(0.005), Seconds(0.003)))
    at_once = asked.settings(Timing())

    assert (ahead.notice, ahead.transport) == (0.025, 0.005)
    assert ahead.guard == pytest.approx(0.034)
    assert at_once.notice == 0.0


def test_what_the_user_counts_from_one_the_engine_counts_from_zero_and_in_seconds() -> None:
    text = """
        look_ahead_ms: 80
        drums_lead_ms: 0
        laid_back_ms: -5
        meter: 7/8
        clock: midi
        clock_port: control
        human: {channels: [1, 16], notes: [21, 108], least_velocity: 10}
        control: {channel: 3, bypass_cc: null}
        voices: {kick: [60]}
    """

    settings = config(text).settings()

    assert settings.look_ahead == Seconds(0.080)
    assert settings.drums_lead == Seconds(0.0)
    assert settings.laid_back == Seconds(-0.005)
    assert settings.meters.position(Beats(0.0)).meter == Meter(7, 8)
    assert settings.clock_port is Port.CONTROL
    assert settings.human.channels == frozenset({0, 15})
    assert settings.human.passes(0, 21, 10)
    assert not settings.human.passes(0, 20, 10)
    assert settings.controls.channel == 2
    assert settings.controls.bypass is None
    assert settings.voices.index(60) == 0
    assert settings.voices.index(36) is None


def test_an_internal_clock_starts_with_the_first_hit() -> None:
    assert config("clock: internal").settings().start_on_hit


def test_the_lead_is_the_look_ahead_where_nothing_is_said() -> None:
    assert config("look_ahead_ms: 200").settings().drums_lead == Seconds(0.2)


def test_a_configuration_comes_back_from_the_json_that_a_journal_keeps_of_it() -> None:
    said = config("songs: {0: Blue, 5: null}\ntakes: {song: Blue}\nhuman: {channels: [3]}")

    assert Config.model_validate_json(json.dumps(said.model_dump(mode="json"))) == said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tempo: 500", "c.yaml, line 1: tempo is 500; allowed: 20 to 300 BPM"),
        ("tempo: fast", 'tempo is "fast"; allowed: 20 to 300 BPM'),
        ("tempo: .nan", "tempo is NaN; allowed: 20 to 300 BPM"),
        ("tempo: .inf", "tempo is Infinity; allowed: 20 to 300 BPM"),
        ("amount: true", "amount is true; allowed: 0 to 1"),
        ("bypass: 1", "bypass is 1; allowed: true or false"),
        ("look_ahead_ms: null", "look_ahead_ms is null; allowed: 20 to 1000 milliseconds"),
        (
            "\n\nlook_ahed_ms: 3",
            "line 3: look_ahed_ms (with the value 3) is no key of pocketd; did you mean look",
        ),
        ("zzz: 1", "zzz (with the value 1) is no key of pocketd; the default config.yaml has them all"),
        (
            "human:\n  chanels: all",
            'line 2: human.chanels (with the value "all") is no key of pocketd; did you m',
        ),
        (
            "human:\n  channels: [17]",
            "line 2: human.channels is [17]; allowed: all, or a list of channels 1 to 16",
        ),
        ("human: 3", "human is 3; allowed: keys channels, notes and least_velocity"),
        ("human: {notes: [60, 40]}", "human.notes is [60, 40]; the lowest note comes first"),
        ("human: {notes: [60]}", "human.notes is [60]; allowed: two notes 0 to 127, [lowest, highest]"),
        ("meter: 6:8", "meter is 368; allowed: beats/unit, such as 4/4, 3/4 or 7/8"),  # YAML 1.1, base 60
        ("meter: 4/3", 'meter is "4/3"; allowed: beats/unit'),
        ("voices: {kik: [36]}", "no voice is called 'kik'; the nine are kick, snare"),
        ("voices: {kick: [128]}", "allowed: the nine voices, each with a list of notes 0 to 127"),
        ("voices: {kick: [36], snare: [36]}", "note 36 belongs to both 'kick' and 'snare'"),
        ("client: 'a:b'", 'client is "a:b"; allowed: 1 to 32 letters'),
        ("takes: {song: 12}", "takes.song is 12; allowed: a name, or null"),
        ("takes: {folder: ''}", 'takes.folder is ""; allowed: a folder, or null'),
        ("songs: {128: Blue}", "allowed: numbers 0 to 127, each with the name of a song, or null"),
        ("songs: {0: ''}", "allowed: numbers 0 to 127, each with the name of a song, or null"),
        ("songs: {Blue: 0}", "allowed: numbers 0 to 127, each with the name of a song, or null"),
        ("songs: [Blue]", "allowed: numbers 0 to 127, each with the name of a song, or null"),
        ("control: {song_cc: 20}", "amount_cc has it too; choose another controller"),
        ("control: {amount_cc: 123}", "control.amount_cc is 123; allowed: a controller, 0 to 119, or null"),
        ("amount: 2\ntempo: 1", "(and 1 more)"),
    ],
)
def test_a_wrong_value_is_named_with_file_line_key_and_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        config(text)

    assert str(caught.value).startswith("c.yaml, line ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "guard_ms: 50\nlook_ahead_ms: 30",
            "line 1: guard_ms is 50; must be less than look_ahead_ms, which is 30",
        ),
        ("guard_ms: 20\nlook_ahead_ms: 20", "guard_ms is 20; must be less"),
        (
            "drums_lead_ms: 121",
            "drums_lead_ms is 121; at most look_ahead_ms and output_latency_ms together, 120",
        ),
        ("look_ahead_ms: 20\nlaid_back_ms: -20", "laid_back_ms is -20; no hit can be played there"),
        ("max_late_ms: 10\nlaid_back_ms: 20", "laid_back_ms is 20; no hit can be played there"),
        ("control: {amount_cc: 22}", "control.laid_back_cc is 22 by default; amount_cc has it too"),
        (
            "backend: loopback\nmidi_api: alsa",
            'midi_api is "alsa"; it is for backend rtmidi alone, and backend is loopback',
        ),
        ("backend: jack\nmidi_api: alsa", "it is for backend rtmidi alone, and backend is jack"),
        ("backend: alsa\nmidi_api: alsa", "it is for backend rtmidi alone, and backend is alsa"),
        ("clock: internal\nclock_port: drums", 'clock_port is "drums"; clock: internal listens to no port'),
        ("clock: jack\nclock_port: drums", 'clock_port is "drums"; clock: jack listens to no port'),
        ("clock: jack\nbackend: rtmidi", 'clock is "jack"; jack needs backend: jack, and backend is rtmidi'),
        (
            "generate: {notes: {crash: 38}}",
            "crash is played with 38, which `voices` has as snare",
        ),
        (
            "generate: {notes: {kick: 60}}",
            "kick is played with 60, which `voices` names nowhere",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_named(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        config(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "amount: 1\ntempo: 90\namount: 0",
            "c.yaml, line 3: amount is there twice, first in line 1; keep one",
        ),
        ("takes:\n  song: a\n  song: b", "line 3: takes.song is there twice, first in line 2"),
        ("a: [", "c.yaml, line 1: not YAML"),
        ("tempo: 1\n  meter: x", "c.yaml, line 2: not YAML"),
        ("a: &x 1\nb: *x", "line 2: not YAML: aliases are not read here"),
        ("\x00", "c.yaml: not text"),
        ("[1]", "c.yaml holds a list, not keys with values"),
        ("hello", "c.yaml holds a single value, not keys with values"),
        ("1: 2", "c.yaml, line 1: a key must be a word, and 1 is none"),
        ("? [a]\n: 2", "a key must be a word, and a list or mapping is none"),
        ("tempo: !!python/object:os.system x", "c.yaml, line 1: not YAML"),
        ("[" * 5000, "nested too deeply"),
        ("tempo: 2020-13-45", "month must be in 1..12"),
    ],
)
def test_what_is_not_a_configuration_at_all_is_refused_in_a_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        config(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="not text"):
        parse(b"\xff\xfe\x00\xd8", "c.yaml")


def test_a_file_too_large_to_be_one_is_not_parsed() -> None:
    with pytest.raises(ConfigError, match="larger than 1024 KiB"):
        parse(b"#" * (1024 * 1024 + 1), "c.yaml")


def test_an_empty_file_leaves_every_default() -> None:
    assert config("") == Config()
    assert config("# nothing\n---\n") == Config()


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("tempo: 90.5\n")

    assert load(tmp_path / "my.yaml").tempo == 90.5


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*no\.yaml; check the name"):
        load(tmp_path / "no.yaml")


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; name a YAML file in it"):
        load(tmp_path)


def test_takes_go_to_the_user_s_folder_or_where_they_are_sent() -> None:
    assert load(None).takes_folder.parts[-2:] == ("pocketd", "takes")
    assert config("takes: {folder: ~/music}").takes_folder == Path.home() / "music"


def test_paths_begin_at_the_folder_of_their_file_wherever_pocketd_is_started(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "{model: own.onnx, model_without_score: ./other.onnx, score: a/song.mid, takes: {folder: kept/here}}"
    )

    mine = load(tmp_path / "my.yaml")

    assert mine.takes_folder == tmp_path / "kept" / "here"
    assert mine.model == str(tmp_path / "own.onnx")
    assert mine.model_without_score == str(tmp_path / "other.onnx")
    assert mine.score == str(tmp_path / "a" / "song.mid")


@pytest.mark.parametrize("named", ["beat.mid", "./beat", "beats/a.mid"])
def test_a_file_that_a_source_begins_with_lies_beside_the_configuration(tmp_path: Path, named: str) -> None:
    (tmp_path / "my.yaml").write_text(json.dumps({"generate": {"start": named, "goal": "latin"}}))

    mine = load(tmp_path / "my.yaml").generate

    assert mine.start == str(tmp_path / named)
    assert mine.goal == "latin"  # a preset


def test_the_name_of_a_model_is_no_path() -> None:
    assert config("model: lstm-solo").model == "lstm-solo"


@pytest.mark.parametrize("text", ["takes: {folder: ~nobody-of-that-name/x}", 'takes: {folder: "a\\0b"}'])
def test_a_folder_that_cannot_be_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"c\.yaml, line 1: takes\.folder is"):
        config(text)


def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketd.config.user_data_path", lambda *_, **__: Path("~/.local/share/pocketd"))

    with pytest.raises(ConfigError, match="no home folder"):
        _ = Config().takes_folder


def test_a_reload_names_what_it_cannot_change() -> None:
    old, new = config(""), config("amount: 0.5\nclient: second\ntakes: {folder: /x, song: Blue}")

    assert Config.changed_needing_restart(old, new) == ["client", "takes.folder"]
    assert Config.changed_needing_restart(new, new) == []


def test_what_needs_a_restart_stays_as_it_was_until_then() -> None:
    old = Config.model_validate({"clock": "auto", "takes": {"folder": "/a"}, "amount": 1.0})
    new = Config.model_validate({"clock": "internal", "takes": {"folder": "/b", "song": "x"}, "amount": 0.5})

    taken = new.with_values_of(old, Config.changed_needing_restart(old, new))

    assert (taken.clock, taken.takes.folder, taken.takes.song, taken.amount) == ("auto", "/a", "x", 0.5)
    assert Config.changed_needing_restart(taken, new) == ["clock", "takes.folder"]


def test_a_port_that_is_a_number_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'connect.out.*"28:0".*allowed: parts of port names, without'):
        parse(b"connect: {out: ['28:0']}", "c.yaml")


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from([*Config.model_fields, "channels", "notes", "kick", "song"]) | st.text(max_size=6)
trees = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=8
)


def check(data: bytes) -> None:
    problem = ""
    try:
        parse(data, "c.yaml").settings()
    except ConfigError as error:
        problem = str(error)
    assert problem == "" or problem.startswith("c.yaml")
    assert len(problem.splitlines()) <= 1


@given(st.dictionaries(keys, trees, max_size=5))
def test_any_yaml_is_a_configuration_or_an_error_of_one_line(tree: dict[str, Any]) -> None:
    check(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"))


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_a_configuration_or_an_error_of_one_line(data: bytes) -> None:
    check(data)


@given(st.text(alphabet="{}[]:,-?&*!|>'\"%@`#\n \t0aé~<=", max_size=30))
def test_any_signs_of_yaml_are_a_configuration_or_an_error_of_one_line(text: str) -> None:
    check(text.encode())


def test_a_lead_of_look_ahead_and_latency_together_is_allowed_in_decimals_too() -> None:
    config = Config(look_ahead_ms=510.4, output_latency_ms=1.8, drums_lead_ms=512.2)

    assert config.drums_lead_ms == 512.2


def test_a_client_may_not_have_the_name_of_pocketd_s_own_file() -> None:
    with pytest.raises(ConfigError, match="wish is the name of a file"):
        config("client: wish")
