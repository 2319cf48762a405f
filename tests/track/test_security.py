"""Hostile paths, methods and events never reach SLS; secrets and stack traces never an answer or the log."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.track import delivery
from tests.support.fc import context
from tests.support.raw_server import sls_error
from tests.track.support import KEY_ID, LOGSTORE, SECRET, TOKEN, TRACK, Start, Track

ONE = '{"__logs__":[{"a":"1"}]}'


@pytest.mark.parametrize(
    "name",
    [
        "other",
        "web-tracking-logstor",
        "web-tracking-logstore2",
        "Web-Tracking-Logstore",
        "WEB-TRACKING-LOGSTORE",
        "..",
        ".",
        "%2e%2e",
        "%2E",
        "%2F",
        "web%2Dtracking-logstore",
        "web-tracking-logstore%00",
        "web-tracking-logstore%2Fshards%2Flb",
        "web-tracking-logstore%0d%0aHost:%20evil",
        "web-tracking-logstore ",
        " web-tracking-logstore",
        "web-tracking-logstore\n",
        "web-tracking-logstore\r\nx: y",
        "web-tracking-logstore\0",
        "web-tracking-logstore;x",
        "web-tracking-logstore?x=1",
        "web-tracking-logstore#x",
        "web-tracking-logstore,checkout",
        "web-tracking-logstore@evil",
        "ｗeb-tracking-logstore",
        "\\",
        "x" * 4000,
    ],
    ids=lambda name: repr(name[:40]),
)
def test_a_logstore_that_is_not_configured_does_not_exist(name: str, track: Track) -> None:
    for method, end in (("POST", "track"), ("GET", "track"), ("GET", "track.gif"), ("GET", "track_ua.gif")):
        reply = track.send(
            method, f"/logstores/{name}/{end}", ONE if method == "POST" else "", query={"a": "1"}
        )
        assert (reply.status, reply.headers["x-log-errorcode"]) == (404, "LogStoreNotExist")
        assert name not in reply.body.decode("latin-1") or len(name) < 3
    assert track.forwarded == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/logstores",
        "/logstores/",
        "/logstores//track",
        f"/logstores/{LOGSTORE}",
        f"/logstores/{LOGSTORE}/",
        f"{TRACK}/",
        f"{TRACK}/..",
        f"{TRACK}%2F",
        f"{TRACK}.gif/",
        f"{TRACK}.GIF",
        f"{TRACK}_ua",
        f"{TRACK}\n",
        f"/logstores/{LOGSTORE}/Track",
        f"/Logstores/{LOGSTORE}/track",
        f"/logstores/{LOGSTORE}/shards/lb",
        f"/logstores/{LOGSTORE}/../other/track",
        f"/logstores/{LOGSTORE}%2Ftrack",
        f"/logstores%2F{LOGSTORE}/track",
        f"logstores/{LOGSTORE}/track",
        f"http://evil.example/logstores/{LOGSTORE}/track#",
        "/healthz/",
        "/healthz%00",
        "/xhealthz",
    ],
)
def test_a_path_of_another_form_is_not_found(path: str, track: Track) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = track.send(method, path, ONE, query={"a": "1"})
        assert (reply.status, reply.code) == (404, "NotFound")
    assert track.forwarded == []


@pytest.mark.parametrize(
    "prefix",
    ["", "/", "//", "/a", "/a/b//c", "/..", "/%2e%2e", "/logstores/x", "/é", "//evil.example", "/logstores"],
)
def test_any_prefix_is_accepted_and_never_forwarded(prefix: str, track: Track) -> None:
    assert track.send("POST", prefix + TRACK, ONE).status == 200
    assert track.forwarded[0].line == f"POST /logstores/{LOGSTORE}/shards/lb HTTP/1.1"


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "get", "POST ", "", "x" * 1000]
)
def test_another_method_is_not_supported(method: str, track: Track) -> None:
    for path, allowed in (
        (TRACK, "GET, POST, OPTIONS"),
        (f"{TRACK}.gif", "GET, OPTIONS"),
        ("/healthz", "GET, OPTIONS"),
    ):
        reply = track.send(method, path, ONE)
        assert (reply.status, reply.headers["allow"]) == (405, allowed)
        assert reply.headers["x-log-errorcode"] == "MethodNotSupported"
    assert track.forwarded == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"triggerTime":"2026-11-23T06:41:11Z"}',
        b'{"requestContext":{}}',
    ],
    ids=repr,
)
def test_an_event_of_another_trigger_is_not_found(payload: bytes, track: Track) -> None:
    reply = track.raw(payload, context())
    assert (reply.status, reply.code) == (404, "NotFound")
    assert track.forwarded == []


@given(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.from_regex(r"/?[a-z./%]{0,10}/logstores/[a-z./%-]{0,12}/track(\.gif)?"),
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]),
    st.dictionaries(
        st.sampled_from(["Origin", "Referer", "User-Agent", "Content-Encoding", "x"]), st.text(max_size=20)
    ),
)
def test_any_request_gets_an_answer_of_the_contract(
    steady: Track, path: str, method: str, headers: dict[str, str]
) -> None:
    steady.forwarded.clear()
    reply = steady.send(method, path, ONE, headers=headers)
    assert reply.status in (200, 400, 403, 404, 405)
    assert steady.forwarded == []  # none of these is a configured Logstore


def test_no_secret_is_in_any_answer_or_log_line(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    private = "private-body-5521"
    scripts: list[tuple[bytes, ...]] = [
        (),
        (sls_error(401, "Unauthorized"),),
        (sls_error(404, "ProjectNotExist"),),
        (sls_error(500, "X"),),
    ]
    said = []
    for script in scripts:
        track = start(*script)
        for body in (f'{{"__logs__":[{{"a":"{private}"}}]}}', f'{{"__logs__":["{private}"]}}', private, ""):
            reply = track.post(body, Cookie=f"session={private}", Authorization=private)
            said.append(f"{reply.headers}{reply.body!r}")
    for secret in (KEY_ID, SECRET, TOKEN, private):
        assert secret not in caplog.text
        assert not any(secret in reply for reply in said)
    assert caplog.records


def test_a_bug_is_answered_500_and_its_stack_is_for_the_log_alone(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("private-words")

    track = start()
    monkeypatch.setattr(delivery, "outcome", broken)
    reply = track.post(ONE)
    assert (reply.status, reply.code) == (500, "InternalServerError")
    for word in ("ZeroDivision", "private-words", "broken", ".py"):
        assert word not in f"{reply.headers}{reply.body!r}"
    line = json.loads(caplog.records[-1].getMessage())
    assert "broken" in line["detail"]
    assert "ZeroDivisionError" in line["detail"]
    assert "private-words" not in caplog.text
