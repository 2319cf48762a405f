"""Signed requests that are accepted, and every kind of refusal."""

from __future__ import annotations

from typing import Any

import pytest

from local.ram import PolicyDocument, StsToken

from .support import LOGSTORE, LOGSTORE_ARN, OPEN, PROJECT, Cloud, Signer, group, policy, refusal


def token_for(
    cloud: Cloud, role_policy: PolicyDocument, session_policy: PolicyDocument | None = None
) -> StsToken:
    role = cloud.ram.add_role("tracker", trusted=["fc.aliyuncs.com"], policies=[role_policy])
    return cloud.ram.issue(
        role, session_name="s", session_policy=session_policy, duration=900, now=cloud.clock()
    )


def signer_of(token: StsToken, **how: Any) -> Signer:
    return Signer(token.id, token.secret, token.security_token, **how)


@pytest.mark.parametrize(
    "how",
    [{"version": "v4"}, {"version": "v1"}, {"version": "v1", "method": "hmac-sha256"}],
)
def test_each_signature_is_accepted(cloud: Cloud, how: dict[str, Any]) -> None:
    answer = cloud.send(cloud.signer(**how), group({"a": "1"}))

    assert (answer.status_code, answer.content) == (200, b"")
    assert [log.fields for log in cloud.sls.store.query()] == [{"a": "1"}]


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize(
    ("spoilt", "refused"),
    [
        ({"drop": ("x-log-apiversion",)}, (400, "MissingAPIVersion")),
        ({"change": {"x-log-apiversion": "0.5.0"}}, (400, "InvalidAPIVersion")),
        ({"drop": ("x-log-date",)}, (400, "MissingDate")),
        ({"change": {"x-log-date": "yesterday"}}, (400, "InvalidDateFormat")),
        ({"secret": "another"}, (401, "SignatureNotMatch")),
        ({"id": "LTAInobody"}, (401, "InvalidAccessKeyId")),
        ({"id": ""}, (401, "InvalidAccessKeyId")),
        ({"token": "a token this key does not go with"}, (401, "Unauthorized")),
    ],
)
def test_the_error_of_a_request_is_named(
    cloud: Cloud, version: str, spoilt: dict[str, Any], refused: tuple[int, str]
) -> None:
    signer = cloud.signer(version=version)._replace(**spoilt)

    assert refusal(cloud.send(signer, group())) == refused
    assert cloud.sls.store.counts() == {}


@pytest.mark.parametrize(
    ("spoilt", "refused"),
    [
        ({"drop": ("x-log-signaturemethod",)}, (400, "MissingSignatureMethod")),
        ({"change": {"x-log-signaturemethod": "hmac-md5"}}, (400, "InvalidSignatureMethod")),
        ({"drop": ("content-md5",)}, (401, "SignatureNotMatch")),
        ({"change": {"content-md5": "0" * 32}}, (401, "SignatureNotMatch")),
    ],
)
def test_what_only_v1_has_is_checked(cloud: Cloud, spoilt: dict[str, Any], refused: tuple[int, str]) -> None:
    assert refusal(cloud.send(cloud.signer(version="v1", **spoilt), group())) == refused


@pytest.mark.parametrize(
    "spoilt",
    [
        {"drop": ("x-log-content-sha256",)},
        {"change": {"x-log-content-sha256": "0" * 64}},
        {"region": "cn-shanghai"},
    ],
)
def test_what_only_v4_has_is_checked(cloud: Cloud, spoilt: dict[str, Any]) -> None:
    assert refusal(cloud.send(cloud.signer(**spoilt), group())) == (401, "SignatureNotMatch")


def test_a_header_changed_after_signing_is_noticed(cloud: Cloud) -> None:
    answer = cloud.send(cloud.signer(), group())
    headers = dict(answer.request.headers)
    headers["content-type"] = "application/x-protobuf"

    again = cloud.client.post(answer.request.url, content=answer.request.content, headers=headers)

    assert answer.status_code == 200
    assert refusal(again) == (401, "SignatureNotMatch")


@pytest.mark.parametrize(("said", "instead"), [("/cn-hangzhou/", "/cn-shanghai/"), ("/2026", "/2025")])
def test_a_scope_other_than_the_one_signed_is_noticed(cloud: Cloud, said: str, instead: str) -> None:
    cloud.clock.fixed = 1_795_394_940.0
    request = cloud.send(cloud.signer(), group()).request
    request.headers["authorization"] = request.headers["authorization"].replace(said, instead)

    assert refusal(cloud.client.send(request)) == (401, "SignatureNotMatch")


