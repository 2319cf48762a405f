"""The soak for a moment, over both runtimes; and that it finds what it is there to find."""

from __future__ import annotations

import itertools
import time
from collections import Counter

import pytest

from local.faults import OK_IN_FULL, Fault, Faults
from local.ram import Ram
from tests.soak import weather
from tests.soak.answers import DONE, FULL, KILLED, SPOOLED, Unlawful, judged
from tests.soak.client import Reply
from tests.soak.cloud import BUILTIN, CUSTOM, Runtime
from tests.soak.memory import Memory
from tests.soak.output import Output
from tests.soak.plan import PRIVATE, Plan, Recurring, Scale, Upload, checksum
from tests.soak.report import report, violations
from tests.soak.storm import LEAST_LEFT, Storm
from tests.soak.weather import Weather

SHORT = Scale(logs=750, faults=20, kills=2)


@pytest.mark.parametrize("runtime", [BUILTIN, CUSTOM], ids=lambda runtime: runtime.name)
def test_whatever_fails_nothing_answered_200_is_lost(runtime: Runtime) -> None:
    tally = Storm(20261123, runtime, SHORT, seconds=120, lifetime=8).run()
    assert violations([tally]) == [], report(20261123, [tally])
    assert tally.lost == 0
    assert len(tally.confirmed) >= SHORT.logs
    assert tally.faults.total() >= SHORT.faults
    assert tally.kills.total() >= SHORT.kills
    assert tally.strangers.total() >= 20
    assert tally.spooled > 0
    assert tally.replayed >= LEAST_LEFT // 2


def test_a_confirmation_of_what_was_not_done_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weather, "_ANY", {"lie": Fault.truncated(OK_IN_FULL)})
    monkeypatch.setattr(weather, "SINGLE", {"sls": 0.5, "oss": 0.0, "sts": 0.0})
    storm = Storm(1, BUILTIN, Scale(logs=60, faults=3, kills=0), seconds=60, lifetime=60)
    tally = storm.run()
    assert tally.lost > 0
    assert f"VIOLATED {tally.violations[0]}" in report(1, [tally])


def test_a_storm_that_does_not_come_to_its_end_in_time_says_so() -> None:
    tally = Storm(1, BUILTIN, Scale(logs=1, faults=1_000_000, kills=1), seconds=0.5, lifetime=60).run()
    (violation,) = tally.violations
    assert violation.startswith("builtin: too little in the time: ")
    assert "of 1000000 faults" in violation


def decisions(seed: int) -> list[str | None]:
    """Return how the requests to SLS fail, one for each of a client's."""
    skies, faults = Weather(Plan(seed, "x"), SHORT), Faults()
    skies.rule("sls", faults)
    struck = []
    for number in range(1, 300):
        skies.turn(number)
        fault = faults.take("POST /")
        struck.append(fault.name if fault else None)
    assert skies.struck.total() == sum(name is not None for name in struck)
    assert skies.outages > 5
    return struck


def test_a_seed_sends_the_same_and_breaks_the_same() -> None:
    assert [Plan(7, "x").upload(at) for at in range(50)] == [Plan(7, "x").upload(at) for at in range(50)]
    assert Plan(7, "x").upload(3) != Plan(8, "x").upload(3) != Plan(8, "y").upload(3)
    assert decisions(7) == decisions(7)
    assert decisions(7) != decisions(8)


def test_faults_come_alone_and_in_outages_and_none_after_the_storm() -> None:
    struck = decisions(7)
    assert 0.05 < sum(name is not None for name in struck) / len(struck) < 0.6
    assert any(all(struck[at : at + 4]) for at in range(len(struck)))
    skies, faults = Weather(Plan(7, "x"), SHORT), Faults()
    skies.rule("sls", faults)
    skies.break_down("sls", "no such logstore")
    fault = faults.take("POST /")
    assert fault
    assert fault.name == "status 404 LogStoreNotExist"
    skies.clear_up(faults)
    assert all(faults.take("POST /") is None for _ in range(100))


def test_what_recurs_comes_as_often_as_it_is_to() -> None:
    recurring = Recurring(Plan(7, "x").chance("any"), 10)
    due = [number for number in range(1, 1001) if recurring.due(number)]
    assert 80 <= len(due) <= 130
    assert all(5 <= later - earlier <= 15 for earlier, later in itertools.pairwise(due))


def test_a_log_that_is_changed_on_its_way_is_noticed() -> None:
    log = {"id": "1", "to": "clicks", "text": "hello"}
    assert checksum(log) == checksum({**log, "sum": "any"})
    assert checksum(log) != checksum({**log, "text": "hullo"})


# Which answers there may be.

CORS = {"access-control-allow-origin": "*", "x-log-requestid": "1-a"}
BUSY = {**CORS, "x-log-errorcode": "ServerBusy", "retry-after": "5"}
REJECTED = {**CORS, "x-log-errorcode": "UpstreamRejected"}
FC = {"x-fc-error-type": "UnhandledInvocationError"}


