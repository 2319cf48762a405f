"""If SLS does not accept a batch, the page gets 200 and the batch is in the spool, or the page gets 503."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from local.faults import Fault
from local.oss import OssStandIn
from local.ram import AccessKey, Ram
from local.serving import Server
from shared.spool.format import Spooled, time_of, unpack
from tests.support.fc import context, event
from tests.support.log_lines import log_lines
from tests.support.raw_server import CLOSE, HANG, OK, RESET, RawServer, answer, sls_error
from tests.support.waiting import in_some_try
from tests.track.support import LOGSTORE, SETTINGS, TRACK, Track, running

BUCKET = "webtracking-spool-bucket"
ONE = '{"__topic__":"T","__logs__":[{"a":"1"}],"__tags__":{"env":"dev"}}'
DOWN = {
    "unreachable": CLOSE,
    "reset": RESET,
    "500": sls_error(500, "InternalServerError"),
    "throttled": sls_error(403, "WriteQuotaExceed"),
    "signature": sls_error(401, "SignatureNotMatch"),
    "no-rights": sls_error(403, "Unauthorized"),
    "no-project": sls_error(404, "ProjectNotExist"),
    "no-logstore": sls_error(404, "LogStoreNotExist"),
    "malformed": sls_error(400, "PostBodyInvalid"),
}


class Cloud(NamedTuple):
    """An OSS stand-in with the spool's bucket, and a key that may put objects under `pending/` only."""

    oss: OssStandIn
    url: str
    key: AccessKey

    def settings(self, **more: str) -> dict[str, Any]:
        return {
            "SPOOL_OSS_BUCKET": BUCKET,
            "SPOOL_OSS_ENDPOINT": self.url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.key.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.key.secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": "",
            **more,
        }

    def spooled(self) -> list[tuple[str, Spooled]]:
        """Return all batches, each with the name of its object."""
        objects = self.oss.objects(BUCKET).items()
        return [(name, batch) for name, stored in objects for batch in unpack(stored.body)]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    ram = Ram()
    oss = OssStandIn(ram)
    oss.create(BUCKET)
    pending = f"acs:oss:*:*:{BUCKET}/webtracking-spool/pending/*"
    statement = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": pending}
    key = ram.add_user("track", [{"Version": "1", "Statement": [statement]}])
    with Server(oss.app) as server:
        yield Cloud(oss, server.url, key)
        oss.close()


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def spooling(cloud: Cloud, stack: contextlib.ExitStack, *scripts: bytes, **more: str) -> Track:
    return stack.enter_context(running(*scripts, **cloud.settings(**more)))


@pytest.mark.parametrize("down", DOWN.values(), ids=DOWN)
def test_a_batch_that_sls_does_not_accept_is_spooled_before_the_200(
    cloud: Cloud, stack: contextlib.ExitStack, down: bytes
) -> None:
    track = spooling(cloud, stack, down)
    before = int(time.time())
    reply = track.post(ONE)
    assert (reply.status, reply.body, reply.headers["x-log-spooled"]) == (200, b"", "1")
    ((name, batch),) = cloud.spooled()
    assert (batch.project, batch.logstore) == (SETTINGS["SLS_PROJECT"], LOGSTORE)
    assert before <= batch.received <= time.time()
    stored = json.loads(batch.body)
    assert re.fullmatch("[0-9a-f]{32}", stored["__tags__"].pop("batch_id"))
    assert stored == {
        "__topic__": "T",
        "__logs__": [{"a": "1", "__time__": batch.received}],
        "__tags__": {"env": "dev", "client_ip": "203.0.113.77"},
    }
    assert name.startswith("webtracking-spool/pending/")
    assert int(time_of(name) or 0) == batch.received
    if down not in (CLOSE, RESET):
        assert json.loads(track.forwarded[0].body) == json.loads(batch.body)  # what SLS was offered


@pytest.mark.parametrize("doubtful", [HANG, RESET, CLOSE, b"HTTP/1.1 200 OK\r\n"], ids=str)
def test_a_write_in_doubt_is_spooled_and_not_sent_again(
    cloud: Cloud, stack: contextlib.ExitStack, doubtful: bytes
) -> None:
    track = spooling(cloud, stack, doubtful)
    reply = track.raw(_event(), context(5))
    assert (reply.status, reply.headers["x-log-spooled"]) == (200, "1")
    assert len(track.forwarded) == len(cloud.spooled()) == 1


def test_a_kept_connection_that_ends_leaves_a_write_in_doubt_too(
    cloud: Cloud, stack: contextlib.ExitStack
) -> None:
    track = spooling(cloud, stack, OK, CLOSE, OK)  # the second one comes on the connection of the first
    replies = [track.post(ONE) for _ in range(2)]
    assert [reply.headers.get("x-log-spooled") for reply in replies] == [None, "1"]
    assert [sent.connection for sent in track.forwarded] == [1, 1]
    assert len(cloud.spooled()) == 1


