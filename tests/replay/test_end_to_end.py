"""The function between the stand-ins of OSS and SLS: what was spooled is in SLS, whatever happens."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from functions.replay.drain import OBJECTS, WRITES
from functions.replay.oss import OssSpool
from local.faults import Fault
from shared.spool.format import pack
from tests.replay.cloud import REPLAYS, Cloud, session, tick, use
from tests.replay.support import (
    BUCKET,
    OTHER,
    PROJECT,
    REJECTED,
    batch,
    fresh_index,
    lines,
    name_of,
)


def test_a_thousand_objects_are_drained_once_each_oldest_first(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    batches = [batch(str(number), age=3600 - number, logs=2) for number in range(1000)]
    cloud.spool(random.Random(6).sample(batches, len(batches)))
    with caplog.at_level("INFO"):
        line = tick(timeout=600)
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
    assert tick()["written"] == 1
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
    line = tick(index)
    assert (line["ended"], line["written"], line["left"]) == ("busy", 0, 10)
    assert 899 <= line["oldestSeconds"] <= 930
    assert len(cloud.waiting()) == 10
    cloud.sls.faults.clear()
    line = tick(index)
    assert (line["ended"], line["written"], line["left"]) == ("drained", 10, 0)
    assert sorted(cloud.stored()) == [str(number) for number in range(10)]


def test_a_moment_of_trouble_is_waited_out_within_the_run(cloud: Cloud) -> None:
    cloud.spool([batch(str(number)) for number in range(5)])
    cloud.sls.faults.add(Fault.status(403, code="ShardWriteQuotaExceed"), times=1)
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), times=1, on="GET ")
    assert tick()["ended"] == "drained"
    assert sorted(cloud.stored()) == [str(number) for number in range(5)]


def test_while_oss_is_down_nothing_happens(cloud: Cloud) -> None:
    cloud.spool([batch()])
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"))
    line = tick()
    assert (line["ended"], line["written"], line["left"]) == ("busy", 0, None)
    assert line["detail"].startswith("OSS answered 503 ServiceUnavailable, request id ")
    cloud.oss.faults.clear()
    assert tick()["written"] == 1


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
            tick()
    assert len(cloud.waiting()) == 5
    assert set(cloud.stored()) <= {str(number) for number in range(5)}
    assert tick()["ended"] == "drained"
    assert set(cloud.stored()) == {str(number) for number in range(5)}
    assert max(Counter(cloud.stored()).values()) == 2


def test_a_delete_that_fails_is_made_good_by_the_instances_next_run_without_a_duplicate(cloud: Cloud) -> None:
    cloud.spool([batch("one")])
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), on="?delete")
    index = fresh_index()
    line = tick(index)
    assert (line["written"], line["left"]) == (1, 1)
    cloud.oss.faults.clear()
    assert tick(index)["left"] == 0
    assert cloud.stored() == ["one"]


def test_a_batch_that_sls_never_accepts_is_rejected_with_the_reason(cloud: Cloud) -> None:
    malformed = batch("malformed", age=30)._replace(body=b'{"__logs__":"none"}')
    unreadable, old, foreign = (
        f"20261101T000000.000000Z-{'5' * 32}.json.gz",
        batch("old", age=7 * 24 * 3600 + 60),
        batch("foreign", age=20, project="another-project"),
    )
    cloud.spool([malformed, old, foreign, batch("good", age=10)])
    cloud.put({unreadable: b"no gzip"})
    line = tick()
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
    use(monkeypatch, session(cloud.ram, "weak", weak))
    line = tick()
    assert (line["ended"], line["written"]) == (ended, 0)
    assert len(cloud.waiting()) == 2
    assert cloud.waiting(REJECTED) == []
    (logged,) = lines(caplog, "replayed")
    assert logged["level"] == level
    use(monkeypatch, cloud.replays)
    assert tick()["written"] == 2


def test_two_instances_at_once_lose_nothing(cloud: Cloud) -> None:
    cloud.spool([batch(str(number), age=3600 - number) for number in range(150)])
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(tick())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer["ended"] for answer in answers] == ["drained", "drained"]
    assert set(cloud.stored()) == {str(number) for number in range(150)}
    assert sum(answer["written"] for answer in answers) == len(cloud.stored())
    assert cloud.oss.objects(BUCKET) == {}
