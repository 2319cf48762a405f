"""One write to SLS: what is sent, and what each answer means for the batch."""

from __future__ import annotations

import contextlib
import time

import pytest

from functions.replay.write import Fate, Writer, WriteResult
from shared.alibaba.signature_v4 import SLS, signed_headers
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.blocking import run
from shared.network.client import HttpClient
from shared.spool.format import Spooled
from tests.replay.support import LOGSTORE, batch
from tests.support.raw_server import CLOSE, HANG, OK, RESET, RawServer, answer, sls_error

KEYS = Credentials("LTAI5tReplay", "replay-secret", "replay-token")


def _write(server: RawServer, seconds: float = 10, spooled: Spooled | None = None) -> WriteResult:
    with contextlib.closing(HttpClient(server.url)) as upstream:
        return run(Writer(upstream, "cn-hangzhou", lambda: KEYS).write(spooled or batch(), Deadline(seconds)))


@pytest.mark.parametrize(
    ("script", "fate"),
    [
        (OK, Fate.WRITTEN),
        (sls_error(500, "InternalServerError"), Fate.LATER),
        (sls_error(503, "ServerBusy"), Fate.LATER),
        (answer(502, b"<html>"), Fate.LATER),
        (sls_error(403, "WriteQuotaExceed"), Fate.THROTTLED),
        (sls_error(403, "ShardWriteQuotaExceed"), Fate.THROTTLED),
        (answer(429), Fate.THROTTLED),
        (CLOSE, Fate.LATER),
        (RESET, Fate.LATER),
        (b"not HTTP\r\n\r\n", Fate.LATER),
        (sls_error(400, "PostBodyInvalid"), Fate.UNFIT),
        (sls_error(400, "PostBodyTooLarge"), Fate.UNFIT),
        (sls_error(400, "InvalidTimestamp"), Fate.UNFIT),
        (sls_error(400, "AnythingElse"), Fate.UNFIT),
        (sls_error(413, "PostBodyTooLarge"), Fate.UNFIT),
        (sls_error(415, "InvalidContentType"), Fate.UNFIT),
        (sls_error(400, "RequestTimeTooSkewed"), Fate.SETUP),
        (sls_error(400, "MissingHost"), Fate.SETUP),
        (answer(400, b"<html>a proxy's word</html>"), Fate.SETUP),
        (sls_error(401, "SignatureNotMatch"), Fate.SETUP),
        (sls_error(401, "Unauthorized"), Fate.SETUP),
        (sls_error(404, "ProjectNotExist"), Fate.SETUP),
        (answer(404), Fate.SETUP),
        (answer(302, b"", "Location: https://elsewhere.example/"), Fate.SETUP),
        (answer(204), Fate.SETUP),
        (sls_error(404, "LogStoreNotExist"), Fate.LOGSTORE),
        (sls_error(403, "Unauthorized"), Fate.LOGSTORE),
    ],
)
def test_an_answer_settles_the_batchs_fate(script: bytes, fate: Fate) -> None:
    with RawServer(script) as server:
        verdict = _write(server)
    assert verdict.fate is fate
    assert "SLS-SAYS-THIS" not in verdict.reason


def test_an_unreachable_address_is_later() -> None:
    with RawServer() as server:
        pass
    verdict = _write(server)
    assert verdict.fate is Fate.LATER
    assert "ConnectionRefusedError" in verdict.reason


def test_a_silent_sls_is_given_up_at_the_deadline() -> None:
    started = time.monotonic()
    with RawServer(HANG) as server:
        assert _write(server, 0.3).fate is Fate.LATER
    assert 0.2 < time.monotonic() - started < 20


def test_the_batch_is_sent_unchanged_and_signed() -> None:
    spooled = batch()
    with RawServer() as server:
        assert _write(server, spooled=spooled).fate is Fate.WRITTEN
        host = f"127.0.0.1:{server.port}"
    (received,) = server.received
    assert received.line == f"POST /logstores/{LOGSTORE}/shards/lb HTTP/1.1"
    assert received.body == spooled.body
    covered = {
        name: received.headers[name] for name in ("content-type", "x-log-apiversion", "x-log-bodyrawsize")
    }
    date = received.headers["x-log-date"]
    expected = signed_headers(
        SLS,
        "POST",
        f"/logstores/{LOGSTORE}/shards/lb",
        {},
        {**covered, "host": host},
        spooled.body,
        credentials=KEYS,
        region="cn-hangzhou",
        now=time.mktime(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.timezone,
    )
    assert received.headers["authorization"] == expected["Authorization"]
    assert received.headers["x-acs-security-token"] == "replay-token"
    assert covered["x-log-bodyrawsize"] == str(len(spooled.body))
