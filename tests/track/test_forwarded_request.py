"""The request to SLS: its own headers, a valid signature, and only the logs from the client."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from shared.alibaba.signature_v4 import SLS, signed_headers
from shared.credentials import Credentials
from tests.support.fc import context
from tests.support.raw_server import Received
from tests.track.support import KEY_ID, LOGSTORE, SECRET, TOKEN, TRACK, Start, Track

ONE = '{"__logs__":[{"a":"1"}]}'
HOSTILE = {
    "Host": "evil.example",
    "Authorization": "LOG evil:signature",
    "Cookie": "session=private",
    "Content-Length": "5",
    "Transfer-Encoding": "chunked",
    "Connection": "upgrade",
    "X-Forwarded-For": "9.9.9.9",
    "x-log-date": "Mon, 23 Nov 2026 00:48:59 GMT",
    "x-log-apiversion": "9.9.9",
    "x-log-signaturemethod": "none",
    "x-log-mode": "private",
    "x-acs-security-token": "evil-token",
    "Content-MD5": "00",
    "Content-Type": "text/plain",
}


def _signature_of(received: Received, token: str | None, secret: str = SECRET) -> str:
    """Return the expected Authorization, computed from the received request."""
    method, path, _ = received.line.split()
    date = received.headers["x-log-date"]
    now = time.mktime(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.timezone
    covered = {
        name: received.headers[name]
        for name in ("content-type", "host", "x-log-apiversion", "x-log-bodyrawsize")
    }
    return signed_headers(
        SLS,
        method,
        path,
        {},
        covered,
        received.body,
        credentials=Credentials(KEY_ID, secret, token),
        region="cn-hangzhou",
        now=now,
    )["Authorization"]


def test_a_signed_write_is_put_logs_with_a_signature_that_holds(track: Track) -> None:
    assert track.post(ONE).status == 200
    (received,) = track.forwarded
    assert received.line == f"POST /logstores/{LOGSTORE}/shards/lb HTTP/1.1"
    assert received.headers["authorization"] == _signature_of(received, TOKEN)
    assert received.headers["x-acs-security-token"] == TOKEN
    assert received.headers["host"] == f"127.0.0.1:{track.upstream.port}"
    assert set(received.headers) == {
        "host",
        "content-length",
        "content-type",
        "x-log-apiversion",
        "x-log-bodyrawsize",
        "x-log-date",
        "x-log-content-sha256",
        "x-acs-security-token",
        "authorization",
    }


def test_an_anonymous_write_is_put_webtracking_and_carries_no_credentials(start: Start) -> None:
    track = start(SLS_WRITE="anonymous")
    assert track.post(ONE).status == 200
    (received,) = track.forwarded
    assert received.line == f"POST /logstores/{LOGSTORE}/track HTTP/1.1"
    assert set(received.headers) == {
        "host",
        "content-length",
        "content-type",
        "x-log-apiversion",
        "x-log-bodyrawsize",
    }


@pytest.mark.parametrize("mode", ["signed", "anonymous"])
def test_nothing_of_a_clients_headers_reaches_sls(mode: str, start: Start) -> None:
    track = start(SLS_WRITE=mode)
    assert track.send("POST", TRACK, ONE, headers=HOSTILE, query={"x-log-mode": "private"}).status == 200
    (received,) = track.forwarded
    sent = "\n".join((received.line, *(f"{name}: {value}" for name, value in received.headers.items())))
    for value in (
        *(value for value in HOSTILE.values() if len(value) > 4),
        "cookie",
        "content-md5",
        "x-log-mode",
        "x-forwarded-for",
    ):
        assert value not in sent
    assert (
        received.headers["content-length"] == received.headers["x-log-bodyrawsize"] == str(len(received.body))
    )
    assert received.headers["content-type"] == "application/json"


def test_a_long_term_key_is_signed_without_a_token(start: Start) -> None:
    track = start(ALIBABA_CLOUD_SECURITY_TOKEN="")
    assert track.post(ONE).status == 200
    (received,) = track.forwarded
    assert "x-acs-security-token" not in received.headers
    assert received.headers["authorization"] == _signature_of(received, None)


def test_the_contexts_credentials_go_before_the_environments(track: Track) -> None:
    own = SimpleNamespace(
        access_key_id=KEY_ID, access_key_secret="context-secret", security_token="context-token"
    )
    assert track.send("POST", TRACK, ONE, given=context(credentials=own)).status == 200
    (received,) = track.forwarded
    assert received.headers["x-acs-security-token"] == "context-token"
    assert received.headers["authorization"] == _signature_of(received, "context-token", "context-secret")


def test_credentials_that_fc_replaces_are_seen_by_the_next_request(
    track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert track.post(ONE).status == 200
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "the-next-token")
    assert track.post(ONE).status == 200
    tokens = [received.headers["x-acs-security-token"] for received in track.forwarded]
    assert tokens == [TOKEN, "the-next-token"]


@pytest.mark.parametrize("missing", ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
def test_without_credentials_the_answer_is_500_and_the_log_says_what_is_missing(
    missing: str, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    track = start(**{missing: ""})
    reply = track.post(ONE)
    assert (reply.status, reply.code) == (500, "InternalServerError")
    assert "ALIBABA" not in reply.body.decode()
    assert missing in caplog.text
    assert track.forwarded == []


def test_anonymous_mode_needs_no_credentials(start: Start) -> None:
    track = start(SLS_WRITE="anonymous", ALIBABA_CLOUD_ACCESS_KEY_ID="", ALIBABA_CLOUD_ACCESS_KEY_SECRET="")
    assert track.post(ONE).status == 200
    assert len(track.forwarded) == 1


def test_every_log_gets_the_time_of_receipt_whatever_the_client_says(track: Track) -> None:
    before = int(time.time())
    body = '{"__logs__":[{"__time__":1},{"__time__":"2"},{"a":"1"},{"__time__":{"x":1}}]}'
    assert track.post(body).status == 200
    times = [log["__time__"] for log in track.last()["__logs__"]]
    assert len(set(times)) == 1
    assert before <= times[0] <= time.time()


def test_the_region_of_the_signature_is_a_setting(start: Start) -> None:
    track = start(SLS_REGION="eu-central-1")
    assert track.post(ONE).status == 200
    assert "/eu-central-1/sls/aliyun_v4_request" in track.forwarded[0].headers["authorization"]


def test_requests_share_one_kept_connection(track: Track) -> None:
    assert {track.post(ONE).status for _ in range(5)} == {200}
    assert track.upstream.connections == 1


def test_a_stale_connection_is_replaced_without_losing_the_request(track: Track) -> None:
    assert track.post(ONE).status == 200
    track.upstream.drop_connections()
    assert track.post(ONE).status == 200
    assert (len(track.forwarded), track.upstream.connections) == (2, 2)


TAGGED = '{"__logs__":[{"a":"1"}],"__tags__":{"env":"dev"}}'


@pytest.mark.parametrize(
    ("settings", "source_ip", "headers", "address"),
    [
        ({}, "203.0.113.77", {}, "203.0.113.77"),
        ({}, "203.0.113.77", {"X-Forwarded-For": "9.9.9.9"}, "203.0.113.77"),
        ({}, "2001:db8::1", {}, "2001:db8::1"),
        ({"CLIENT_IP": "truncate"}, "203.0.113.77", {}, "203.0.113.0"),
        ({"CLIENT_IP": "truncate"}, "2001:db8:1:2:3:4:5:6", {}, "2001:db8:1::"),
        ({"CLIENT_IP": "truncate"}, "::ffff:203.0.113.77", {}, "203.0.113.0"),
        ({"CLIENT_IP": "truncate"}, "203.0.113.**", {}, None),
        ({"CLIENT_IP": "off"}, "203.0.113.77", {}, None),
        ({"CLIENT_IP": "off", "CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9.9.9"}, None),
        ({"CLIENT_IP_HEADER": "X-Forwarded-For"}, "203.0.113.77", {"x-forwarded-for": "9.9.9.9"}, "9.9.9.9"),
        (
            {"CLIENT_IP_HEADER": "x-forwarded-for"},
            "203.0.113.77",
            {"X-Forwarded-For": "1.1.1.1, 9.9.9.9"},
            "9.9.9.9",
        ),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "2001:db8::9"}, "2001:db8::9"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9.9.9,"}, "203.0.113.77"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9.9.9, evil"}, "203.0.113.77"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9.9.9:80"}, "203.0.113.77"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9"}, "203.0.113.77"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {"X-Real": "9.9.9.9\0"}, "203.0.113.77"),
        ({"CLIENT_IP_HEADER": "X-Real"}, "203.0.113.77", {}, "203.0.113.77"),
        (
            {"CLIENT_IP_HEADER": "X-Real", "CLIENT_IP": "truncate"},
            "203.0.113.77",
            {"X-Real": "9.9.9.9"},
            "9.9.9.0",
        ),
    ],
    ids=str,
)
def test_the_clients_address_is_taken_as_the_settings_say(
    settings: dict[str, str], source_ip: str, headers: dict[str, str], address: str | None, start: Start
) -> None:
    track = start(**settings)
    assert track.send("POST", TRACK, TAGGED, headers=headers, source_ip=source_ip).status == 200
    expected = {"env": "dev"} if address is None else {"env": "dev", "client_ip": address}
    assert track.last()["__tags__"] == expected


@pytest.mark.parametrize(
    "forged", ["client_ip", "user_agent", "referer", "__client_ip__", "__receive_time__"]
)
@pytest.mark.parametrize("mode", ["signed", "anonymous"])
def test_a_client_cannot_set_the_tags_that_say_who_sent_it(forged: str, mode: str, start: Start) -> None:
    track = start(SLS_WRITE=mode, CLIENT_IP="off")
    field = f"__tag__:{forged}"
    body = f'{{"__logs__":[{{"{field}":"x","a":"1"}},{{"{field}":5}}],"__tags__":{{"{forged}":"x","ok":1}}}}'
    assert track.post(body).status == 200
    assert track.last()["__tags__"] == {"ok": "1"}
    assert not any(field in log for log in track.last()["__logs__"])
    assert track.send("GET", TRACK, query={field: "x", "a": "1"}).status == 200
    assert field not in track.last()["__logs__"][0]
    assert "__tags__" not in track.last() or forged not in track.last()["__tags__"]
