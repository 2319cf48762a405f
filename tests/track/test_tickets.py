"""track behind page tickets."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from tests.support.log_lines import log_lines
from tests.track.support import LOGSTORE, TRACK, Start, Track

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = f"a:{to_base64url(KEY)},b:{to_base64url(OTHER)}"
ONE = '{"__logs__":[{"a":"1"}]}'
SHOP = "https://shop.example.com"
FORGED_SUBJECT = '{"__logs__":[{"a":"1","__tag__:subject":"x"}],"__tags__":{"subject":"x","n":"1"}}'


def ticket(**claims: object) -> str:
    return issue("a", KEY, {"exp": time.time() + 100, **claims})


def post(track: Track, text: str, body: str = ONE, **headers: str) -> tuple[int, str]:
    reply = track.send("POST", f"/x/t/{text}{TRACK}", body, headers=headers)
    return reply.status, reply.code


@pytest.fixture(params=["enforce", "audit"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def guarded(start: Start, mode: str) -> Track:
    return start(TICKETS=mode, TICKET_KEYS=KEYS)


def test_a_subject_comes_from_the_ticket_and_from_nowhere_else(guarded: Track) -> None:
    assert post(guarded, ticket(sub="u-17"), FORGED_SUBJECT) == (200, "")
    tags = guarded.last()["__tags__"]
    assert (tags["subject"], tags["n"]) == ("u-17", "1")
    assert "__tag__:subject" not in guarded.last()["__logs__"][0]
    assert post(guarded, ticket(), FORGED_SUBJECT) == (200, "")
    assert "subject" not in guarded.last()["__tags__"]


def test_without_tickets_nobody_can_set_a_subject(track: Track) -> None:
    assert post(track, ticket(sub="u-17"), FORGED_SUBJECT) == (200, "")
    assert "subject" not in track.last()["__tags__"]


def refused(why: str) -> str:
    """Return a ticket that is refused for this reason, by the time of the test and not of its collection."""
    now = time.time()
    return {
        "missing": "",
        "malformed": "x.y.z",
        "unknown": issue("c", KEY, {"exp": now + 1000}),
        "bad signature": issue("b", KEY, {"exp": now + 1000}),
        "expired": ticket(exp=now - 61),
        "not yet valid": ticket(exp=now + 2000, nbf=now + 1000),
        "too long": ticket(exp=now + 180_000),
        "another Logstore": ticket(exp=now + 1000, logstores=["checkout"]),
        "another origin": ticket(exp=now + 1000, origins=["https://www.example.com"]),
    }[why]


REASONS = (
    *("missing", "malformed", "unknown", "bad signature", "expired", "not yet valid", "too long"),
    *("another Logstore", "another origin"),
)


@pytest.mark.parametrize("why", REASONS)
def test_a_refusal_says_why_and_audit_mode_logs_the_same(
    why: str, mode: str, guarded: Track, caplog: pytest.LogCaptureFixture
) -> None:
    text = refused(why)
    path = f"/t/{text}{TRACK}" if text else TRACK
    reply = guarded.send("POST", path, ONE, headers={"Origin": SHOP})
    if mode == "enforce":
        assert (reply.status, reply.code) == (403, "TicketInvalid")
        assert why in reply.json()["errorMessage"]
        assert reply.headers["access-control-allow-origin"] == "*"
        assert not guarded.forwarded
    else:
        assert reply.status == 200
        assert "subject" not in guarded.last()["__tags__"]
        (line,) = log_lines(caplog, "would refuse")
        assert (line["level"], line["errorCode"], line["method"]) == ("WARNING", "TicketInvalid", "POST")
        assert why in line["reason"]
    if text:
        assert text not in caplog.text + reply.body.decode()
        assert "/t/…/logstores/" in caplog.text


@pytest.mark.parametrize("logstores", [["checkout"], []])
def test_a_pixel_is_guarded_too(logstores: list[str], start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS)
    pixel = f"/logstores/{LOGSTORE}/track.gif"
    reply = track.send("GET", f"/t/{ticket(logstores=logstores)}{pixel}", query={"a": "1"})
    assert (reply.status, reply.headers["x-log-errorcode"]) == (403, "TicketInvalid")
    assert reply.body.startswith(b"GIF89a")
    fine = track.send("GET", f"//t//{ticket(logstores=[LOGSTORE])}/{pixel}", query={"a": "1"})
    assert fine.status == 200


def test_origins_are_compared_unchanged(start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS)
    text = ticket(origins=[SHOP])
    assert post(track, text, Origin=SHOP)[0] == 200
    assert post(track, text, Referer=f"{SHOP}/cart")[0] == 200
    for headers in ({}, {"Origin": f"{SHOP}.evil.example"}, {"Origin": "null", "Referer": SHOP}):
        assert post(track, text, **headers) == (403, "TicketInvalid")


def test_the_allowlist_comes_first_and_then_the_ticket(start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS, ALLOWED_ORIGINS=SHOP)
    large = "x" * 4_000_000
    refused = track.send("POST", TRACK, large, headers={"Origin": "https://evil.example"})
    assert refused.code == "OriginNotAllowed"
    for method, path in (("PUT", TRACK), ("GET", "/nowhere"), ("POST", TRACK)):
        assert track.send(method, path, large, headers={"Origin": SHOP}).code == "TicketInvalid"
    with_ticket = f"/t/{ticket()}{TRACK}"
    assert track.send("PUT", with_ticket, large, headers={"Origin": SHOP}).status == 405
    assert track.send("POST", with_ticket, large, headers={"Origin": SHOP}).status == 413


def test_health_and_preflights_need_no_ticket(start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS)
    assert track.send("GET", "/healthz").status == 200
    assert track.send("OPTIONS", TRACK, headers={"Origin": SHOP}).status == 200


def test_how_far_ahead_a_ticket_may_end_is_a_setting(start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS, TICKET_MAX_SECONDS="600")
    # 60 s more are allowed, since clocks differ.
    assert post(track, ticket(exp=int(time.time()) + 660))[0] == 200
    assert post(track, ticket(exp=int(time.time()) + 720))[0] == 403


def test_by_default_a_ticket_ends_within_two_days(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    monkeypatch.setattr("shared.access.gate.time", SimpleNamespace(time=lambda: float(now)))
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS)
    clocks_differ = 60
    assert post(track, ticket(exp=now + 172_800 + clocks_differ))[0] == 200
    assert post(track, ticket(exp=now + 172_800 + clocks_differ + 1)) == (403, "TicketInvalid")


def test_the_ticket_is_the_one_after_the_last_mark(start: Start) -> None:
    track = start(TICKETS="enforce", TICKET_KEYS=KEYS)
    assert post(track, f"x.y.z/t/{ticket()}")[0] == 200
    assert post(track, f"{ticket()}/t/x.y.z")[0] == 403