def test_the_pixel_is_spooled_too_and_stays_a_gif(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    track = spooling(cloud, stack, sls_error(503, "ServerBusy"))
    reply = track.send("GET", f"{TRACK}.gif", query={"APIVersion": "0.6.0", "k": "v"})
    assert (reply.status, reply.body[:3], reply.headers["x-log-spooled"]) == (200, b"GIF", "1")
    assert len(cloud.spooled()) == 1


def test_a_batch_that_sls_accepts_is_not_spooled(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    reply = spooling(cloud, stack, OK).post(ONE)
    assert reply.status == 200
    assert "x-log-spooled" not in reply.headers
    assert cloud.spooled() == []


def test_an_unsigned_write_is_spooled_as_the_signed_one_that_replay_will_send(
    cloud: Cloud, stack: contextlib.ExitStack
) -> None:
    track = spooling(cloud, stack, sls_error(500, "InternalServerError"), SLS_WRITE="anonymous")
    assert track.post(ONE).status == 200
    ((_, batch),) = cloud.spooled()
    assert json.loads(batch.body)["__logs__"] == [{"a": "1", "__time__": batch.received}]


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ('{"__logs__":[]}', 200), (" " * 3_145_729, 413)],
    ids=["bad", "empty", "large"],
)
def test_a_request_without_a_write_is_not_spooled(
    cloud: Cloud, stack: contextlib.ExitStack, body: str, status: int
) -> None:
    track = spooling(cloud, stack, CLOSE)
    assert track.post(body).status == status
    assert cloud.spooled() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(503, code="ServiceUnavailable"),
        Fault.status(403, code="AccessDenied"),
        Fault.reset(),
        Fault.garbage(),
        Fault.truncated(),
    ],
    ids=lambda fault: fault.name,
)
def test_if_oss_fails_too_the_answer_is_503_with_retry_after(
    cloud: Cloud, stack: contextlib.ExitStack, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.oss.faults.add(fault)
    reply = spooling(cloud, stack, sls_error(404, "ProjectNotExist")).post(ONE)
    assert (reply.status, reply.code) == (503, "ServerBusy")
    assert int(reply.headers["retry-after"]) > 0
    assert "x-log-spooled" not in reply.headers
    line = log_lines(caplog)[-1]
    assert line["spooled"] == 0
    assert "ProjectNotExist" in line["detail"]
    assert "OSS" in line["detail"]


def test_a_temporary_fault_of_oss_is_retried(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    cloud.oss.faults.add(Fault.status(500, code="InternalError"), times=1)
    assert spooling(cloud, stack, CLOSE).post(ONE).status == 200
    assert len(cloud.spooled()) == 1


def test_an_answer_of_oss_that_gets_lost_leaves_one_object(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    cloud.oss.faults.add(Fault.reset(stage="handled"), times=1)
    assert spooling(cloud, stack, CLOSE).post(ONE).status == 200
    assert len(cloud.spooled()) == 1


def test_sls_and_oss_that_hang_end_in_time(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    cloud.oss.faults.add(Fault.hang())

    def ends() -> None:
        track = spooling(cloud, stack, HANG)
        began = time.monotonic()
        reply = track.raw(_event(), context(4))
        assert (reply.status, reply.code) == (503, "ServerBusy")
        assert time.monotonic() - began < 4

    in_some_try(ends)


def test_an_sls_that_hangs_leaves_time_for_the_spool(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    def is_spooled() -> None:
        track, before = spooling(cloud, stack, HANG), len(cloud.spooled())
        began = time.monotonic()
        reply = track.raw(_event(), context(4))
        assert (reply.status, reply.headers["x-log-spooled"]) == (200, "1")
        assert time.monotonic() - began < 4
        assert len(cloud.spooled()) == before + 1

    in_some_try(is_spooled)


def test_a_key_without_permission_to_put_is_503(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    reply = spooling(cloud, stack, CLOSE, SPOOL_PREFIX="elsewhere/").post(ONE)
    assert (reply.status, reply.code) == (503, "ServerBusy")


def test_the_log_says_that_a_batch_was_spooled_and_why(
    cloud: Cloud, stack: contextlib.ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    spooling(cloud, stack, sls_error(404, "ProjectNotExist")).post(ONE)
    line = log_lines(caplog)[-1]
    assert (line["event"], line["level"], line["status"]) == ("answered", "ERROR", 200)
    assert (line["spooled"], line["errorCode"], line["logs"]) == (1, "UpstreamRejected", 1)
    assert "ProjectNotExist" in line["detail"]
    assert line["attempts"] == 1
    assert 0 < line["upstreamMs"] <= line["ms"] + 0.1  # both are rounded


def test_the_largest_batch_is_spooled_whole(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    logs = ",".join(f'{{"n":"{number}","v":"{"v" * 700}"}}' for number in range(4096))
    assert spooling(cloud, stack, CLOSE).post(f'{{"__logs__":[{logs}]}}').status == 200
    ((_, batch),) = cloud.spooled()
    assert len(json.loads(batch.body)["__logs__"]) == 4096


@pytest.mark.parametrize(
    ("name", "value"),
    [("SPOOL_OSS_BUCKET", "Up"), ("SPOOL_OSS_ENDPOINT", "https://x/path"), ("SPOOL_PREFIX", "/a/")],
)
def test_a_bad_setting_stops_the_start(
    cloud: Cloud, stack: contextlib.ExitStack, name: str, value: str
) -> None:
    with pytest.raises(ValueError, match=name):
        spooling(cloud, stack, OK, **{name: value})


def _event() -> bytes:
    return event("POST", TRACK, ONE)


def test_an_answer_that_is_no_confirmation_is_none(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    with contextlib.ExitStack() as other:
        odd = other.enter_context(RawServer(answer(409, b"<Error><Code>FileImmutable</Code></Error>")))
        reply = spooling(cloud, stack, CLOSE, SPOOL_OSS_ENDPOINT=odd.url).post(ONE)
    assert reply.status == 503
