"""The spool's format: names that sort and never collide, contents that come back as they were."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spool.format import (
    DIGITS,
    MAX_BATCHES,
    MAX_UNPACKED,
    NewerVersion,
    NotSpooled,
    Spooled,
    digit_of,
    object_name,
    pack,
    pending,
    rejected,
    time_of,
    unpack,
    unpacked_size,
)

ROOT = Path(__file__).parents[3]
BODY = b'{"__topic__":"t","__logs__":[{"a":"1","__time__":1795416071}]}'
BATCH = Spooled("webtracking-demo", "checkout", 1795416071, BODY)
ZEROS, EFS = "0" * 32, "f" * 32
ONE = {"logstore": "checkout", "received": 1795416071, "body": {"__logs__": []}}
FIELDS: dict[str, object] = {"version": 2, "project": "webtracking-demo", "batches": [ONE]}
OLD: dict[str, object] = {"version": 1, "project": "webtracking-demo", **ONE}

moments = st.integers(0, 4_000_000_000 * 1_000_000).map(lambda micros: micros / 1_000_000)


def test_a_name_is_the_time_of_receipt_and_what_makes_it_unique() -> None:
    name = object_name("webtracking-spool/", 1795416071.000001, ZEROS)
    assert name == f"webtracking-spool/pending/0/20261123T064111.000001Z-{ZEROS}.json.gz"
    assert object_name("a/b/", 0.0, EFS) == f"a/b/pending/f/19700101T000000.000000Z-{EFS}.json.gz"


@given(moments, moments)
def test_names_of_a_digit_sort_by_time(one: float, other: float) -> None:
    early, late = sorted((one, other))
    if late - early >= 2e-6:
        assert object_name("p/", early, "0" + EFS[1:]) < object_name("p/", late, ZEROS)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_name_tells_its_digit_with_and_without_its_folder(digit: str) -> None:
    name = object_name("p/", 1.5, digit + ZEROS[1:])
    assert digit_of("p/", name) == digit
    assert digit_of("p/", name.replace(f"/{digit}/", "/")) == digit  # as the first version named it


@pytest.mark.parametrize(
    "name",
    [
        f"p/pending/1/20261123T064111.000001Z-{ZEROS}.json.gz",
        f"p/pending/0/0/20261123T064111.000001Z-{ZEROS}.json.gz",
        f"p/pending/../0/20261123T064111.000001Z-{ZEROS}.json.gz",
        f"p/pending//20261123T064111.000001Z-{ZEROS}.json.gz",
        f"p/rejected/20261123T064111.000001Z-{ZEROS}.json.gz",
        f"q/pending/0/20261123T064111.000001Z-{ZEROS}.json.gz",
        f"p/pending/0/20261323T064111.000001Z-{ZEROS}.json.gz",
        "p/pending/../../x",
        "p/pending/",
        "p/pending/0/",
        "",
    ],
)
def test_a_name_that_is_none_of_the_spools_has_no_digit(name: str) -> None:
    assert digit_of("p/", name) is None


@given(moments)
def test_a_name_tells_the_time_again(moment: float) -> None:
    told = time_of(object_name("p/", moment, ZEROS))
    assert told is not None
    assert abs(told - moment) < 2e-6


@pytest.mark.parametrize(
    "name",
    [
        "",
        "p/pending/",
        "p/pending/notes.txt",
        f"p/pending/20261123T064111Z-{ZEROS}.json.gz",
        f"p/pending/20261323T064111.000001Z-{ZEROS}.json.gz",
        f"p/pending/20261123T064111.000001Z-{ZEROS}0.json.gz",
        f"p/pending/20261123T064111.000001Z-{ZEROS[1:]}.json.gz",
        f"p/pending/20261123T064111.000001Z-{ZEROS}.json.gz.bak",
        f"p/pending/20261123T064111.000001Z-{ZEROS}.json.gz\n",
    ],
)
def test_another_name_tells_no_time(name: str) -> None:
    assert time_of(name) is None


def test_a_content_is_gzip_of_the_documented_json() -> None:
    content = json.loads(gzip.decompress(pack([BATCH, BATCH._replace(logstore="clicks", received=5)])))
    assert content == {
        "version": 2,
        "project": "webtracking-demo",
        "batches": [
            {"logstore": "checkout", "received": 1795416071, "body": json.loads(BODY)},
            {"logstore": "clicks", "received": 5, "body": json.loads(BODY)},
        ],
    }


def test_what_the_first_version_held_is_read() -> None:
    content = gzip.compress(json.dumps({**OLD, "body": {"a": "é"}}, separators=(",", ":")).encode())
    body = b'{"a":"\\u00e9"}'
    assert unpack(content) == [Spooled("webtracking-demo", "checkout", 1795416071, body)]


def test_the_same_batch_is_the_same_bytes() -> None:
    assert pack([BATCH]) == pack([BATCH])
    assert pack([BATCH])[4:8] == bytes(4)  # gzip's mtime (RFC 1952, 2.3.1)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.text("abc_", max_size=5), values, max_size=4), st.integers(0, 2**33))
def test_a_batch_comes_back_byte_for_byte(body: dict[str, object], received: int) -> None:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    batch = Spooled("p-1", "l_1", received, text)
    other = BATCH._replace(project="p-1")
    assert unpack(pack([batch, other, batch])) == [batch, other, batch]


@pytest.mark.parametrize(
    ("count", "fits"), [(0, False), (1, True), (MAX_BATCHES, True), (MAX_BATCHES + 1, False)]
)
def test_an_object_holds_one_to_a_thousand_batches(count: int, fits: bool) -> None:
    content = gzip.compress(json.dumps({**FIELDS, "batches": [ONE] * count}).encode())
    if fits:
        assert len(unpack(pack([BATCH] * count))) == len(unpack(content)) == count
        return
    with pytest.raises(ValueError, match=f"{count} batches"):
        pack([BATCH] * count)
    with pytest.raises(NotSpooled, match=f"has {count} batches"):
        unpack(content)


def test_a_content_tells_its_size_before_it_is_unpacked() -> None:
    assert unpacked_size(pack([BATCH] * 3)) == len(gzip.decompress(pack([BATCH] * 3)))
    assert unpacked_size(_of_size(MAX_UNPACKED + 1)) == MAX_UNPACKED
    assert unpacked_size(b"") == 0


def _gzip(content: bytes) -> bytes:
    """The same bytes at any time of day, since a test's name is made of them."""
    return gzip.compress(content, mtime=0)


