"""Valid and invalid bodies of a POST."""

from __future__ import annotations

import json

import pytest
from pytest_mock import MockerFixture

from functions.track import body, slow_path
from functions.track.limits import MAX_NESTED
from tests.support.fc import context, event
from tests.track.support import TRACK, Track, fields_of, timeless

ONE = '{"__logs__":[{"a":"1"}]}'
SENDER = {"client_ip": "203.0.113.77"}
MANY = "0," * (MAX_NESTED + 1) + "0"


def _stored(track: Track, body: str | bytes) -> dict[str, object]:
    """Post a body that is accepted, and return what was forwarded."""
    before = len(track.forwarded)
    assert track.post(body).status == 200
    assert len(track.forwarded) == before + 1
    return timeless(track.last())


@pytest.mark.parametrize(
    ("body", "logs"),
    [
        ('{"__logs__":[{}]}', [{}]),
        ('{"__logs__":[{"":""}]}', [{"": ""}]),
        ('{"__logs__":[{"":1}]}', [{"": "1"}]),
        ('{"__logs__":[{},{"a":"1"},{}]}', [{}, {"a": "1"}, {}]),
        ('{"__logs__":[{"a":"\\u0000b"}]}', [{"a": "\0b"}]),
        ('{"__logs__":[{"a":"\\ud800"}]}', [{"a": "�"}]),
        ('{"__logs__":[{"a":"\\uDFFF\\uD83D"}]}', [{"a": "��"}]),
        ('{"__logs__":[{"\\ud800k":"\\ud83d\\ude00"}]}', [{"�k": "😀"}]),
        ('{"__logs__":[{"a":"\\\\ud800"}]}', [{"a": "\\ud800"}]),
        ('{"__logs__":[{"a":"\\\\\\ud800"}]}', [{"a": "\\�"}]),
        ('{"__logs__":[{"a":"1","a":"2"}]}', [{"a": "2"}]),
        ('{"__logs__":[{"a":"1"}],"__logs__":[{"b":"2"}]}', [{"b": "2"}]),
        ('{"__logs__":[5],"__logs__":[{"b":"2"}]}', [{"b": "2"}]),
        ('{"unknown":{"x":[1]},"__logs__":[{"a":"1"}],"__time__":5}', [{"a": "1"}]),
        ('{"__logs__":[{"__time__":1},{"__time__":"2"},{"__time__":null},{}]}', [{}, {}, {}, {}]),
        (" \r\n\t" + ONE + "\n ", [{"a": "1"}]),
        ("\ufeff" + ONE, [{"a": "1"}]),
    ],
)
def test_what_an_sdk_can_send_is_accepted(body: str, logs: list[dict[str, str]], track: Track) -> None:
    assert _stored(track, body) == {"__tags__": SENDER, "__logs__": logs}
    assert _stored(track, body.encode()) == {"__tags__": SENDER, "__logs__": logs}


@pytest.mark.parametrize(
    ("tags", "stored"),
    [
        ("{}", {}),
        ("null", {}),
        ("[]", {}),
        ('["a",null,{"x":1}]', {"0": "a", "1": "null", "2": '{"x":1}'}),
        ('{"n":1.50,"t":true,"z":null,"":"e"}', {"n": "1.5", "t": "true", "z": "null", "": "e"}),
        ('{"\\udc00":"\\udc00"}', {"�": "�"}),
    ],
)
def test_tags_become_text(tags: str, stored: dict[str, str], track: Track) -> None:
    body = f'{{"__logs__":[{{"a":"1"}}],"__tags__":{tags}}}'
    assert _stored(track, body)["__tags__"] == {**stored, **SENDER}


def test_a_topic_and_a_source_of_null_count_as_absent(track: Track) -> None:
    stored = _stored(track, '{"__logs__":[{}],"__topic__":null,"__source__":null}')
    assert set(stored) == {"__logs__", "__tags__"}


def test_an_empty_topic_stays_an_empty_topic(track: Track) -> None:
    assert _stored(track, '{"__logs__":[{}],"__topic__":""}')["__topic__"] == ""


@pytest.mark.parametrize("more", ["", ',"__tags__":{"a":1}', ',"__topic__":5,"x":[1]'])
def test_a_batch_without_logs_is_answered_200_and_not_forwarded(more: str, track: Track) -> None:
    reply = track.post(f'{{"__logs__":[]{more}}}')
    assert (reply.status, reply.body) == (200, b"")
    assert track.forwarded == []


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain;charset=UTF-8",
        "application/json",
        "application/x-protobuf",
        "image/png",
        "",
        "multipart/form-data",
    ],
)
def test_the_content_type_does_not_matter(content_type: str, track: Track) -> None:
    assert track.post(ONE, Content_Type=content_type).status == 200
    assert timeless(track.last())["__logs__"] == [{"a": "1"}]


def test_a_body_without_any_content_type_is_read_too(track: Track) -> None:
    assert track.send("POST", TRACK, ONE, query={}).status == 200
    assert len(track.forwarded) == 1


