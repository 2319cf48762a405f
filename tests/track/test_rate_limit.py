"""track with a rate limit."""

from __future__ import annotations

import json
import time

import pytest

from ops.ticket.issue import issue
from shared.access import redis_scripts
from shared.access.tickets import to_base64url
from tests.support.log_lines import log_lines
from tests.support.redis import RedisServer
from tests.track.support import LOGSTORE, TRACK, Reply, Start, Track

KEY = b"k" * 32


def logs(count: int) -> str:
    return json.dumps({"__logs__": [{"n": str(n)} for n in range(count)]})


def post(track: Track, count: int, source_ip: str = "203.0.113.77", path: str = TRACK) -> Reply:
    return track.send("POST", path, logs(count), source_ip=source_ip)


def test_logs_are_counted_and_one_too_many_is_refused_before_anything_is_forwarded(start: Start) -> None:
    track = start(RATE_LIMIT="client 1/h burst 20")
    assert post(track, 21).status == 429
    assert post(track, 19).status == 200
    assert track.send("GET", TRACK, query={"a": "1"}).status == 200
    reply = post(track, 1)
    assert (reply.status, reply.code) == (429, "RequestRateExceeded")
    assert 3590 < int(reply.headers["retry-after"]) <= 3600
    assert reply.headers["access-control-allow-origin"] == "*"
    assert len(track.forwarded) == 2
    assert post(track, 20, "203.0.113.78").status == 200


def test_a_pixel_is_counted_and_its_refusal_is_still_a_gif(start: Start) -> None:
    track = start(RATE_LIMIT="client 1/h burst 1")
    pixel = f"/logstores/{LOGSTORE}/track.gif"
    assert track.send("GET", pixel, query={"a": "1"}).status == 200
    reply = track.send("GET", pixel, query={"a": "1"})
    assert (reply.status, reply.headers["x-log-errorcode"]) == (429, "RequestRateExceeded")
    assert reply.body.startswith(b"GIF89a")


def test_requests_without_logs_or_refused_for_other_reasons_are_not_counted(start: Start) -> None:
    track = start(RATE_LIMIT="client 1/h burst 1")
    for body in (logs(0), "x", '{"__logs__":1}'):
        track.send("POST", TRACK, body)
    assert track.send("PUT", TRACK, logs(1)).status == 405
    assert track.send("OPTIONS", TRACK).status == 200
    assert post(track, 1).status == 200


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2:3::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.1", "203.0.113.2", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
    ],
)
def test_an_address_is_an_ipv4_one_or_an_ipv6_network(
    first: str, second: str, same: bool, start: Start
) -> None:
    track = start(RATE_LIMIT="client 1/h burst 1")
    assert post(track, 1, first).status == 200
    assert post(track, 1, second).status == (429 if same else 200)


def test_behind_a_cdn_the_address_is_the_last_in_its_header(start: Start) -> None:
    track = start(RATE_LIMIT="client 1/h burst 1", CLIENT_IP_HEADER="X-Client", CLIENT_IP="off")
    assert track.post(logs(1), X_Client="198.51.100.1, 203.0.113.1").status == 200
    assert track.post(logs(1), X_Client="198.51.100.2, 203.0.113.1").status == 429
    assert track.post(logs(1), X_Client="203.0.113.2").status == 200


def test_a_logstore_has_its_own_ceiling(start: Start) -> None:
    track = start(RATE_LIMIT="logstore 1/h burst 5")
    assert post(track, 5).status == 200
    assert post(track, 1, "203.0.113.78").status == 429
    assert post(track, 5, path="/logstores/checkout/track").status == 200


def test_a_ticket_is_counted_by_its_subject_or_else_by_itself(start: Start) -> None:
    keys = f"a:{to_base64url(KEY)}"
    track = start(RATE_LIMIT="subject 1/h burst 1", TICKETS="audit", TICKET_KEYS=keys)

    def path(**claims: object) -> str:
        return f"/t/{issue('a', KEY, {'exp': time.time() + 100, **claims})}{TRACK}"

    assert post(track, 1, path=path(sub="u")).status == 200
    assert post(track, 1, path=path(sub="u", x=1)).status == 429
    one, other = path(x=2), path(x=3)
    assert [post(track, 1, path=path).status for path in (one, other, one)] == [200, 200, 429]
    # Without a good ticket there is nothing to count by, in audit mode.
    assert [post(track, 1).status for _ in range(2)] == [200, 200]


def test_audit_mode_finds_the_same_ones_and_lets_them_through(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    track = start(RATE_LIMIT="client 10/h burst 10", RATE_MODE="audit")
    seen = []
    for count in (6, 5, 4, 1):
        caplog.clear()
        assert post(track, count).status == 200
        seen.append([(line["errorCode"], line["reason"]) for line in log_lines(caplog, "would refuse")])
    limit = "logs are too many: client 10/3600 s burst 10"
    refused = [[("RequestRateExceeded", f"{count} {limit}")] for count in (5, 1)]
    assert seen == [[], refused[0], [], refused[1]]
    assert len(track.forwarded) == 4


def test_a_limit_is_enforced_by_default_and_where_the_mode_says_so(start: Start) -> None:
    for mode in ({}, {"RATE_MODE": "enforce"}):
        track = start(RATE_LIMIT="client 1/h burst 1", **mode)
        assert [post(track, 1).status, post(track, 1).status] == [200, 429]
        assert len(track.forwarded) == 1


def test_a_client_never_has_to_come_back_at_once(start: Start) -> None:
    track = start(RATE_LIMIT="client 1000000/s burst 1")  # a millionth of a second is too long a wait
    reply = post(track, 2)
    assert (reply.status, reply.headers["retry-after"]) == (429, "1")


def test_large_bodies_are_counted_as_well(start: Start) -> None:
    track = start(RATE_LIMIT="client 1/h burst 4096")
    assert post(track, 4096).status == 200
    assert post(track, 4096).status == 429


def test_two_instances_share_a_limit_in_a_store(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_scripts, "PATIENCE", 5)
    with RedisServer() as server:
        settings = {"RATE_LIMIT": "client 1/h burst 20", "RATE_LIMIT_STORE": server.url}
        one, other = start(**settings), start(**settings)
        assert [post(one, 12).status, post(other, 9).status, post(other, 8).status] == [200, 429, 200]
        assert post(one, 1).status == 429
        server.kill()
        assert post(one, 1).status == 200
