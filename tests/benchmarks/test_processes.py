from __future__ import annotations

import json
import os
import sys

import httpx
import pytest

from benchmarks import bodies
from benchmarks.processes import ROOT, ProbeFailed, cpu_seconds, cpu_so_far, report_of, stand_in

VARIABLES = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def test_a_process_costs_the_cpu_that_it_used() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass"

    assert 0.3 <= cpu_seconds([sys.executable, "-c", spin], VARIABLES) < 1.5


@pytest.mark.parametrize("measure", [cpu_seconds, report_of])
def test_a_process_that_fails_gives_no_figure(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(ProbeFailed, match="not this"):
        measure([sys.executable, "-c", "raise SystemExit('not this')"], VARIABLES)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads proc(5)")  # noqa: PTH110
def test_the_cpu_time_of_a_running_process_is_measured() -> None:
    assert cpu_so_far(os.getpid()) == pytest.approx(sum(os.times()[:2]), abs=0.2)


def test_the_stand_in_confirms_issues_and_counts() -> None:
    with stand_in(sys.executable, VARIABLES, 0) as address:
        written = httpx.post(f"{address}/logstores/x/shards/lb", content=bodies.large())
        issued = httpx.post(f"{address}/?Action=AssumeRole")
        calls = httpx.get(f"{address}/calls")

    assert (written.status_code, written.content) == (200, b"")
    assert set(issued.json()["Credentials"]) >= {"AccessKeyId", "SecurityToken"}
    assert calls.text == "2"


def test_bodies_are_as_large_as_they_say() -> None:
    small, large = bodies.small(), bodies.large()

    assert 900 <= len(small) <= 1024
    assert len(json.loads(small)["__logs__"]) == 10
    assert 0.98 * bodies.MAX_BODY <= len(large) <= bodies.MAX_BODY
    assert len(json.loads(large)["__logs__"]) == bodies.MAX_LOGS
