"""The drill of an outage in short, and that it finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.soak import outage
from tests.soak.outage import Drill, Drilled, Size

SHORT = Size(batches=400, parts=2, clients=32, quota=60)


def test_what_an_outage_left_in_the_spool_arrives_and_nothing_is_lost() -> None:
    drilled = Drill(SHORT).run()
    assert drilled.violations == [], str(drilled)
    assert len(drilled.confirmed) >= SHORT.batches
    assert drilled.killed
    assert drilled.stored == len(drilled.confirmed) + drilled.duplicates
    # Batches shared objects: far fewer than one request to OSS for each.
    assert drilled.objects <= drilled.puts < SHORT.batches / 4
    assert drilled.throttled > 0
    assert 0 < drilled.replay_memory < 200


def test_an_sls_that_hangs_holds_up_few_requests_and_doubles_few_logs() -> None:
    size = Size(batches=400, clients=16, quota=None, away="stores and hangs", kill=False)
    drilled = Drill(size).run()
    assert drilled.violations == [], str(drilled)
    # The first of each client waited for SLS, and a probe may have; all others went to the spool at once.
    assert size.clients <= drilled.asked <= 2 * size.clients
    assert drilled.duplicates == drilled.asked
    assert drilled.other_answers == 0


def test_an_oss_that_confirms_and_keeps_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    come_back = Drill._come_back

    def lose_an_object(drill: Drill) -> None:
        name = next(iter(drill._oss.objects(outage.BUCKET)))
        drill._oss._buckets.delete(outage.BUCKET, [name])
        come_back(drill)

    monkeypatch.setattr(Drill, "_come_back", lose_an_object)
    drilled = Drill(Size(batches=50, parts=1, clients=8, quota=None)).run()
    assert drilled.lost > 0
    assert f"VIOLATED {drilled.lost} lost of" in str(drilled)


def test_each_thing_that_must_not_happen_is_said() -> None:
    size = Size(batches=2)
    fine = {"ended": "drained", "rejected": 0, "setbacks": 0, "MB": 200.0}
    assert Drilled(size, {"a", "b"}, runs=[fine]).violations == []
    bad = Drilled(
        size, {"a"}, lost=1, changed=2, left=3, runs=[{**fine, "ended": "failed", "rejected": 4, "MB": 201.0}]
    )
    assert len(bad.violations) == 7
