"""Handmade requests of wrong or older clients, signed by the official signing functions."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from starlette.responses import Response

from local.ram import AccessKey
from local.sts import StsStandIn
from local.sts.claims import Call
from tests.local.sts.cloud import ROLE, account

NOW = 1_800_000_000.0
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PARAMETERS = {"RoleArn": ROLE, "RoleSessionName": "tests"}


def stamp(moment: float = NOW) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def rpc(key: AccessKey, method: str = "GET", *, sign: bool = True, **changes: str | None) -> Call:
    """An RPC V1 call; `changes` replace its parameters before it is signed, None removes one."""
    parameters = {
        **PARAMETERS,
        "Action": "AssumeRole",
        "Version": "2015-04-01",
        "Format": "JSON",
        "AccessKeyId": key.id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "n-1",
        "Timestamp": stamp(),
        **changes,
    }
    parameters = {name: value for name, value in parameters.items() if value is not None}
    if sign:
        parameters["Signature"] = Utils.get_rpcsignature(parameters, method, key.secret)
    encoded = urlencode(parameters)
    if method == "GET":
        return Call("GET", encoded, {"host": "sts.aliyuncs.com"}, b"")
    form = {"host": "sts.aliyuncs.com", "content-type": "application/x-www-form-urlencoded"}
    return Call(method, "", form, encoded.encode())


def acs3(key: AccessKey, *, body: bytes = b"", **changes: str | None) -> Call:
    """An ACS3 call; `changes` replace headers (`_` for `-`) before it is signed, None removes one."""
    headers = {
        "host": "sts.aliyuncs.com",
        "x-acs-action": "AssumeRole",
        "x-acs-version": "2015-04-01",
        "x-acs-date": stamp(),
        "x-acs-signature-nonce": "n-1",
        "x-acs-content-sha256": EMPTY_HASH,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    present = {name: value for name, value in headers.items() if value is not None}
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = "POST", "/", PARAMETERS, present
    payload = present.get("x-acs-content-sha256", EMPTY_HASH)
    present["authorization"] = Utils.get_authorization(
        request, "ACS3-HMAC-SHA256", payload, key.id, key.secret
    )
    return Call("POST", urlencode(PARAMETERS), present, body)


class Desk:
    """A stand-in without a network, with a clock set by the test."""

    def __init__(self, **options: Any) -> None:
        self.now = NOW
        ram, self.key = account()
        self.sts = StsStandIn(ram, clock=lambda: self.now, **options)

    def ask(self, call: Call, path: str = "/") -> Response:
        return self.sts.answer(path, call)

    def code(self, call: Call, path: str = "/") -> tuple[int, str]:
        answer = self.ask(call, path)
        return answer.status_code, json.loads(bytes(answer.body)).get("Code", "none")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_manually_built_calls_are_accepted(desk: Desk) -> None:
    calls = [
        rpc(desk.key),
        rpc(desk.key, "POST", SignatureNonce="n-2"),
        acs3(desk.key, x_acs_signature_nonce="n-3"),
    ]
    assert [desk.ask(call).status_code for call in calls] == [200, 200, 200]


def test_an_answer_has_the_shape_of_sts(desk: Desk) -> None:
    answer = desk.ask(acs3(desk.key))
    body = json.loads(bytes(answer.body))
    assert set(body) == {"RequestId", "AssumedRoleUser", "Credentials"}
    assert set(body["Credentials"]) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}
    assert body["Credentials"]["Expiration"] == stamp(NOW + 3600)
    assert answer.headers["x-acs-request-id"] == body["RequestId"]


def test_an_error_has_the_shape_of_sts(desk: Desk) -> None:
    answer = desk.ask(rpc(desk.key, RoleArn=None))
    body = json.loads(bytes(answer.body))
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["Message"] == "RoleArn is mandatory for this action."


def test_rpc_answers_in_xml_unless_json_is_asked_for(desk: Desk) -> None:
    good = desk.ask(rpc(desk.key, Format=None))
    assert good.headers["content-type"] == "text/xml;charset=utf-8"
    assert b"<AssumeRoleResponse><RequestId>" in bytes(good.body)
    bad = desk.ask(rpc(desk.key, Format="XML", SignatureNonce="n-2", RoleArn="a<b"))
    assert b"<Error><RequestId>" in bytes(bad.body)
    assert b"<Code>InvalidParameter.RoleArn</Code>" in bytes(bad.body)


@pytest.mark.parametrize(
    "name",
    [
        "Action",
        "Version",
        "AccessKeyId",
        "SignatureNonce",
        "Timestamp",
        "SignatureMethod",
        "SignatureVersion",
    ],
)
def test_an_rpc_call_without_a_common_parameter_is_refused(desk: Desk, name: str) -> None:
    without: dict[str, Any] = {name: None}
    assert desk.code(rpc(desk.key, **without)) == (400, f"Missing{name}")


def test_an_unsigned_call_is_refused(desk: Desk) -> None:
    assert desk.code(rpc(desk.key, sign=False)) == (400, "MissingSignature")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("x_acs_action", "MissingAction"),
        ("x_acs_version", "MissingVersion"),
        ("x_acs_date", "MissingTimestamp"),
        ("x_acs_signature_nonce", "MissingSignatureNonce"),
        ("x_acs_content_sha256", "MissingContentSha256"),
    ],
)
def test_an_acs3_call_without_a_needed_header_is_refused(desk: Desk, header: str, code: str) -> None:
    without: dict[str, Any] = {header: None}
    assert desk.code(acs3(desk.key, **without)) == (400, code)


@pytest.mark.parametrize("moment", [NOW - 901, NOW + 901])
def test_a_time_stamp_over_15_minutes_off_is_refused(desk: Desk, moment: float) -> None:
    assert desk.code(rpc(desk.key, Timestamp=stamp(moment))) == (400, "InvalidTimeStamp.Expired")
    assert desk.code(acs3(desk.key, x_acs_date=stamp(moment))) == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("moment", [NOW - 900, NOW + 900])
def test_a_time_stamp_15_minutes_off_is_accepted(desk: Desk, moment: float) -> None:
    assert desk.ask(acs3(desk.key, x_acs_date=stamp(moment))).status_code == 200


def test_a_time_stamp_of_another_form_is_refused(desk: Desk) -> None:
    assert desk.code(rpc(desk.key, Timestamp="1800000000")) == (400, "InvalidTimeStamp.Format")
    assert desk.code(acs3(desk.key, x_acs_date="20270115T080000Z")) == (400, "InvalidTimeStamp.Format")


def test_a_nonce_counts_once(desk: Desk) -> None:
    assert desk.ask(acs3(desk.key)).status_code == 200
    assert desk.code(acs3(desk.key)) == (400, "SignatureNonceUsed")
    assert desk.code(rpc(desk.key)) == (400, "SignatureNonceUsed")
    assert desk.ask(acs3(desk.key, x_acs_signature_nonce="n-2")).status_code == 200


def test_a_nonce_is_not_used_up_by_a_call_with_a_wrong_signature(desk: Desk) -> None:
    wrong = AccessKey(desk.key.id, "wrong")
    assert desk.code(acs3(wrong)) == (400, "SignatureDoesNotMatch")
    assert desk.ask(acs3(desk.key)).status_code == 200


def test_an_old_nonce_is_forgotten_when_its_time_stamp_would_be_refused_anyway(desk: Desk) -> None:
    assert desk.ask(acs3(desk.key)).status_code == 200
    desk.now += 1801
    assert desk.ask(acs3(desk.key, x_acs_date=stamp(desk.now))).status_code == 200


def test_a_parameter_changed_after_signing_is_noticed(desk: Desk) -> None:
    call = acs3(desk.key)
    other = call._replace(query=call.query.replace("RoleSessionName=tests", "RoleSessionName=other"))
    assert desk.code(other) == (400, "SignatureDoesNotMatch")
    call = rpc(desk.key)
    other = call._replace(query=call.query + "&DurationSeconds=7200")
    assert desk.code(other) == (400, "SignatureDoesNotMatch")


def test_a_header_changed_after_signing_is_noticed(desk: Desk) -> None:
    call = acs3(desk.key)
    other = call._replace(headers={**call.headers, "x-acs-signature-nonce": "n-2"})
    assert desk.code(other) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "damage",
    [
        {"authorization": "Bearer x"},
        {"authorization": "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=00"},
        {"x-acs-security-token": "added later"},
        {"content-type": "application/json"},
        {"x-acs-content-sha256": "0" * 64},
    ],
)
def test_an_incomplete_signature_is_refused(desk: Desk, damage: dict[str, str]) -> None:
    call = acs3(desk.key)
    assert desk.code(call._replace(headers={**call.headers, **damage})) == (400, "IncompleteSignature")


def test_a_body_changed_after_signing_is_noticed(desk: Desk) -> None:
    assert desk.code(acs3(desk.key, body=b"DurationSeconds=7200")) == (400, "IncompleteSignature")


def test_signed_headers_that_were_not_sent_are_noticed(desk: Desk) -> None:
    call = acs3(desk.key, content_type="application/json")
    headers = {name: value for name, value in call.headers.items() if name != "content-type"}
    assert desk.code(call._replace(headers=headers)) == (400, "IncompleteSignature")


@pytest.mark.parametrize("names", ["x-acs-date;host", "host;host"])
def test_signed_headers_out_of_order_are_refused(desk: Desk, names: str) -> None:
    signature = "0" * 64
    value = f"ACS3-HMAC-SHA256 Credential={desk.key.id},SignedHeaders={names},Signature={signature}"
    call = Call(
        "POST", urlencode(PARAMETERS), {"host": "sts", "x-acs-date": "d", "authorization": value}, b""
    )
    body = json.loads(bytes(desk.ask(call).body))
    assert body["Code"] == "IncompleteSignature"
    assert "not sorted" in body["Message"]


def test_other_signature_methods_are_refused(desk: Desk) -> None:
    call = rpc(desk.key, SignatureMethod="HMAC-SHA256")
    assert desk.code(call) == (400, "InvalidSignatureMethod")


def test_other_actions_versions_and_paths_are_refused(desk: Desk) -> None:
    assert desk.code(rpc(desk.key, Action="GetFederationToken")) == (404, "InvalidAction.NotFound")
    assert desk.code(rpc(desk.key, Version="2014-01-01")) == (400, "InvalidVersion")
    assert desk.code(acs3(desk.key), "/other") == (404, "InvalidAction.NotFound")
    assert desk.code(rpc(desk.key, "PUT")) == (404, "InvalidAction.NotFound")


def test_calls_past_the_accounts_quota_are_throttled_until_a_minute_is_over() -> None:
    desk = Desk(calls_a_minute=2)
    codes = [desk.code(acs3(desk.key, x_acs_signature_nonce=str(turn))) for turn in range(3)]
    assert codes == [(200, "none"), (200, "none"), (400, "Throttling.User")]
    desk.now += 60
    call = acs3(desk.key, x_acs_signature_nonce="later", x_acs_date=stamp(desk.now))
    assert desk.code(call) == (200, "none")
