"""A slow SLS in short, over both runtimes, and that logs which are there twice are found."""

from __future__ import annotations

import pytest

from tests.soak.cloud import CUSTOM, Runtime
from tests.soak.slow import MOST, RUNTIMES, Slow, Slowed
from tests.soak.tally import Tally


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_where_sls_answers_late_no_log_is_there_twice(runtime: Runtime) -> None:
    few = runtime._replace(clients=8, instances=min(runtime.instances, 8))
    slowed = Slow(few, logs=60, longest=4.0).run()
    assert slowed.violations == [], str(slowed)
    assert len(slowed.tally.confirmed) >= 60
    assert slowed.tally.stored == len(slowed.tally.confirmed)
    assert slowed.tally.slowest > 1


def test_logs_that_are_there_twice_are_found() -> None:
    slowed = Slow(CUSTOM._replace(clients=4, instances=1), logs=4, longest=60.0).run()
    assert slowed.tally.lost == 0
    assert slowed.share > MOST
    assert f"VIOLATED {slowed.violations[-1]}" in str(slowed)


@pytest.mark.parametrize(("duplicates", "violated"), [(10, 0), (11, 1)])
def test_one_percent_may_be_there_twice_and_no_more(duplicates: int, violated: int) -> None:
    tally = Tally("custom", confirmed={str(at) for at in range(1000)}, duplicates=duplicates)
    assert len(Slowed(Slow(CUSTOM), tally).violations) == violated
