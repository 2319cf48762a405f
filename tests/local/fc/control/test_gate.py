"""Signatures and permissions are checked, for the API's own calls and for the upload of code."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from local.ram import AccessKey
from tests.local.fc.control.cloud import CODE, HERE, Cloud, zipped

FUNCTION = "/2023-03-30/functions/sample"
BODY = {
    "functionName": "sample",
    "runtime": HERE,
    "handler": "index.handler",
    "code": {"zipFile": base64.b64encode(zipped(index=CODE)).decode()},
}


def _allow(*actions: str, on: str = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": [on]}
    return {"Version": "1", "Statement": [statement]}


def test_an_unsigned_call_is_refused(cloud: Cloud) -> None:
    for path in (FUNCTION, "/2016-08-15/tempBucketToken"):
        answer = cloud.client.get(cloud.url + path)
        assert (answer.status_code, answer.json()["Code"]) == (400, "MissingRequiredHeader")


@pytest.mark.parametrize(
    ("key", "code"),
    [(AccessKey("LTAI5tNobody", "x"), "InvalidAccessKeyID"), (None, "SignatureNotMatch")],
)
def test_an_unknown_or_invalid_key_is_refused(cloud: Cloud, key: AccessKey | None, code: str) -> None:
    wrong = key or cloud.key._replace(secret="not this one")
    for answer in (cloud.call("GET", FUNCTION, key=wrong), cloud.token(key=wrong)):
        assert (answer.status_code, answer.json()["Code"]) == (403, code)
        assert answer.json()["RequestId"] == answer.headers["x-fc-request-id"]
        assert cloud.key.secret not in answer.text


def test_an_old_date_is_refused(cloud: Cloud) -> None:
    assert cloud.token(date=time.time() - 14 * 60).status_code == 200
    assert cloud.token(date=time.time() - 16 * 60).status_code == 400


def test_each_call_needs_its_permission(cloud: Cloud) -> None:
    reader = cloud.ram.add_user("reader", [_allow("fc:GetFunction")])
    assert cloud.call("GET", FUNCTION, key=reader).status_code == 404
    for method, path in (
        ("DELETE", FUNCTION),
        ("GET", f"{FUNCTION}/triggers"),
        ("PUT", f"{FUNCTION}/concurrency"),
    ):
        answer = cloud.call(method, path, key=reader)
        assert (answer.status_code, answer.json()["Code"]) == (403, "AccessDenied")
    assert "fc:GetTempBucketToken" in cloud.token(key=reader).json()["Message"]


def test_deploying_needs_permission_to_pass_the_role(cloud: Cloud) -> None:
    role = f"acs:ram::{cloud.ram.account_id}:role/sample"
    without = cloud.ram.add_user("without", [_allow("fc:*")])
    answer = cloud.call("POST", "/2023-03-30/functions", {**BODY, "role": role}, key=without)
    assert (answer.status_code, answer.json()["Code"]) == (403, "AccessDenied")
    assert f"'ram:PassRole' on resource '{role}'" in answer.json()["Message"]
    allowed = cloud.ram.add_user("with", [_allow("fc:*"), _allow("ram:PassRole", on=role)])
    answer = cloud.call("POST", "/2023-03-30/functions", {**BODY, "role": role}, key=allowed)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("logs", "word"),
    [
        ({"project": "nobody-s", "logstore": "function-logs"}, "project 'nobody-s' does not exist"),
        ({"project": "shop-logs", "logstore": "none"}, "logstore 'none' does not exist"),
    ],
)
def test_logs_need_a_place_that_exists(cloud: Cloud, logs: dict[str, str], word: str) -> None:
    answer = cloud.call("POST", "/2023-03-30/functions", {**BODY, "logConfig": logs})
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidArgument")
    assert word in answer.json()["Message"]


@pytest.mark.parametrize(
    "code",
    [
        {},
        {"zipFile": "not base64!"},
        {"zipFile": base64.b64encode(b"not a zip archive").decode()},
        {"ossBucketName": "fc-temp-code", "ossObjectName": "nothing"},
        {"ossBucketName": "nobody-s-bucket", "ossObjectName": "nothing"},
    ],
)
def test_code_must_exist_and_be_a_valid_archive(cloud: Cloud, code: dict[str, str]) -> None:
    answer = cloud.call("POST", "/2023-03-30/functions", {**BODY, "code": code})
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidArgument")
    assert cloud.call("GET", FUNCTION).status_code == 404


def test_an_archive_stays_within_its_folder(cloud: Cloud) -> None:
    code = {"zipFile": base64.b64encode(zipped(**{"../../outside": ""})).decode()}
    answer = cloud.call("POST", "/2023-03-30/functions", {**BODY, "code": code})
    assert answer.status_code == 400
    assert "outside its folder" in answer.json()["Message"]


def test_another_path_or_a_body_that_is_not_json_is_refused(cloud: Cloud) -> None:
    assert cloud.call("GET", "/2023-03-30/layers").json()["Code"] == "PathNotSupported"
    answer = cloud.call("PUT", f"{FUNCTION}/concurrency", {})
    assert answer.status_code == 404
    cloud.create()
    assert cloud.call("PUT", f"{FUNCTION}/concurrency", {}).json()["Code"] == "InvalidArgument"
