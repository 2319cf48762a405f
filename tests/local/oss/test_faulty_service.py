"""Injected faults: what the client gets, and whether the object was stored anyway."""

from __future__ import annotations

import alibabacloud_oss_v2 as oss
import httpx
import pytest

from local.faults import Fault
from tests.support.waiting import until

from .support import BUCKET, KEY, Cloud, refusal, sdk_refusal


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (503, "ServiceUnavailable"), (403, "AccessDenied"), (404, "NoSuchBucket")],
)
def test_an_error_on_purpose_looks_like_one_of_the_service(cloud: Cloud, status: int, code: str) -> None:
    cloud.oss.faults.add(Fault.status(status, code=code), times=2, on="PUT /")

    with pytest.raises(oss.exceptions.OperationError) as error:
        cloud.client().put_object(oss.PutObjectRequest(bucket=BUCKET, key=KEY, body=b"x"))
    assert sdk_refusal(error) == (status, code)
    assert refusal(cloud.send("PUT", KEY, b"x")) == (status, code)
    assert cloud.oss.objects(BUCKET) == {}
    assert cloud.send("PUT", KEY, b"x").status_code == 200


@pytest.mark.parametrize(
    ("fault", "error", "kept"),
    [
        (Fault.reset(stage="head"), httpx.TransportError, 0),
        (Fault.reset(), httpx.ReadError, 0),
        (Fault.reset(stage="handled"), httpx.ReadError, 1),
        (Fault.close(), httpx.RemoteProtocolError, 0),
        (Fault.close(stage="handled"), httpx.RemoteProtocolError, 1),
        (Fault.garbage(), httpx.RemoteProtocolError, 0),
        (Fault.truncated(), httpx.RemoteProtocolError, 0),
        (Fault.hang(), httpx.ReadTimeout, 0),
        (Fault.hang(stage="handled"), httpx.ReadTimeout, 1),
    ],
)
def test_a_failing_connection_leaves_the_service_working(
    cloud: Cloud, fault: Fault, error: type[Exception], kept: int
) -> None:
    cloud.oss.faults.add(fault, times=1)
    usual, cloud.http.timeout = cloud.http.timeout, httpx.Timeout(60, read=0.3)

    with pytest.raises(error):
        cloud.send("PUT", "lost", b"x")

    cloud.http.timeout = usual
    assert until(lambda: cloud.oss.faults.struck == 1)
    assert until(lambda: len(cloud.oss.objects(BUCKET)) >= kept)
    assert len(cloud.oss.objects(BUCKET)) == kept
    assert cloud.send("PUT", KEY, b"x").status_code == 200


def test_a_slow_service_answers_in_the_end(cloud: Cloud) -> None:
    cloud.oss.faults.add(Fault.hang(0.1), times=1)

    answer = cloud.send("PUT", KEY, b"x")

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.1


def test_a_dripping_answer_can_be_a_good_one(cloud: Cloud) -> None:
    cloud.oss.faults.add(Fault.drip(interval=0.001), times=1)

    assert cloud.send("GET", KEY).content == b"ok"


def test_requests_that_come_are_counted(cloud: Cloud) -> None:
    cloud.send("PUT", KEY, b"x")
    cloud.http.get("/nowhere")

    assert (cloud.oss.faults.seen, cloud.oss.faults.struck) == (2, 0)
