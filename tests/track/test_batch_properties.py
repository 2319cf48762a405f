"""Properties: of any batch, of any bytes, of any pairs."""

from __future__ import annotations

import gzip
import json
import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from functions.track.body import read_batch
from functions.track.query import encoded_size, read_pairs
from functions.track.slow_path import read_slowly
from functions.track.text import number_text
from shared.http.errors import ApiError
from tests.support.fc import context
from tests.track.support import KEY_ID, SECRET, TRACK, Track, body_of, fields_of, timeless

CREDENTIALS = SimpleNamespace(access_key_id=KEY_ID, access_key_secret=SECRET, security_token=None)
OWN = {
    "client_ip",
    "user_agent",
    "referer",
    "subject",
    "batch_id",
    "bot",
    "__client_ip__",
    "__receive_time__",
}
SLS_OWN = {
    *("__source__", "__topic__", "__time__", "__time_ns__", "__partition_time__", "_extract_others_"),
    *("__extract_others__", "__pack_id__", "__hostname__", "__path__", "__client_ip__", "__receive_time__"),
}
BLANKS = " \u00a0\u3000\u200b\ufeff"

# Surrogates included: json.dumps escapes them one by one, as a page does.
texts = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(["client_ip", "__time__", ""])
names = st.text(st.characters(codec=None, exclude_categories=["Cc", "Cf"]), max_size=12) | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(["", "__tag__:", "__TAG__:__tag__:", "__tag__: __tag__:"]),
    st.sampled_from(sorted(OWN | SLS_OWN)).flatmap(lambda name: st.sampled_from([name, name.title()])),
    st.sampled_from(["", " ", "x"]),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
batches = st.fixed_dictionaries(
    {"__logs__": st.lists(st.dictionaries(names, values, max_size=4), max_size=4)},
    optional={
        "__topic__": values,
        "__source__": values,
        "__tags__": st.none() | st.dictionaries(names, values, max_size=4) | st.lists(values, max_size=3),
        "other": values,
    },
)


def _post(track: Track, body: str | bytes, **headers: str) -> int:
    given_ = context(60, credentials=CREDENTIALS)
    return track.send("POST", TRACK, body, headers=headers, given=given_).status


def _whole(text: str) -> str:
    """Return text converted to UTF-16 and back: pairs joined, lone surrogates replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text(value: Any) -> str:
    """Return text unchanged, a number as by String(), other values as their JSON text."""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, float):
        return number_text(value)
    return _whole(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _is_free(name: str, *, tag: bool) -> bool:
    """Whether a client may set a field or tag of this name."""
    for blank in BLANKS:
        name = name.replace(blank, "")
    bare = re.sub("(?i)__tag__:", "", name)
    is_tag = tag or re.match("(?i)__tag__:", name)
    return name.replace("__tag__:", "") not in SLS_OWN and not (is_tag and bare.lower() in OWN)


def _loaded(text: str) -> Any:
    """Parse JSON text, distinguishing numbers from their text form."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _oracle(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the expected forwarded body of a batch, by the contract's rules."""
    batch = json.loads(json.dumps(sent))  # as parsed: the last of equal keys
    tags = batch.get("__tags__") or {}
    tags = dict(enumerate(tags)) if isinstance(tags, list) else tags
    kept = {_whole(str(name)): _text(tag) for name, tag in tags.items()}
    expected: dict[str, Any] = {
        "__tags__": {
            **{name: tag for name, tag in kept.items() if _is_free(name, tag=True)},
            "client_ip": "203.0.113.77",
        },
        "__logs__": [
            {_whole(name): _text(value) for name, value in log.items() if _is_free(_whole(name), tag=False)}
            for log in batch["__logs__"]
        ],
    }
    shared = {name: _text(batch[name]) for name in ("__topic__", "__source__") if batch.get(name) is not None}
    return {**expected, **shared}