@pytest.mark.parametrize("size", ["0", "17", "999999", "x"])
def test_the_raw_size_that_a_client_claims_does_not_matter(size: str, track: Track) -> None:
    assert track.post(ONE, x_log_bodyrawsize=size).status == 200
    assert track.forwarded[0].headers["x-log-bodyrawsize"] == str(len(track.forwarded[0].body))


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "\ufeff",
        "\ufeff\ufeff" + ONE,
        "null",
        "true",
        "5",
        '"text"',
        "[]",
        "{}",
        "a=1&b=2",
        "<xml/>",
        ONE[:-1],
        ONE[:20],
        ONE + "x",
        ONE + ONE,
        ONE + "\0",
        ONE.replace('"', "'"),
        '{"__logs__":[{"a":"1",}]}',
        '{"__logs__":[{a:"1"}]}',
        '{"__logs__":[{"a":NaN}]}',
        '{"__logs__":[{"a":Infinity}]}',
        '{"__logs__":[{"a":-Infinity}]}',
        '{"__logs__":[{"a":1e999}]}',
        '{"__logs__":[{"a":-1e999}]}',
        '{"__logs__":[{}],"__tags__":{"a":1e400}}',
        '{"__logs__":[{}],"unknown":1e400}',
        '{"__logs__":[{"a":01}]}',
        '{"__logs__":[{"a":+1}]}',
        '{"__logs__":[{"a":1.}]}',
        '{"__logs__":[{"a":0x10}]}',
        '{"__logs__":[{"a":' + "1" * 5000 + "}]}",
        '{"__logs__":[{"a":"\n"}]}',
        '{"__logs__":[{"a":"\\x"}]}',
        '{"__logs__":[{"a":"\\u12"}]}',
        '{"__logs__":[{"a":"\\ud83"}]}',
        '{"__logs__":{}}',
        '{"__logs__":null}',
        '{"__logs__":"x"}',
        '{"__logs__":[null]}',
        '{"__logs__":[[]]}',
        '{"__logs__":[{}],"__tags__":"x"}',
        '{"__logs__":[{}],"__tags__":5}',
        '{"__logs__":[{}],"__tags__":true}',
        '{"__topic__":"x"}',
        "[" * 100_000,
        '{"__logs__":[{"a":' + "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"__logs__":[{"a":' + "[" * 100_000 + "]" * 100_000 + "}]}",
        "[{" * 50_000,
        "\\" * 100_000,
    ],
    ids=lambda body: repr(body[:24]) + str(len(body)),
)
def test_an_invalid_batch_is_refused(body: str, track: Track) -> None:
    for sent in (body, body.encode()):
        reply = track.post(sent)
        assert (reply.status, reply.code) == (400, "PostBodyInvalid")
        assert len(reply.json()["errorMessage"]) < 300
    assert track.forwarded == []


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\xff\xfe{\x00}\x00",
        ONE.encode("utf-16"),
        ONE.encode("utf-32"),
        b'{"__logs__":[{"a":"\xff"}]}',
        b'{"__logs__":[{"\xff":"1"}]}',
        b'{"__logs__":[{"a":1,"b":"\xff"}]}',
        b'{"__logs__":[{"a":"\xed\xa0\x80"}]}',
        b'{"__logs__":[{"a":"\xc0\x80"}]}',
        b'{"__logs__":[{"a":"\xf4\x90\x80\x80"}]}',
        b'{"__logs__":[{"a":"\xe2\x98"}]}',
        b'{"__logs__":[{}],"unknown":"\xff"}',
        b'{"__logs__":[{}],"\xff":1}',
        b'{"__logs__":[{}],"__tags__":{"\xff":"1"}}',
        b'{"__logs__":[{}],"__topic__":"\xff"}',
        '{"__logs__":[{"a":"é"}]}'.encode("latin-1"),
    ],
    ids=repr,
)
def test_a_body_that_is_not_utf8_is_refused(body: bytes, track: Track) -> None:
    reply = track.post(body)
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert track.forwarded == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"__logs__":[{},{},{},5]}', "`$.__logs__[3]`"),
        ('{"__logs__":[{"a":1},null]}', "`$.__logs__[1]`"),
        ('{"__logs__":[{},[]],"x":1}', "`$.__logs__[1]`"),
        ('{"__logs__":7}', "`$.__logs__`"),
        ('{"__logs__":[],"__tags__":"x"}', "`$.__tags__`"),
        ('{"__topic__":"T"}', "`__logs__`"),
        (f'{{"__logs__":[],"__topic__":[{MANY}]}}', "$.__topic__ has more than"),
        (f'{{"__logs__":[],"__source__":[{MANY}]}}', "$.__source__ has more than"),
        ("", "the body is empty"),
        ("\ufeff", "the body is empty"),
    ],
    ids=lambda given: given[:40],
)
def test_the_message_says_where_the_shape_is_wrong(body: str, path: str, track: Track) -> None:
    reply = track.post(body)
    assert reply.code == "PostBodyInvalid"
    assert path in reply.json()["errorMessage"]


def test_a_request_is_refused_whole(track: Track) -> None:
    logs: list[object] = [{"a": "1"}] * 4095
    assert track.post(json.dumps({"__logs__": [*logs, "x"]})).status == 400
    assert track.forwarded == []


def test_invalid_base64_is_an_empty_body(track: Track) -> None:
    broken = json.loads(event("POST", TRACK, b"x"))
    broken["body"] = "A"
    reply = track.raw(json.dumps(broken).encode(), context())
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")


@pytest.mark.parametrize(
    "member", ["", ',"__topic__":"t"', ',"__source__":"s"', ',"__topic__":null', ',"__tags__":{"k":"v"}']
)
def test_the_sdks_usual_bodies_take_the_fast_path(member: str, mocker: MockerFixture) -> None:
    slow = mocker.spy(slow_path, "read_slowly")
    read = body.read_batch(f'{{"__logs__":[{{"a":"1"}},{{}}]{member}}}'.encode())
    assert fields_of(read) == [{"a": "1"}, {}]
    assert slow.call_count == 0
    body.read_batch(b'{"__logs__":[{"a":1}]}')
    assert slow.call_count == 1
