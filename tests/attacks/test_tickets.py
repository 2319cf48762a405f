"""Attacks on page tickets, on functions that enforce them and on others that only log, in either runtime."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from local.stack import FREE_PORTS, Stack
from ops.ticket.issue import issue
from shared.access.tickets import LONGEST, to_base64url
from shared.hosts.custom.protocol import MAX_TARGET
from tests.attacks.stranger import ask, get, post
from tests.support.served import Served, running
from tests.support.waiting import until
from tests.track.support import LOGSTORE, TRACK

KEY = os.urandom(32)
KEYS = f"a:{to_base64url(KEY)}"
SUBJECT = "u-17"
END = int(time.time()) + 24 * 3600  # later than any run of the tests ends
HEADER = to_base64url(b'{"alg":"HS256","kid":"a"}')
NO_UTF8 = b'{"exp":%d,"x":"\xff"}' % END
HALF_A_SURROGATE = b'{"exp":%d,"sub":"\\ud83d"}' % END
NO_FLOAT = b'{"exp":1%s}' % (b"0" * 400)


def ticket(**claims: object) -> str:
    return issue("a", KEY, {"exp": END, "sub": SUBJECT, **claims})


def signed(claims: bytes) -> str:
    """Return a ticket with these bytes for its claims, whatever they are."""
    text = f"{HEADER}.{to_base64url(claims)}"
    return f"{text}.{to_base64url(hmac.new(KEY, text.encode(), hashlib.sha256).digest())}"


def of_length(length: int) -> str:
    """Return a ticket of that many characters, or of up to two more."""
    return next(text for fill in range(length) if len(text := ticket(fill="x" * fill)) >= length)


GOOD = ticket()
TAKEN = {
    "a bad one before it": f"/t/x.y.z/t/{GOOD}{TRACK}",
    "slashes doubled": f"//t//{GOOD}/{TRACK}",
    "a prefix before and after it": f"/a/t/{GOOD}/b{TRACK}",
    "a way up after it": f"/t/{GOOD}/..{TRACK}",
    "almost the longest": f"/t/{of_length(LONGEST - 2)}{TRACK}",
}
REFUSED = {
    "a bad one after it": f"/t/{GOOD}/t/x.y.z{TRACK}",
    "an empty one after it": f"/t/{GOOD}/t/{TRACK}",
    "a mark and no ticket": f"/t/{TRACK}",
    "encoded slashes": f"/%2Ft%2F{GOOD}%2F{TRACK}",
    "encoded slashes after a mark": f"/t/%2F{GOOD}{TRACK}",
    "an encoded mark": f"/%74/{GOOD}{TRACK}",
    "a capital mark": f"/T/{GOOD}{TRACK}",
    "backslashes": f"/t\\{GOOD}{TRACK}",
    "more after a semicolon": f"/t/{GOOD};a=b{TRACK}",
    "a dot at its end": f"/t/{GOOD}.{TRACK}",
    "padding": f"/t/{GOOD}={TRACK}",
    "an encoded blank": f"/t/{GOOD}%20{TRACK}",
    "an encoded NUL": f"/t/{GOOD}%00{TRACK}",
    "encoded bytes that are no UTF-8": f"/t/%ff%fe{TRACK}",
    "in the query": f"{TRACK}?APIVersion=0.6.0&t={GOOD}",
    "one too long": f"/t/{of_length(LONGEST + 1)}{TRACK}",
    "claims that are no UTF-8": f"/t/{signed(NO_UTF8)}{TRACK}",
    "half a surrogate for a subject": f"/t/{signed(HALF_A_SURROGATE)}{TRACK}",
    "an end of 400 digits": f"/t/{signed(NO_FLOAT)}{TRACK}",
}


class Pair:
    """Functions that only log what they would refuse, others that refuse it, and all that they print."""

    def __init__(self, stack: Stack, lines: list[str]) -> None:
        self.stack, self.lines = stack, lines
        self._last = ""

    def send(self, path: str, *, enforce: bool) -> tuple[int, str | None]:
        """Send a log; return the status, and the subject that was stored with it."""
        marker = uuid.uuid4().hex
        body = json.dumps({"__logs__": [{"marker": marker}]}).encode()
        url = self.stack.functions_url
        answer = ask(url, post(body, path=f"/guarded{path}" if enforce else path))
        self._last = answer.headers.get("x-log-requestid", "")
        found = self.stack.sls.store.query(contains=marker)
        assert len(found) == (answer.status == 200)
        return answer.status, found[0].tags.get("subject") if found else None

    def said(self, event: str) -> dict[str, str]:
        """Return the line about the last request that tells of this event; it comes from another process."""

        def matching() -> list[dict[str, str]]:
            found = [json.loads(line[line.index("{") :]) for line in self.lines if f'"{self._last}"' in line]
            return [line for line in found if line["event"] == event]

        until(lambda: bool(matching()))
        (line,) = matching()
        return line


@pytest.fixture(scope="module", params=["builtin", "custom"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    lines: list[str] = []
    environ = {"FUNCTION_RUNTIME": request.param, "TICKETS": "audit", "TICKET_KEYS": KEYS}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *line: lines.append(line[2])) as stack:
        yield Pair(stack, lines)


@pytest.fixture(autouse=True)
def nothing_of_a_ticket_is_printed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "pair" in request.fixturenames:
        lines: list[str] = request.getfixturevalue("pair").lines
        signature = GOOD.rpartition(".")[2]
        assert not [line for line in lines if signature in line or GOOD[:60] in line]


@pytest.mark.parametrize("name", TAKEN)
def test_a_good_ticket_is_found_and_so_is_its_subject(name: str, pair: Pair) -> None:
    assert pair.send(TAKEN[name], enforce=False) == (200, SUBJECT)
    assert pair.send(TAKEN[name], enforce=True) == (200, SUBJECT)


@pytest.mark.parametrize("name", REFUSED)
def test_a_trick_is_refused_and_audit_mode_finds_the_same(name: str, pair: Pair) -> None:
    assert pair.send(REFUSED[name], enforce=False) == (200, None)
    reason = pair.said("would refuse")["reason"]
    assert pair.send(REFUSED[name], enforce=True) == (403, None)
    assert pair.said("refused")["detail"] == reason


def test_a_ticket_of_100_kb_goes_no_further_than_the_trigger(pair: Pair) -> None:
    for enforce in (False, True):
        assert pair.send(f"/t/{'A' * 100_000}{TRACK}", enforce=enforce) == (400, None)
    assert pair.send(TAKEN["slashes doubled"], enforce=True) == (200, SUBJECT)


@pytest.fixture(scope="module", params=["audit", "enforce"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, Served]]:
    """The custom runtime by itself, without a trigger before it that refuses the worst."""
    with running(TICKETS=request.param, TICKET_KEYS=KEYS) as one:
        yield request.param, one


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (lambda: f"/t/{'A' * 100_000}", 414),
        (lambda: f"/t/{'.' * (MAX_TARGET - 4 - len('/logstores/nowhere/track'))}", 403),
        (lambda: f"/t/{'eyJ' * 6000}", 403),
        (lambda: "/t/" * 6000, 403),
        (lambda: "/t/a/logstores/" * 1200, 403),
    ],
    ids=["100 KB", "dots to the last byte", "many beginnings", "many marks", "many routes"],
)
def test_a_long_path_is_refused_at_once_and_the_next_visitor_served(
    served: tuple[str, Served], path: Callable[[], str], status: int
) -> None:
    mode, track = served
    answer = ask(track.url, post(path=f"{path()}/logstores/nowhere/track"))
    assert answer.status == (404 if mode == "audit" and status == 403 else status)
    assert ask(track.url, get(f"/t/{GOOD}/healthz")).status == 200


@pytest.mark.parametrize("bytes_", [b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", "票".encode()])
def test_bytes_that_no_path_may_hold_leave_the_function_well(
    served: tuple[str, Served], bytes_: bytes
) -> None:
    mode, track = served
    request = post().replace(TRACK.encode(), b"/t/" + bytes_ + b"/logstores/nowhere/track")
    assert ask(track.url, request).status in ({404, 400} if mode == "audit" else {403, 400})
    assert ask(track.url, get("/healthz")).status == 200
    assert all(isinstance(line, dict) for line in track.lines())


def test_a_credential_is_guarded_by_the_same_rules(pair: Pair) -> None:
    url, token = pair.stack.functions_url, "/get_sts_token"
    assert ask(url, get(f"/guarded/t/{GOOD}{token}")).status == 200
    for trick in (f"/t/{GOOD}/t/x", f"/%74/{GOOD}", f"/t/{GOOD};a", "/t/", ""):
        assert ask(url, get(f"/guarded{trick}{token}")).status == 403
    narrow = ticket(logstores=[LOGSTORE])  # a credential could write to all of them
    assert ask(url, get(f"/guarded/t/{narrow}{token}")).status == 403