def _unescaped(body: Any) -> Any:
    """Return a batch with JSON texts parsed, because a character can be written in many ways."""
    if isinstance(body, dict):
        return {name: _unescaped(member) for name, member in body.items()}
    if isinstance(body, list):
        return [_unescaped(member) for member in body]
    return _loaded(body) if isinstance(body, str) and body[:1] in "[{" else body


@given(batches)
@example({"__logs__": [{"__tag__:client_ip": "9.9.9.9"}], "__tags__": {"client_ip": "9.9.9.9"}})
@example({"__logs__": [{"a": "\ud83d\ude00", "b": "\ude00\ud83d"}]})
@example({"__logs__": [{"": {"\ud800": None}}]})
def test_any_batch_is_forwarded_by_the_rules(steady: Track, batch: dict[str, Any]) -> None:
    steady.forwarded.clear()
    assert _post(steady, json.dumps(batch)) == 200
    forwarded = [_unescaped(timeless(body_of(received))) for received in steady.forwarded]
    assert forwarded == ([_unescaped(_oracle(batch))] if batch["__logs__"] else [])


@given(batches)
def test_a_compressed_batch_is_forwarded_like_a_plain_one(steady: Track, batch: dict[str, Any]) -> None:
    steady.forwarded.clear()
    body = json.dumps(batch)
    assert (
        _post(steady, body)
        == _post(steady, gzip.compress(body.encode()), **{"Content-Encoding": "gzip"})
        == 200
    )
    bodies = [timeless(body_of(received)) for received in steady.forwarded]
    assert len(bodies) == (2 if batch["__logs__"] else 0)
    assert bodies[:1] == bodies[1:]


fragments = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b'"',
        b'"__logs__"',
        b'"__tags__"',
        b"null",
        b"1e999",
        b"-0",
        b"\\",
        b"\\ud800",
        b"\xff",
        b"\xed\xa0\x80",
        b"a",
        b" ",
        b"\0",
    ]
)
hostile = st.binary(max_size=200) | st.lists(fragments, max_size=40).map(b"".join)


@given(
    hostile | hostile.map(lambda end: b'{"__logs__":[{"a":' + end),
    st.sampled_from(
        [{}, {"Content-Encoding": "gzip"}, {"x-log-compresstype": "lz4"}, {"Content-Encoding": "deflate"}]
    ),
)
def test_any_bytes_are_forwarded_or_refused_without_an_internal_error(
    steady: Track, body: bytes, headers: dict[str, str]
) -> None:
    steady.forwarded.clear()
    status = _post(steady, body, **headers)
    assert status in (200, 400, 413)
    assert status == 200 or steady.forwarded == []


pairs = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(pairs)
@example({})
@example({"": ""})
@example({"a b~*": "é+&=%"})
def test_the_size_of_pairs_is_that_of_urlencode(fields: dict[str, str]) -> None:
    assert encoded_size(fields) == len(urlencode(fields))


@given(pairs)
def test_pairs_become_one_log(fields: dict[str, str]) -> None:
    batch = read_pairs({"APIVersion": "0.6.0", "__topic__": "T", **fields})
    reserved = ("APIVersion", "__topic__", "__source__")
    free = {name: value for name, value in fields.items() if _is_free(name, tag=False)}
    assert fields_of(batch) == [{name: value for name, value in free.items() if name not in reserved}]
    assert batch.topic == fields.get("__topic__", "T")
    assert batch.source == fields.get("__source__")


@given(
    st.fixed_dictionaries(
        {"__logs__": st.lists(st.dictionaries(names | texts, texts, max_size=4), max_size=4)},
        optional={
            "__topic__": st.none() | texts,
            "__source__": st.none() | texts,
            "__tags__": st.none() | st.dictionaries(names | texts, texts, max_size=4),
        },
    ),
    st.booleans(),
)
def test_a_body_of_text_is_read_the_same_in_either_way(body: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "replace")
    try:
        wanted: object = read_slowly(text)
    except ApiError as refusal:
        wanted = refusal.message
    try:
        found: object = read_batch(text)
    except ApiError as refusal:
        found = refusal.message
    assert found == wanted