def sent(kind: str = "post") -> Upload:
    return Upload(1, kind, "POST", "/", {}, b"", ("a",), waits=True)


def shape(code: str) -> bytes:
    return b'{"errorCode":"%s","errorMessage":"m"}' % code.encode()


@pytest.mark.parametrize(
    ("kind", "reply", "answer"),
    [
        ("post", Reply(200, CORS, b""), DONE),
        ("post", Reply(200, {**CORS, "x-log-spooled": "1"}, b""), SPOOLED),
        ("pixel", Reply(200, CORS, b"GIF89a"), DONE),
        ("post", Reply(503, BUSY, shape("ServerBusy")), "track: 503 ServerBusy"),
        ("pixel", Reply(503, BUSY, b"GIF89a"), "track: 503 ServerBusy"),
        ("token", Reply(502, REJECTED, shape("UpstreamRejected")), "token: 502 UpstreamRejected"),
        ("post", Reply(502, FC, b'{"errorMessage":"Process exited unexpectedly"}'), KILLED),
        ("post", Reply(429, {"x-fc-error-type": "FCCommonError"}, b'{"Code":"ResourceExhausted"}'), FULL),
    ],
)
def test_an_answer_of_the_contract_is_named(kind: str, reply: Reply, answer: str) -> None:
    assert judged(sent(kind), reply, 0.0, Ram()) == answer


@pytest.mark.parametrize(
    ("kind", "reply", "wrong"),
    [
        ("post", Reply(200, {"x-log-requestid": "1-a"}, b""), "without the headers"),
        ("post", Reply(200, {"access-control-allow-origin": "*"}, b""), "without the headers"),
        ("post", Reply(500, {**CORS, "x-log-errorcode": "InternalServerError"}, b"{}"), "500"),
        ("post", Reply(502, REJECTED, shape("UpstreamRejected")), "track answered 502"),
        ("post", Reply(503, {**BUSY, "retry-after": ""}, shape("ServerBusy")), "Retry-After"),
        ("post", Reply(503, BUSY, shape("Other")), "not of the shape"),
        ("post", Reply(503, BUSY, b"<html>"), "not of the shape"),
        ("pixel", Reply(503, BUSY, shape("ServerBusy")), "no GIF"),
        ("pixel", Reply(200, CORS, b""), "no GIF"),
        ("post", Reply(502, FC, b'{"errorMessage":"Function timed out after 5 seconds"}'), "timed out"),
        ("post", Reply(502, FC, b'{"Code":"BadResponse","Message":"x"}'), "BadResponse"),
        ("token", Reply(200, CORS, b'{"AccessKeyId":"a"}'), "four members"),
    ],
)
def test_any_other_answer_is_a_violation(kind: str, reply: Reply, wrong: str) -> None:
    with pytest.raises(Unlawful, match=wrong):
        judged(sent(kind), reply, 0.0, Ram())


@pytest.mark.parametrize(
    ("left", "known", "wrong"),
    [(601, True, None), (590, True, "s left"), (601, False, "not issued")],
)
def test_a_token_has_to_be_good_for_ten_minutes(left: int, known: bool, wrong: str | None) -> None:
    ram = Ram()
    role = ram.add_role("pages", trusted=[], policies=[])
    token = ram.issue(role, session_name="s", session_policy=None, duration=left, now=time.time())
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.expires))
    body = (
        f'{{"AccessKeyId":"{token.id}","AccessKeySecret":"s",'
        f'"SecurityToken":"{token.security_token}","Expiration":"{expires}"}}'
    )
    reply = Reply(200, CORS, body.encode())
    if wrong is None:
        assert judged(sent("token"), reply, 1.0, ram) == DONE
        return
    with pytest.raises(Unlawful, match=wrong):
        judged(sent("token"), reply, 1.0, ram if known else Ram())


# Memory and output.


@pytest.mark.parametrize(("last", "grown"), [(66.0, 0), (67.0, 1)])
def test_memory_may_grow_so_much_and_no_more(
    monkeypatch: pytest.MonkeyPatch, last: float, grown: int
) -> None:
    sizes = iter([30.0, 40.0, 30.0, 50.0, 35.0, last])  # 40 in the first third: at most 40 * 1.25 + 16
    monkeypatch.setattr("tests.soak.memory.resident", lambda _pid: next(sizes))
    memory = Memory()
    for _ in range(6):
        memory.sample("track", [1])
    assert len(memory.grown()) == grown
    assert str(memory) == f"track 40 → {last:.0f}"


def test_output_that_tells_or_alarms_is_kept() -> None:
    output = Output()
    output("track", "1-a", '{"event":"answered","detail":"SLS answered 500 InternalServerError"}')
    assert output.suspicious == []
    output("track", "1-b", f'{{"detail":"{PRIVATE} letters"}}')
    output("track", "1-c", '{"errorCode":"InternalServerError"}')
    assert [line.split(":")[0] for line in output.suspicious] == [
        "track logged what a page had sent, request 1-b",
        "track logged",
    ]
    assert PRIVATE not in "".join(output.suspicious)
    assert output.lines == Counter(track=3)
