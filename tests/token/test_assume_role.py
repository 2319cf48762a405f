"""AssumeRole over HTTP against the stand-in: its result, and each failure of STS."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import pytest
from alibabacloud_sts20150401.models import AssumeRoleRequest
from hypothesis import given
from hypothesis import strategies as st

from functions.token.assume_role import AssumeRole, session_name
from functions.token.policy import session_policy
from local.faults import Fault
from local.ram import AccessKey, Ram
from local.serving import Server
from local.sts import StsStandIn
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError, ErrorKind
from shared.network.blocking import run
from shared.network.client import HttpClient
from tests.local.sts.cloud import ROLE, WRITE_ALL, account, may_assume, policy

LOGSTORE = "acs:log:cn-hangzhou:1:project/shop/logstore/"
REQUEST = AssumeRoleRequest(
    role_arn=ROLE,
    role_session_name="sls-webtracking-tests",
    duration_seconds=900,
    policy=session_policy("shop", ["web"]),
)


class Sts:
    """The stand-in and AssumeRole as the function uses it."""

    def __init__(self, ram: Ram, key: AccessKey, stand_in: StsStandIn, url: str) -> None:
        self.ram, self.faults = ram, stand_in.faults
        self.credentials = Credentials(*key)
        self.upstream = HttpClient(url)
        self.assume_role = AssumeRole(self.upstream, CredentialSource({}), REQUEST)

    def failure(self, deadline: float = 5.0) -> ApiError:
        with pytest.raises(ApiError) as caught:
            run(self.assume_role(self.credentials, Deadline(deadline)))
        return caught.value


@pytest.fixture
def sts() -> Iterator[Sts]:
    ram, key = account()
    stand_in = StsStandIn(ram)
    with Server(stand_in.app) as server:
        sts = Sts(ram, key, stand_in, server.url)
        yield sts
        stand_in.faults.clear()
        sts.upstream.close()


def test_the_credential_may_only_write_to_the_logstore(sts: Sts) -> None:
    issued = run(sts.assume_role(sts.credentials, Deadline(5)))
    assert issued.expires - time.time() == pytest.approx(900, abs=30)
    assert issued.expiration == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(issued.expires))
    identity = sts.ram.identify(issued.access_key_id, issued.security_token)
    now = time.time()
    assert identity.allows("log:PostLogStoreLogs", LOGSTORE + "web", now=now)
    assert not identity.allows("log:PostLogStoreLogs", LOGSTORE + "checkout", now=now)
    assert not identity.allows("log:GetLogStoreLogs", LOGSTORE + "web", now=now)


def test_calls_share_one_connection_and_each_has_a_new_nonce(sts: Sts) -> None:
    ids = {run(sts.assume_role(sts.credentials, Deadline(5))).access_key_id for _ in range(5)}
    assert len(ids) == sts.faults.seen == 5


def test_the_functions_own_token_is_sent_along(sts: Sts) -> None:
    function = sts.ram.add_role("function", trusted=["fc.aliyuncs.com"], policies=[may_assume()])
    sts.ram.add_role("sls-web-tracking", trusted=[function], policies=[policy(WRITE_ALL)])
    own = sts.ram.issue(function, session_name="fc", session_policy=None, duration=900, now=time.time())
    issued = run(sts.assume_role(Credentials(own.id, own.secret, own.security_token), Deadline(5)))
    assert issued.access_key_id.startswith("STS.")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, code="InternalError"),
        Fault.status(503, code="ServiceUnavailable"),
        Fault.status(400, code="SignatureNonceUsed"),
        Fault.reset(),
        Fault.close(),
        Fault.garbage(),
        Fault.truncated(),
    ],
    ids=lambda fault: fault.name,
)
def test_a_temporary_fault_is_not_noticed(sts: Sts, fault: Fault) -> None:
    sts.faults.add(fault, times=1)
    issued = run(sts.assume_role(sts.credentials, Deadline(5)))
    assert issued.security_token
    assert sts.faults.seen == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.status(500, code="InternalError"), "STS answered 500 InternalError, request id "),
        (Fault.reset(), "STS cannot be reached: "),
        (Fault.garbage(), "STS cannot be reached: "),
    ],
    ids=["500", "reset", "garbage"],
)
def test_a_permanent_fault_is_answered_503_after_two_tries(sts: Sts, fault: Fault, reason: str) -> None:
    sts.faults.add(fault)
    error = sts.failure()
    assert error.kind is SERVER_BUSY
    assert error.headers == {"Retry-After": "2"}
    assert (error.detail or "").startswith(reason)
    assert sts.faults.seen == 2


def test_an_unreachable_sts_is_answered_503() -> None:
    with Server(StsStandIn(Ram()).app) as server:
        url = server.url
    with pytest.raises(ApiError) as caught:
        run(
            AssumeRole(HttpClient(url), CredentialSource({}), REQUEST)(
                Credentials("LTAI5tId", "secret"), Deadline(5)
            )
        )
    assert caught.value.kind is SERVER_BUSY


@pytest.mark.parametrize("code", ["Throttling", "Throttling.User", "Throttling.Api"])
def test_throttling_is_answered_503_without_another_try(sts: Sts, code: str) -> None:
    sts.faults.add(Fault.status(400, code=code))
    error = sts.failure()
    assert error.kind is SERVER_BUSY
    assert "Retry-After" in error.headers
    assert sts.faults.seen == 1


def test_a_hanging_sts_gets_half_the_time_and_is_retried(sts: Sts) -> None:
    sts.faults.add(Fault.hang(), times=1)
    issued = run(sts.assume_role(sts.credentials, Deadline(4)))
    assert issued.security_token
    assert sts.faults.seen == 2


def test_an_sts_that_keeps_hanging_is_given_up_at_the_deadline(sts: Sts) -> None:
    sts.faults.add(Fault.hang())
    began = time.monotonic()
    assert sts.failure(0.4).kind is SERVER_BUSY
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sts: sts.ram.add_role("sls-web-tracking", trusted=[], policies=[]), "403 NoPermission"),
        (lambda sts: sts.ram.revoke(sts.credentials.access_key_id), "404 InvalidAccessKeyId.NotFound"),
    ],
    ids=["no trust", "no such key"],
)
def test_a_refusal_is_answered_502_with_the_code_in_the_log_only(sts: Sts, change: object, code: str) -> None:
    assert callable(change)
    change(sts)
    error = sts.failure()
    assert error.kind is UPSTREAM_REJECTED
    assert re.fullmatch(rf"STS answered {code}, request id [0-9A-F-]{{36}}", error.detail or "")
    assert code.split()[1] not in error.message
    assert error.headers == {}
    assert sts.faults.seen == 1


def test_a_wrong_secret_is_answered_502_without_repeating_what_was_signed(sts: Sts) -> None:
    sts.credentials = msgspec.structs.replace(sts.credentials, access_key_secret="another")
    error = sts.failure()
    assert error.kind is UPSTREAM_REJECTED
    assert "SignatureDoesNotMatch" in (error.detail or "")
    told = f"{error} {error.detail} {error.headers}"
    assert "another" not in told
    assert sts.credentials.access_key_id not in told
    assert "string to sign" not in told


@pytest.mark.parametrize(("status", "kind"), [(404, UPSTREAM_REJECTED), (429, SERVER_BUSY)])
def test_an_error_that_is_not_of_sts_is_judged_by_its_status(sts: Sts, status: int, kind: ErrorKind) -> None:
    sts.faults.add(Fault.status(status, code="<html>"))
    error = sts.failure()
    assert error.kind is kind
    assert f"STS answered {status} (none)" in (error.detail or "")


@given(st.text())
def test_sts_accepts_every_session_name(instance: str) -> None:
    name = session_name(instance)
    assert re.fullmatch(r"[A-Za-z0-9.@_-]{2,64}", name)


def test_a_long_session_name_is_cut_at_64_characters() -> None:
    assert session_name("i" * 48) == "sls-webtracking-" + "i" * 48
    assert len(session_name("i" * 49)) == 64


def test_a_session_name_names_the_instance() -> None:
    assert session_name("c-67aa-1/2") == "sls-webtracking-c-67aa-1-2"


def test_importing_it_loads_the_sdks_models_and_not_its_client() -> None:
    program = "import sys, json, functions.token.assume_role; print(json.dumps(list(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    loaded = set(json.loads(output.stdout))
    assert "alibabacloud_sts20150401.models" in loaded
    heavy = {"alibabacloud_sts20150401.client", "alibabacloud_tea_openapi", "alibabacloud_credentials"}
    heavy |= {"darabonba.core", "Tea.core", "requests", "aiohttp", "urllib3", "http.client", "urllib.parse"}
    assert not loaded & heavy