def test_a_request_without_authorization_is_refused(cloud: Cloud) -> None:
    answer = cloud.client.post(
        f"/logstores/{LOGSTORE}/shards/lb", content=group(), headers={"x-log-apiversion": "0.6.0"}
    )

    assert refusal(answer) == (401, "Unauthorized")


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize(("skew", "status"), [(-890, 200), (890, 200), (-910, 400), (910, 400)])
def test_the_date_may_be_off_by_a_quarter_of_an_hour(
    cloud: Cloud, version: str, skew: int, status: int
) -> None:
    cloud.clock.fixed = 1_795_394_940.0
    signer = cloud.signer(version=version)
    request = cloud.send(signer, group()).request
    cloud.clock.fixed += skew

    answer = cloud.client.send(request)

    assert answer.status_code == status
    assert status == 200 or refusal(answer) == (400, "RequestTimeTooSkewed")


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_a_token_may_do_what_its_role_may(cloud: Cloud, version: str) -> None:
    token = token_for(cloud, policy("log:PostLogStoreLogs"))

    assert cloud.send(signer_of(token, version=version), group()).status_code == 200


def test_an_expired_token_is_unauthorized(cloud: Cloud) -> None:
    token = token_for(cloud, policy("log:PostLogStoreLogs"))
    cloud.clock.ahead = 899
    assert cloud.send(signer_of(token), group()).status_code == 200

    cloud.clock.ahead = 901
    answer = cloud.send(signer_of(token), group())

    assert refusal(answer) == (401, "Unauthorized")
    assert "expired" in answer.json()["errorMessage"]


@pytest.mark.parametrize("spoilt", [{"token": ""}, {"token": "another"}])
def test_a_token_is_of_no_use_without_its_security_token(cloud: Cloud, spoilt: dict[str, Any]) -> None:
    token = token_for(cloud, policy("log:PostLogStoreLogs"))

    assert refusal(cloud.send(signer_of(token)._replace(**spoilt), group())) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("role", "session"),
    [
        (policy("log:PutLogs"), None),
        (policy("log:GetLogStoreLogs"), None),
        (policy("log:PostLogStoreLogs", LOGSTORE_ARN + "-2"), None),
        (policy("log:PostLogStoreLogs", "acs:log:cn-shanghai:*:project/*"), None),
        (policy("log:*"), policy("log:PostLogStoreLogs", LOGSTORE_ARN.replace(LOGSTORE, OPEN))),
        (policy("log:GetLogStoreLogs"), policy("log:*")),
        (policy("log:*"), policy("log:*", effect="Deny")),
    ],
)
def test_what_the_policies_do_not_allow_is_unauthorized(
    cloud: Cloud, role: PolicyDocument, session: PolicyDocument | None
) -> None:
    answer = cloud.send(signer_of(token_for(cloud, role, session)), group())

    assert refusal(answer) == (401, "Unauthorized")
    assert answer.json()["errorMessage"].startswith("denied by sts or ram, action: log:PostLogStoreLogs")
    assert cloud.sls.store.counts() == {}


def test_a_writer_may_not_read(cloud: Cloud) -> None:
    answer = cloud.send(cloud.signer(), b'{"from":0,"to":1}', f"/logstores/{LOGSTORE}/logs")

    assert refusal(answer) == (401, "Unauthorized")


def test_an_unknown_project_and_logstore_are_named(cloud: Cloud) -> None:
    no_project = cloud.send(cloud.signer(), group(), host="nowhere.cn-hangzhou.log.aliyuncs.com")
    no_logstore = cloud.send(cloud.signer(), group(), "/logstores/nowhere/shards/lb")

    assert refusal(no_project) == (404, "ProjectNotExist")
    assert refusal(no_logstore) == (404, "LogStoreNotExist")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:9001", "localhost:9001", "[::1]:9001", f"{PROJECT}.127.0.0.1:9001", PROJECT],
)
def test_a_host_without_a_project_stands_for_the_first_one(cloud: Cloud, host: str) -> None:
    cloud.sls.create("second-project", LOGSTORE)

    assert cloud.send(cloud.signer(), group(), host=host).status_code == 200
    assert [log.project for log in cloud.sls.store.query()] == [PROJECT]


@pytest.mark.parametrize(
    ("project", "logstore"), [("ab", "x"), ("Upper", "x"), ("demo", "_x"), ("demo", "x")]
)
def test_names_the_service_would_refuse_cannot_be_created(cloud: Cloud, project: str, logstore: str) -> None:
    with pytest.raises(ValueError, match=r"not a (Project|Logstore) name"):
        cloud.sls.create(project, logstore)


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("PUT", f"/logstores/{LOGSTORE}/shards/lb", (405, "MethodNotSupported")),
        ("GET", "/logstore", (404, "NotFound")),
        ("POST", f"/logstores/{LOGSTORE}/", (404, "NotFound")),
    ],
)
def test_other_paths_and_methods_are_refused(
    cloud: Cloud, method: str, path: str, refused: tuple[int, str]
) -> None:
    assert refusal(cloud.client.request(method, path)) == refused
