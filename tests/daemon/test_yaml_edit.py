from __future__ import annotations

import json
import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import ConfigError
from pocketd.config import default_path
from pocketd.yaml_edit import set_key
from pocketd.yamlfile import parse_yaml


def put(text: str, value: str = "follower") -> str:
    return set_key(text.encode(), "model", value, "my.yaml").decode()


def test_only_the_value_changes() -> None:
    before = "# mine\namount:   0.5   # half\n\nmodel: lstm  # the paper's\ntempo: 90\n"

    assert put(before) == before.replace("lstm", "follower")


def test_the_shipped_configuration_keeps_every_other_byte() -> None:
    before = default_path().read_text()
    line = f"\nmodel: {yaml.safe_load(before)['model']}\n"

    after = put(before, "drummer")

    assert before.count(line) == 1
    assert after == before.replace(line, "\nmodel: drummer\n")


def test_a_key_of_the_same_name_further_in_is_another_one() -> None:
    assert put("takes:\n  model: a\nmodel: b\n") == "takes:\n  model: a\nmodel: follower\n"


def test_a_number_is_written_as_one_where_a_number_a_null_or_nothing_was() -> None:
    before = "a: {b: 1}\nlead_ms: null  # as look_ahead_ms\nahead_ms: 120  # ms\nlate_ms:\n"

    after = before.encode()
    for key, value in (("lead_ms", 118.5), ("ahead_ms", 118), ("late_ms", 4.25), ("in_ms", 3.0)):
        after = set_key(after, key, value, "my.yaml")

    assert after.decode() == (
        "a: {b: 1}\nlead_ms: 118.5  # as look_ahead_ms\nahead_ms: 118  # ms\nlate_ms: 4.25\nin_ms: 3\n"
    )


@given(st.floats(0, 1500).map(lambda ms: round(ms, 1)))
def test_any_number_of_milliseconds_comes_back_as_it_was_set(value: float) -> None:
    text = set_key(b'{"model": "lstm"}', "model", value, "my.yaml")

    assert parse_yaml(text, "my.yaml").values == {"model": value}


def test_windows_line_ends_stay() -> None:
    assert put("a: 1\r\nmodel: lstm\r\n") == "a: 1\r\nmodel: follower\r\n"
    assert put("a: 1\r\n") == "a: 1\r\nmodel: follower\r\n"


def test_a_byte_order_mark_stays() -> None:
    assert put("\ufeffmodel: lstm\n") == "\ufeffmodel: follower\n"
    assert put("\ufeff") == "\ufeffmodel: follower\n"


def test_letters_of_several_bytes_before_it_do_not_shift_it() -> None:
    assert put("# 🥁 Schlägel\nmodel: lstm # ä\n") == "# 🥁 Schlägel\nmodel: follower # ä\n"


def test_a_missing_key_goes_to_the_end() -> None:
    assert put("# mine\namount: 0.5\n") == "# mine\namount: 0.5\nmodel: follower\n"


def test_a_file_without_a_last_newline_gets_one_before_the_key() -> None:
    assert put("amount: 0.5") == "amount: 0.5\nmodel: follower\n"


def test_a_missing_key_is_as_far_in_as_the_others() -> None:
    assert put("  a: 1\n") == "  a: 1\n  model: follower\n"


@pytest.mark.parametrize("before", ["", "# nothing yet\n"])
def test_a_file_that_says_nothing_gets_the_key(before: str) -> None:
    assert put(before) == before + "model: follower\n"


def test_a_key_without_a_value_gets_one() -> None:
    assert put("model: # which?\na: 1\n") == "model: follower # which?\na: 1\n"


def test_a_configuration_as_json_stays_json() -> None:
    assert json.loads(put('{"a": 1, "model": "lstm"}')) == {"a": 1, "model": "follower"}
    assert json.loads(put('{"a": 1}')) == {"a": 1, "model": "follower"}
    assert json.loads(put("{}")) == {"model": "follower"}


def test_a_value_in_quotes_is_replaced_quotes_and_all() -> None:
    assert put("model: 'my lstm'  # x\n") == "model: follower  # x\n"
    assert put('model: "lstm"\n') == 'model: "follower"\n'


@pytest.mark.parametrize(
    "value", ["null", "yes", "on", "1e3", "0x1F", "~/a b.onnx", "a: b", "a #b", "ä.onnx"]
)
def test_what_yaml_would_take_for_something_else_is_quoted(value: str) -> None:
    after = put("model: lstm\n", value)

    assert yaml.safe_load(after) == {"model": value}
    assert after.count('"') == 2


def test_a_path_needs_no_quotes() -> None:
    assert put("model: lstm\n", "/home/me/a-b_c.onnx") == "model: /home/me/a-b_c.onnx\n"


@pytest.mark.parametrize(
    "before", ["model: |-\n  lstm\n", "model:\n  - a\n", "a: 1\n...\n", "model: lst\n  m\n"]
)
def test_what_cannot_be_changed_in_one_place_is_left_to_the_user(before: str) -> None:
    with pytest.raises(ConfigError, match=r"my\.yaml: cannot set model .* set it by hand to 'follower'"):
        put(before)


def test_a_file_name_that_is_no_utf_8_is_written_in_letters_that_are() -> None:
    value = os.fsdecode(b"\xff.onnx")

    after = set_key(b"model: lstm\n", "model", value, "my.yaml")

    assert after.isascii()
    assert parse_yaml(after, "my.yaml").values == {"model": value}


@pytest.mark.parametrize(("before", "said"), [(b"a: [", "not YAML"), (b"model: a\nmodel: b\n", "twice")])
def test_what_is_no_configuration_is_refused_by_its_line(before: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        set_key(before, "model", "a", "my.yaml")


def test_another_encoding_is_refused() -> None:
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        set_key("model: lstm\n".encode("utf-16"), "model", "follower", "my.yaml")


@given(st.text(min_size=1), st.sampled_from(["model: a # b\nc: 1\n", "c: 1\n", "{c: 1}", "{c: 1, model: a}"]))
def test_whatever_is_written_is_read_back_or_refused(value: str, before: str) -> None:
    try:
        after = put(before, value)
    except ConfigError:
        return

    assert yaml.safe_load(after) == {"c": 1, "model": value}
