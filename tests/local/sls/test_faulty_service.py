"""Injected faults: what the client gets, and whether the log was stored anyway."""

from __future__ import annotations

import httpx
import pytest

from local.faults import Fault

from .support import LOGSTORE, Cloud, group, refusal


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalServerError"), (503, "ServerBusy"), (403, "WriteQuotaExceed"), (401, "Unauthorized")],
)
def test_an_error_on_purpose_looks_like_one_of_the_service(cloud: Cloud, status: int, code: str) -> None:
    cloud.sls.faults.add(Fault.status(status, code=code), times=1, on="/shards/lb")

    assert refusal(cloud.send(cloud.signer(), group())) == (status, code)
    assert cloud.sls.store.counts() == {}
    assert cloud.send(cloud.signer(), group()).status_code == 200


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.reset(), httpx.ReadError),
        (Fault.reset(stage="handled"), httpx.ReadError),
        (Fault.close(), httpx.RemoteProtocolError),
        (Fault.close(stage="handled"), httpx.RemoteProtocolError),
        (Fault.garbage(), httpx.RemoteProtocolError),
        (Fault.truncated(), httpx.RemoteProtocolError),
    ],
)
def test_a_failing_connection_leaves_the_service_working(
    cloud: Cloud, fault: Fault, error: type[Exception]
) -> None:
    cloud.sls.faults.add(fault, times=1)

    with pytest.raises(error):
        cloud.send(cloud.signer(), group())
    taken = cloud.sls.store.counts().get(LOGSTORE, 0)
    assert cloud.send(cloud.signer(), group()).status_code == 200
    assert cloud.sls.store.counts() == {LOGSTORE: taken + 1}


@pytest.mark.parametrize(("stage", "taken"), [("body", 0), ("handled", 1)])
def test_a_lost_answer_may_mean_a_log_taken_or_not(cloud: Cloud, stage: str, taken: int) -> None:
    cloud.sls.faults.add(Fault.reset(stage="handled" if stage == "handled" else "body"), times=1)

    with pytest.raises(httpx.ReadError):
        cloud.send(cloud.signer(), group())
    assert cloud.sls.store.counts().get(LOGSTORE, 0) == taken


def test_a_slow_service_answers_in_the_end(cloud: Cloud) -> None:
    cloud.sls.faults.add(Fault.hang(0.1), times=1)

    answer = cloud.send(cloud.signer(), group())

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.1


def test_requests_that_come_are_counted(cloud: Cloud) -> None:
    cloud.send(cloud.signer(), group())
    cloud.client.get("/logstores/nowhere/track")

    assert (cloud.sls.faults.seen, cloud.sls.faults.struck) == (2, 0)
