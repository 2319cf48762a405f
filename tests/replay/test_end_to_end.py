"""The function between the stand-ins of OSS and SLS: what was spooled is in SLS, whatever happens."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pytest

from functions.replay import pace
from functions.replay.drain import OBJECTS, WRITES
from functions.replay.oss import OssSpool
from local.faults import Fault
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.blocking import run
from shared.network.client import HttpClient
from shared.settings import Environment
from shared.spool.format import Spooled, pack
from shared.spool.settings import SpoolSettings
from tests.replay.support import (
    BUCKET,
    LOGSTORE,
    OTHER,
    PENDING,
    PREFIX,
    PROJECT,
    REJECTED,
    SETTINGS,
    batch,
    fresh_index,
    lines,
    name_of,
)
from tests.support.fc import context

TIMER = b'{"triggerTime":"2026-11-23T06:41:00Z","triggerName":"every-minute","payload":""}'


def _allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"Version": "1", "Statement": [statement]}


# What the roles of the two functions may do, and nothing more.
REPLAYS = (
    _allow(["log:PostLogStoreLogs"], f"acs:log:*:*:project/{PROJECT}/logstore/*"),
    _allow(["oss:GetObject", "oss:DeleteObject", "oss:PutObject"], f"acs:oss:*:*:{BUCKET}/{PREFIX}*"),
    _allow(["oss:ListObjects"], f"acs:oss:*:*:{BUCKET}"),
)
TRACKS = (_allow(["oss:PutObject"], f"acs:oss:*:*:{BUCKET}/{PENDING}*"),)


class Cloud(NamedTuple):
    """Both services, one account, and the keys of the functions' roles."""

    sls: SlsStandIn
    oss: OssStandIn
    replays: Credentials
    tracks: Credentials
    ram: Ram
    oss_url: str

    def spool(self, batches: Sequence[Spooled]) -> None:
        """Put batches into the spool as track does: its role, its connection, the shared signer."""
        self.put({name_of(one, at).removeprefix(PENDING): pack([one]) for at, one in enumerate(batches)})

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Put objects among what waits, by the last part of their names."""
        settings = SpoolSettings.read(Environment({**SETTINGS, "SPOOL_OSS_ENDPOINT": self.oss_url}))
        with contextlib.closing(HttpClient(settings.address)) as upstream:
            for last, data in objects.items():
                headers = signed_headers(
                    OSS,
                    "PUT",
                    settings.resource(PENDING + last),
                    {},
                    {"Content-Type": "application/gzip", "x-oss-forbid-overwrite": "true"},
                    data,
                    credentials=self.tracks,
                    region=settings.region,
                    now=time.time(),
                )
                target = settings.target(PENDING + last)
                sent = upstream.exchange("PUT", target, list(headers.items()), data, deadline=Deadline(10))
                assert run(sent).status == 200

    def stored(self) -> list[str]:
        """Return what the logs in SLS say, in the order in which they came."""
        return [log.fields["said"] for log in reversed(self.sls.store.query(limit=100_000))]

    def waiting(self, prefix: str = PENDING) -> list[str]:
        """Return the names of what is in the spool."""
        return [name for name in self.oss.objects(BUCKET) if name.startswith(prefix)]


def _session(ram: Ram, name: str, policies: Sequence[dict[str, Any]]) -> Credentials:
    role = ram.add_role(name, trusted=["fc.aliyuncs.com"], policies=policies)
    issued = ram.issue(role, session_name="fc", session_policy=None, duration=900, now=time.time())
    return Credentials(issued.id, issued.secret, issued.security_token)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    ram = Ram()
    sls, oss = SlsStandIn(ram), OssStandIn(ram)
    for logstore in (LOGSTORE, OTHER):
        sls.create(PROJECT, logstore)
    oss.create(BUCKET)
    monkeypatch.setattr(pace, "PAUSES", (0.01,) * len(pace.PAUSES))
    with Server(sls.app) as sls_server, Server(oss.app) as oss_server:
        addresses = {"SLS_ENDPOINT": sls_server.url, "SPOOL_OSS_ENDPOINT": oss_server.url}
        for name, value in {**SETTINGS, **addresses}.items():
            monkeypatch.setenv(name, value)
        replays, tracks = _session(ram, "replay", REPLAYS), _session(ram, "track", TRACKS)
        cloud = Cloud(sls, oss, replays, tracks, ram, oss_server.url)
        _use(monkeypatch, cloud.replays)
        yield cloud
        sls.faults.clear()
        oss.faults.clear()
    sls.close()
    oss.close()


def _use(monkeypatch: pytest.MonkeyPatch, keys: Credentials) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", keys.security_token or "")


def _tick(index: Any = None, timeout: float = 60) -> dict[str, Any]:
    """Run the function once, by default on a new instance."""
    if index is None:
        index = fresh_index()
        index.initialize(context(timeout))
    answer: dict[str, Any] = index.handler(TIMER, context(timeout))
    return answer


def test_a_thousand_objects_are_drained_once_each_oldest_first(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    batches = [batch(str(number), age=3600 - number, logs=2) for number in range(1000)]
    cloud.spool(random.Random(6).sample(batches, len(batches)))
    with caplog.at_level("INFO"):
        line = _tick(timeout=600)
    stored = cloud.stored()
    assert sorted(stored) == sorted(str(number) for number in range(1000) for _ in range(2))
    # Oldest first within what is under way at once.
    assert all(abs(at // 2 - int(said)) <= OBJECTS for at, said in enumerate(stored))
    assert cloud.oss.objects(BUCKET) == {}
    seconds = line.pop("seconds")
    assert 0 < seconds < 599
    assert line == {
        "ended": "drained",
        "written": 1000,
        "rejected": 0,
        "left": 0,
        "oldestSeconds": None,
        "detail": None,
        "atOnce": WRITES,
        "setbacks": 0,
    }
    (logged,) = lines(caplog, "replayed")
    assert (logged["level"], logged["requestId"], logged["written"]) == ("INFO", "1-64f6cd87-context", 1000)


def test_a_batch_comes_with_its_time_its_tags_and_its_logstore(cloud: Cloud) -> None:
    spooled = batch("late", age=6.9 * 24 * 3600, logstore=OTHER)
    cloud.spool([spooled])
    assert _tick()["written"] == 1
    (stored,) = cloud.sls.store.query()
    assert (stored.project, stored.logstore, stored.time) == (PROJECT, OTHER, spooled.received)
    assert stored.topic == "T"
    assert stored.tags == {"client_ip": "203.0.113.77"}
    assert stored.fields == {"said": "late", "at": "0"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(503, code="ServerBusy"),
        Fault.status(403, code="WriteQuotaExceed"),
        Fault.reset(),
        Fault.garbage(),
        Fault.truncated(),
    ],
    ids=lambda fault: fault.name,
)
def test_while_sls_is_down_everything_stays_and_then_comes(cloud: Cloud, fault: Fault) -> None:
    cloud.spool([batch(str(number), age=900 - number) for number in range(10)])
    cloud.sls.faults.add(fault)
    index = fresh_index()
    line = _tick(index)
    assert (line["ended"], line["written"], line["left"]) == ("busy", 0, 10)
    assert 899 <= line["oldestSeconds"] <= 930
    assert len(cloud.waiting()) == 10
    cloud.sls.faults.clear()
    line = _tick(index)
    assert (line["ended"], line["written"], line["left"]) == ("drained", 10, 0)
    assert sorted(cloud.stored()) == [str(number) for number in range(10)]


def test_a_moment_of_trouble_is_waited_out_within_the_run(cloud: Cloud) -> None:
    cloud.spool([batch(str(number)) for number in range(5)])
    cloud.sls.faults.add(Fault.status(403, code="ShardWriteQuotaExceed"), times=1)
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), times=1, on="GET ")
    assert _tick()["ended"] == "drained"
    assert sorted(cloud.stored()) == [str(number) for number in range(5)]


def test_while_oss_is_down_nothing_happens(cloud: Cloud) -> None:
    cloud.spool([batch()])
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"))
    line = _tick()
    assert (line["ended"], line["written"], line["left"]) == ("busy", 0, None)
    assert line["detail"].startswith("OSS answered 503 ServiceUnavailable, request id ")
    cloud.oss.faults.clear()
    assert _tick()["written"] == 1


class Killed(BaseException):
    """The process ends here."""


def test_killed_between_write_and_delete_a_batch_comes_twice_and_none_is_lost(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.spool([batch(str(number)) for number in range(5)])

    async def killed(_: OssSpool, __: Sequence[str]) -> set[str]:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(OssSpool, "delete", killed)
        with pytest.raises(Killed):
            _tick()
    assert len(cloud.waiting()) == 5
    assert set(cloud.stored()) <= {str(number) for number in range(5)}
    assert _tick()["ended"] == "drained"
    assert set(cloud.stored()) == {str(number) for number in range(5)}
    assert max(Counter(cloud.stored()).values()) == 2


def test_a_delete_that_fails_is_made_good_by_the_instances_next_run_without_a_duplicate(cloud: Cloud) -> None:
    cloud.spool([batch("one")])
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), on="?delete")
    index = fresh_index()
    line = _tick(index)
    assert (line["written"], line["left"]) == (1, 1)
    cloud.oss.faults.clear()
    assert _tick(index)["left"] == 0
    assert cloud.stored() == ["one"]


def test_what_sls_will_never_take_is_set_aside_with_the_reason(cloud: Cloud) -> None:
    malformed = batch("malformed", age=30)._replace(body=b'{"__logs__":"none"}')
    unreadable, old, foreign = (
        f"20261101T000000.000000Z-{'5' * 32}.json.gz",
        batch("old", age=7 * 24 * 3600 + 60),
        batch("foreign", age=20, project="another-project"),
    )
    cloud.spool([malformed, old, foreign, batch("good", age=10)])
    cloud.put({unreadable: b"no gzip"})
    line = _tick()
    assert (line["ended"], line["written"], line["rejected"], line["left"]) == ("drained", 1, 4, 0)
    assert cloud.stored() == ["good"]
    objects = cloud.oss.objects(BUCKET)
    reasons = {name.removeprefix(REJECTED): one.metadata["reason"] for name, one in objects.items()}
    last = {one: name_of(one, at).rpartition("/")[2] for at, one in enumerate((malformed, old, foreign))}
    assert set(reasons) == {*last.values(), unreadable}
    assert reasons[last[malformed]].startswith("SLS%20answered%20400%20PostBodyInvalid")
    assert "older%20than%207%20days" in reasons[last[old]]
    assert "another%20Project" in reasons[last[foreign]]
    assert "not%20gzip" in reasons[unreadable]
    assert objects[REJECTED + last[old]].body == pack([old])


@pytest.mark.parametrize(
    ("missing", "ended", "level"),
    [(0, "refused", "ERROR"), (1, "incomplete", "WARNING"), (2, "refused", "ERROR")],
    ids=["log:PostLogStoreLogs", "oss:GetObject", "oss:ListObjects"],
)
def test_without_a_right_everything_stays_and_the_log_alarms(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    missing: int,
    ended: str,
    level: str,
) -> None:
    cloud.spool([batch("one"), batch("two", logstore=OTHER)])
    weak = [policy for at, policy in enumerate(REPLAYS) if at != missing]
    _use(monkeypatch, _session(cloud.ram, "weak", weak))
    line = _tick()
    assert (line["ended"], line["written"]) == (ended, 0)
    assert len(cloud.waiting()) == 2
    assert cloud.waiting(REJECTED) == []
    (logged,) = lines(caplog, "replayed")
    assert logged["level"] == level
    _use(monkeypatch, cloud.replays)
    assert _tick()["written"] == 2


def test_two_instances_at_once_lose_nothing(cloud: Cloud) -> None:
    cloud.spool([batch(str(number), age=3600 - number) for number in range(150)])
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(_tick())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer["ended"] for answer in answers] == ["drained", "drained"]
    assert set(cloud.stored()) == {str(number) for number in range(150)}
    assert sum(answer["written"] for answer in answers) == len(cloud.stored())
    assert cloud.oss.objects(BUCKET) == {}


@pytest.mark.parametrize("days", [-8, 8])
def test_a_clock_that_jumps_by_more_than_a_week_in_a_run_gives_no_batch_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    # By that clock each batch is too old, or in the future. OSS, whose clock is right, lets nothing be moved.
    cloud.spool([batch(str(number), age=3600 - number) for number in range(100)])
    real = time.time

    def jumps(_: str) -> bool:
        if cloud.sls.faults.seen == 30:
            monkeypatch.setattr(time, "time", lambda: real() + days * 24 * 3600)
        return False

    cloud.sls.faults.add(Fault.reset(), on=jumps)
    line = _tick(timeout=20)
    monkeypatch.setattr(time, "time", real)
    assert line["ended"] in ("refused", "busy")  # by which of them notices the clock first, OSS or SLS
    assert line["rejected"] == 0
    assert 0 < line["written"] < 100
    assert cloud.waiting(REJECTED) == []
    assert _tick()["ended"] == "drained"
    assert set(cloud.stored()) == {str(number) for number in range(100)}


def test_a_run_ends_before_fcs_timeout_and_the_next_one_goes_on(cloud: Cloud) -> None:
    cloud.spool([batch(str(number), age=900 - number) for number in range(500)])
    cloud.sls.faults.add(Fault.hang(0.3))
    index, ticks = fresh_index(), 0
    while cloud.waiting() and ticks < 20:
        started = time.monotonic()
        line = _tick(index, timeout=4)
        assert time.monotonic() - started < 3.9
        # On a busy machine there may be no time left to count what is left, either: then it is null.
        assert (line["ended"] == "drained") == (line["left"] == 0)
        ticks += 1
    assert ticks > 1
    assert set(cloud.stored()) == {str(number) for number in range(500)}
    assert len(cloud.stored()) == 500  # and none twice: what is under way at the end is waited for


def test_time_that_is_up_with_the_last_batch_alarms_nobody(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    delete = OssSpool.delete

    # Leaves too little time to begin with another batch, and enough to count what is left.
    async def until_time_is_up(storage: OssSpool, names: Sequence[str]) -> Collection[str]:
        gone = await delete(storage, names)
        time.sleep(max(storage._deadline.remaining() - 0.4, 0))
        return gone

    cloud.spool([batch("one")])
    monkeypatch.setattr(OssSpool, "delete", until_time_is_up)
    caplog.set_level(logging.INFO)
    line = _tick(timeout=3)
    assert (line["ended"], line["written"], line["left"]) == ("drained", 1, 0)
    (logged,) = lines(caplog, "replayed")
    assert logged["level"] == "INFO"


def test_a_silent_sls_does_not_hold_a_run_past_its_time(cloud: Cloud) -> None:
    cloud.spool([batch("one")])
    cloud.sls.faults.add(Fault.hang())
    started = time.monotonic()
    line = _tick(timeout=3)
    assert time.monotonic() - started < 2.9
    assert (line["ended"], line["left"]) == ("busy", 1)
    cloud.sls.faults.clear()
    _tick()
    # The first write may have arrived as well; what counts is that the batch did.
    assert set(cloud.stored()) == {"one"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_at_random_every_log_is_in_sls_at_the_end(cloud: Cloud, seed: int) -> None:
    chance = random.Random(seed)
    cloud.spool([batch(str(number), age=3600 - number) for number in range(60)])
    faults = [
        Fault.status(503, code="ServiceUnavailable"),
        Fault.status(429, code="TooManyRequests"),
        Fault.reset(),
        Fault.close(),
        Fault.garbage(),
        Fault.truncated(),
        Fault.reset(stage="handled"),
    ]
    struck = 0
    for _ in range(12):
        for service in (cloud.sls, cloud.oss):
            for fault in faults:
                service.faults.add(fault, times=1, on=lambda _: chance.random() < 0.1)
        line = _tick(timeout=10)
        assert line["ended"] != "failed"
        assert line["rejected"] == 0
        struck += cloud.sls.faults.struck + cloud.oss.faults.struck
    cloud.sls.faults.clear()
    cloud.oss.faults.clear()
    assert _tick()["left"] == 0
    assert struck > 20
    assert set(cloud.stored()) == {str(number) for number in range(60)}
    assert cloud.oss.objects(BUCKET) == {}


def test_the_contexts_credentials_come_first(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.spool([batch("one")])
    _use(monkeypatch, Credentials("STS.gone", "gone", "gone"))
    index = fresh_index()
    assert index.handler(TIMER, context(10))["ended"] == "refused"
    keys = SimpleNamespace(**msgspec.structs.asdict(cloud.replays))
    assert index.handler(TIMER, context(10, credentials=keys))["written"] == 1