def _packed(**changes: object) -> bytes:
    return _gzip(json.dumps({**FIELDS, **changes}).encode())


def _one(**changes: object) -> bytes:
    return _packed(batches=[ONE, {**ONE, **changes}])


def _old(**changes: object) -> bytes:
    return _gzip(json.dumps({**OLD, **changes}).encode())


def _without(fields: dict[str, object], field: str) -> bytes:
    return _gzip(json.dumps({name: value for name, value in fields.items() if name != field}).encode())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"not gzip at all", "not gzip"),
        (pack([BATCH])[:-1], "truncated"),
        (pack([BATCH]) + b"x", "data after its end"),
        (pack([BATCH]) + pack([BATCH]), "data after its end"),
        (pack([BATCH])[:-8] + bytes(8), "not gzip"),  # the checksum
        (_gzip(b""), "not have the expected format"),
        (_gzip(b"[]"), "not have the expected format"),
        (_gzip(b'{"version":1'), "not have the expected format"),
        (_gzip(b"[" * 200_000), "not have the expected format"),
        (_packed(version=3), "version 3; supported are 1 and 2"),
        (_packed(version="2"), "not have the expected format"),
        (_packed(version=None), "not have the expected format"),
        (_packed(project=None), "not have the expected format"),
        (_packed(batches={}), "not have the expected format"),
        (_packed(more=1), "not have the expected format"),
        (_one(received=1.5), "not have the expected format"),
        (_one(received="1"), "not have the expected format"),
        (_one(more=1), "not have the expected format"),
        (_one(body=[]), "not a JSON object"),
        (_one(body="{}"), "not a JSON object"),
        (_old(received="1"), "not have the expected format"),
        (_old(more=1), "not have the expected format"),
        (_old(body=[]), "not a JSON object"),
        *((_without(FIELDS, field), "not have the expected format") for field in FIELDS),
        *((_without(OLD, field), "not have the expected format") for field in OLD),
    ],
)
def test_content_of_another_format_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotSpooled, match=re.escape(why)):
        unpack(data)


@pytest.mark.parametrize(("version", "newer"), [(3, True), (99, True), (0, False), (-1, False)])
def test_a_version_is_newer_or_none_at_all(version: int, newer: bool) -> None:
    for data in (_packed(version=version), _gzip(b'{"version":%d,"and":"more"}' % version)):
        with pytest.raises(NotSpooled) as refused:
            unpack(data)
        assert isinstance(refused.value, NewerVersion) is newer


def test_a_bomb_is_not_unpacked_to_its_end() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(NotSpooled, match="more than 8388608 bytes"):
            unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_UNPACKED
    finally:
        tracemalloc.stop()


def _of_size(size: int) -> bytes:
    """Return a packed object whose JSON has exactly `size` bytes."""
    bare = len(json.dumps(FIELDS, separators=(",", ":")))
    body = {"__logs__": [], "x": "y" * (size - bare - len(',"x":""'))}
    filled = {**FIELDS, "batches": [{**ONE, "body": body}]}
    text = json.dumps(filled, separators=(",", ":")).encode()
    assert len(text) == size
    return gzip.compress(text, 1, mtime=0)


def test_8_mb_of_json_are_unpacked_and_a_byte_more_is_not() -> None:
    assert unpack(_of_size(MAX_UNPACKED))[0].logstore == "checkout"
    with pytest.raises(NotSpooled, match="more than 8388608 bytes"):
        unpack(_of_size(MAX_UNPACKED + 1))


def test_pending_objects_are_found_by_their_prefix() -> None:
    assert object_name("p/", 1.0, ZEROS).startswith(pending("p/"))
    assert not object_name("p/", 1.0, ZEROS).startswith(rejected("p/"))


def test_importing_the_format_leaves_zlib_out() -> None:
    code = "import sys, shared.spool.format; print('zlib' in sys.modules)"
    bare = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; print('zlib' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == bare.stdout == "False\n"
