"""Values that are not text, in JavaScript's form; compared with Node.js, if installed."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.track.body import read_batch
from functions.track.text import number_text
from tests.track.support import Track

NODE = shutil.which("node")
KNOWN = {
    0.0: "0",
    1.0: "1",
    -1.5: "-1.5",
    0.1: "0.1",
    100.0: "100",
    123456789012345680000.0: "123456789012345680000",
    1e21: "1e+21",
    999999999999999900000.0: "999999999999999900000",
    1.5e300: "1.5e+300",
    1e-6: "0.000001",
    1e-7: "1e-7",
    -1.25e-9: "-1.25e-9",
    0.00001234: "0.00001234",
    5e-324: "5e-324",
    1.7976931348623157e308: "1.7976931348623157e+308",
    9007199254740993.0: "9007199254740992",
}


def _doubles(count: int) -> list[float]:
    """Return doubles of all magnitudes: any bits, decimals as people write them, powers of ten."""
    source = random.Random(20261123)
    any_bits = (struct.unpack("<d", source.randbytes(8))[0] for _ in range(count))
    decimals = (round(source.uniform(-1e6, 1e6), source.randrange(12)) for _ in range(count))
    powers = (source.choice((1.0, -1.0, 1.2345)) * 10.0**exponent for exponent in range(-323, 309))
    return [number for number in (*any_bits, *decimals, *powers) if math.isfinite(number)]


@pytest.mark.parametrize(("number", "text"), [*KNOWN.items(), (-0.0, "0")], ids=lambda value: repr(value))
def test_a_known_number_is_written_as_javascript_does(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_many_numbers_are_written_as_node_does() -> None:
    numbers = [*KNOWN, *_doubles(20_000)]
    script = "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')).map(String)))"
    # `repr` gives the shortest digits of the same double, so Node.js reads the same value.
    listed = "[" + ",".join(repr(number) for number in numbers) + "]"
    answer = subprocess.run(
        [str(NODE), "-e", script], input=listed, capture_output=True, text=True, check=True
    )
    expected = json.loads(answer.stdout)
    assert [number_text(number) for number in numbers] == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_as_text_is_the_same_number_read_again(number: float) -> None:
    assert float(number_text(number)) == number


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_cannot_represent_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        number_text(number)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("1E2", "100"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1e-999", "0"),
        ("1e21", "1e+21"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551616", "18446744073709551616"),
        ("-" + "9" * 40, "-" + "9" * 40),
        ("1" * 1000, "1" * 1000),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("{}", "{}"),
        ("[]", "[]"),
        ('{"b": 1.0, "a": [null, true, "x\\"y"]}', '{"b":1.0,"a":[null,true,"x\\"y"]}'),
        ('["☃", 1e21, 123456789012345678901234567890]', '["☃",1e21,123456789012345678901234567890]'),
        ('{"a":1,"a":2,"\\u0041":"\\ud83d\\ude00"}', '{"a":1,"a":2,"\\u0041":"\\ud83d\\ude00"}'),
        ("1e16", "10000000000000000"),
        ("-1.25e20", "-125000000000000000000"),
        ("-1.25E-6", "-0.00000125"),
        ("1e-6", "0.000001"),
        ('""', ""),
        ('"1.50"', "1.50"),
    ],
)
def test_a_value_reaches_the_log_the_tag_and_the_topic_as_text(written: str, text: str, track: Track) -> None:
    body = f'{{"__logs__":[{{"v":{written}}}],"__tags__":{{"v":{written}}}}}'
    assert track.post(body).status == 200
    assert track.last()["__logs__"][0]["v"] == text
    assert track.last()["__tags__"]["v"] == text
    assert track.post(f'{{"__logs__":[{{}}],"__topic__":{written},"__source__":{written}}}').status == 200
    expected = (None, None) if written == "null" else (text, text)
    assert (track.last().get("__topic__"), track.last().get("__source__")) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(json_values.filter(lambda value: isinstance(value, (dict, list))), st.sampled_from([None, 1]))
def test_an_object_or_array_stays_the_json_it_is_without_its_whitespace(
    value: Any, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    batch = read_batch(f'{{"__logs__":[{{"v":{text}}}],"__tags__":[{text}],"__topic__":{text}}}'.encode())
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert [json.loads(log) for log in batch.logs] == [{"v": text}]
    assert (batch.tags, batch.topic) == ({"0": text}, text)
