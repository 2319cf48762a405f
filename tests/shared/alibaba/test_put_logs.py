"""The signed request of a write, and the outcome of each answer of SLS to it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alibaba.put_logs import Outcome, error_code, outcome, reason, signed_write
from shared.alibaba.signature_v4 import SLS, signed_headers
from shared.credentials import Credentials
from shared.network.answers import Answer

names = st.from_regex(r"[a-z0-9][a-z0-9.:-]{0,20}", fullmatch=True)


@given(
    logstore=st.sampled_from(["a", "b"]) | names,  # few, so that they come again
    body=st.binary(max_size=100),
    host=st.sampled_from(["a", "b"]) | names,
    region=st.sampled_from(["cn-hangzhou", "ap-southeast-1"]),
    secret=st.sampled_from(["secret", "renewed"]),
    token=st.none() | st.sampled_from(["token", "x-log-bodyrawsize:1"]) | names,
    now=st.floats(0, 4e9),
)
def test_a_write_is_signed_as_any_other_request_whatever_was_signed_before(
    logstore: str, body: bytes, host: str, region: str, secret: str, token: str | None, now: float
) -> None:
    own = Credentials("LTAI5tId", secret, token)
    path, headers = signed_write(logstore, body, host, region, own, now)
    assert path == f"/logstores/{logstore}/shards/lb"
    sent = {
        "Content-Type": "application/json",
        "x-log-apiversion": "0.6.0",
        "x-log-bodyrawsize": str(len(body)),
        "host": host,
    }
    expected = signed_headers(SLS, "POST", path, {}, sent, body, credentials=own, region=region, now=now)
    assert {**headers, "host": host} == expected


def _answer(status: int, code: str | None = None, **headers: str) -> Answer:
    body = b"" if code is None else json.dumps({"errorCode": code, "errorMessage": "its words"}).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, None, Outcome.WRITTEN),
        (500, "InternalServerError", Outcome.PASSING),
        (503, "ServerBusy", Outcome.PASSING),
        (502, None, Outcome.PASSING),
        (429, None, Outcome.THROTTLED),
        (403, "WriteQuotaExceed", Outcome.THROTTLED),
        (403, "ShardWriteQuotaExceed", Outcome.THROTTLED),
        (403, "ProjectQuotaExceed", Outcome.THROTTLED),
        (403, "Unauthorized", Outcome.REFUSED),
        (403, None, Outcome.REFUSED),
        (401, "SignatureNotMatch", Outcome.UNAUTHORIZED),
        (401, "WriteQuotaExceed", Outcome.UNAUTHORIZED),
        (400, "PostBodyInvalid", Outcome.REFUSED),
        (400, "WriteQuotaExceed", Outcome.REFUSED),
        (404, "LogStoreNotExist", Outcome.REFUSED),
        (499, None, Outcome.REFUSED),
        # Only 200 confirms: SLS has no other success status.
        (201, None, Outcome.REFUSED),
        (204, None, Outcome.REFUSED),
        (302, None, Outcome.REFUSED),
    ],
)
def test_the_outcome_of_an_answer(status: int, code: str | None, expected: Outcome) -> None:
    assert outcome(_answer(status, code)) is expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"errorCode":5}', b'{"errorCode":"\xff"}', b"[" * 100_000, b"{}"]
)
def test_an_answer_without_a_code_has_an_empty_code(body: bytes) -> None:
    assert error_code(Answer(403, {}, body)) == ""


def test_the_reason_is_the_code_and_the_request_id_and_none_of_the_words() -> None:
    said = reason(_answer(403, "Unauthorized", x_log_requestid="5F1A"))
    assert said == "SLS answered 403 Unauthorized, request id 5F1A"
    assert reason(_answer(500)) == "SLS answered 500 , request id none"
