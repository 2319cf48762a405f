"""The token function through its handler, with STS in memory."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.token.cache import CredentialCache
from local.faults import Fault
from shared.credentials import KEY_ID, KEY_SECRET, TOKEN
from shared.settings import SettingError
from tests.fakes.account import FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.sts import FakeSts
from tests.token.vendor import PATH, Reply, Vendor

pytestmark = pytest.mark.usefixtures("fake_sts")
FIELDS = {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}


@pytest.fixture
def vendor(fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    for name, value in fake_account.variables(fake_account.token_role).items():
        monkeypatch.setenv(name, value)
    return Vendor()


def refused(reply: Reply, status: int, code: str, secrets: set[str]) -> bool:
    """Whether it is this error, in SLS's format, with CORS headers and without a secret."""
    assert (reply.status, reply.json()["errorCode"]) == (status, code)
    assert set(reply.json()) == {"errorCode", "errorMessage"}
    assert reply.headers["x-log-errorcode"] == code
    assert reply.headers["access-control-allow-origin"]
    return not [secret for secret in secrets if secret in reply.text]


def parameters(fake_sts: FakeSts) -> dict[str, str]:
    (call,) = fake_sts.calls
    return {name: values[0] for name, values in parse_qs(urlsplit(call.target).query).items()}


def test_a_page_gets_exactly_four_fields_that_no_cache_keeps(vendor: Vendor) -> None:
    reply = vendor.send()
    assert reply.status == 200
    assert set(reply.json()) == FIELDS
    assert reply.json()["AccessKeyId"].startswith("STS.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply.json()["Expiration"])
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-log-requestid"] == "1-64f6cd87-context"


def test_what_is_handed_out_is_a_live_session_of_the_role_with_the_session_policy(
    vendor: Vendor, fake_account: FakeAccount
) -> None:
    token = vendor.send().json()
    identity = fake_account.ram.identify(token["AccessKeyId"], token["SecurityToken"])
    assert identity.arn.startswith(fake_account.written_role + "/")
    store = "acs:log:cn-hangzhou:1:project/webtracking-demo/logstore/"
    now = time.time()
    assert identity.allows("log:PostLogStoreLogs", store + "checkout", now=now)
    assert not identity.allows("log:PostLogStoreLogs", store + "others", now=now)  # though the role may
    assert not identity.allows("log:GetLogStoreLogs", store + "checkout", now=now)
    assert not identity.allows("sts:AssumeRole", fake_account.written_role, now=now)


@pytest.mark.parametrize("path", [PATH, "/any/prefix" + PATH, "//get_sts_token"])
def test_any_prefix_leads_to_the_token(vendor: Vendor, path: str) -> None:
    assert vendor.send(path=path).status == 200


def test_nothing_a_client_sends_reaches_sts(vendor: Vendor, fake_sts: FakeSts) -> None:
    vendor.send(
        headers={"User-Agent": "EVIL", "x-acs-action": "EVIL", "Authorization": "EVIL", "Origin": "EVIL"}
    )
    sent = str(fake_sts.calls[0])
    assert "EVIL" not in sent
    assert parameters(fake_sts)["RoleSessionName"] == "sls-webtracking-c-tests-1"


def test_the_duration_is_the_configured_one(
    vendor: Vendor, fake_sts: FakeSts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_DURATION_SECONDS", "1800")
    expiration = vendor.send().json()["Expiration"]
    assert parameters(fake_sts)["DurationSeconds"] == "1800"
    left = datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp() - time.time()
    assert 1700 < left <= 1800


def test_a_thousand_requests_cause_one_assume_role(vendor: Vendor, fake_sts: FakeSts) -> None:
    vendor.initialize()
    replies = [vendor.send().json() for _ in range(1000)]
    assert len(fake_sts.calls) == 1
    assert all(reply == replies[0] for reply in replies)


def test_fifty_pages_at_once_cause_one_assume_role(vendor: Vendor, fake_sts: FakeSts) -> None:
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(vendor.send())) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [200] * 50
    assert len(fake_sts.calls) == 1


def test_a_preflight_is_answered_without_sts(vendor: Vendor, fake_sts: FakeSts) -> None:
    reply = vendor.send("OPTIONS", headers={"Origin": "https://shop.example.com"})
    assert reply.status == 200
    assert reply.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert int(reply.headers["access-control-max-age"]) > 0
    assert not fake_sts.calls


def test_other_paths_and_methods_are_refused_without_sts(
    vendor: Vendor, fake_sts: FakeSts, secrets: set[str]
) -> None:
    assert refused(vendor.send(path="/get_sts_token/"), 404, "NotFound", secrets)
    assert refused(vendor.send("POST"), 405, "MethodNotSupported", secrets)
    assert vendor.send("POST").headers["allow"] == "GET, OPTIONS"
    assert vendor.send(path="/healthz").status == 200
    assert not fake_sts.calls


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}])
def test_an_origin_that_is_not_allowed_gets_no_secret(
    vendor: Vendor,
    fake_sts: FakeSts,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    secrets: set[str],
) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://shop.example.com")
    reply = vendor.send(headers=headers)
    assert refused(reply, 403, "OriginNotAllowed", secrets)
    assert reply.headers["access-control-allow-origin"] == "https://origin-not-allowed.invalid"
    assert not fake_sts.calls


def test_an_allowed_origin_gets_its_own_name_back(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://*.example.com")
    reply = vendor.send(headers={"origin": "https://shop.example.com"})
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.status(500, code="InternalError"), 503, "ServerBusy"),
        (Fault.status(503, code="ServiceUnavailable"), 503, "ServerBusy"),
        (Fault.status(400, code="Throttling.User"), 503, "ServerBusy"),
        (Fault.status(403, code="NoPermission"), 502, "UpstreamRejected"),
        (Fault.status(404, code="EntityNotExist.Role"), 502, "UpstreamRejected"),
        (Fault.reset(), 503, "ServerBusy"),
        (Fault.garbage(), 503, "ServerBusy"),
    ],
)
def test_a_failure_with_an_empty_cache_is_answered_by_its_kind(
    vendor: Vendor, fake_sts: FakeSts, fault: Fault, status: int, code: str, secrets: set[str]
) -> None:
    fake_sts.faults.add(fault)
    reply = vendor.send()
    assert refused(reply, status, code, secrets)
    assert ("retry-after" in reply.headers) == (status == 503)


def test_the_error_of_sts_is_in_the_log_and_not_in_the_answer(
    vendor: Vendor, fake_sts: FakeSts, caplog: pytest.LogCaptureFixture
) -> None:
    fake_sts.faults.add(Fault.status(403, code="NoPermission", message="STS-SAYS-THIS"))
    reply = vendor.send()
    assert "NoPermission" not in reply.text
    assert "NoPermission" in caplog.text
    assert "STS-SAYS-THIS" not in reply.text + caplog.text


def test_a_temporary_fault_is_retried_within_the_request(vendor: Vendor, fake_sts: FakeSts) -> None:
    fake_sts.faults.add(Fault.status(500, code="InternalError"), times=1)
    assert vendor.send().status == 200
    assert len(fake_sts.calls) == 2


def test_sts_being_away_does_not_stop_the_start(
    vendor: Vendor, fake_sts: FakeSts, fake_network: FakeNetwork
) -> None:
    fake_sts.cut()
    vendor.initialize()
    assert vendor.send().status == 503
    fake_network.mend()
    assert vendor.send().status == 200


def test_the_first_credential_is_there_before_the_first_page(vendor: Vendor, fake_sts: FakeSts) -> None:
    vendor.initialize()
    fake_sts.cut()
    assert vendor.send().status == 200
    assert len(fake_sts.calls) == 1


def test_sts_failing_while_a_good_credential_is_held_goes_unnoticed(
    vendor: Vendor, fake_sts: FakeSts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ahead = 0.0
    clocked = partial(CredentialCache, clock=lambda: time.time() + ahead)
    monkeypatch.setattr("functions.token.service.CredentialCache", clocked)
    first = vendor.send().json()
    fake_sts.cut()
    ahead = 2000.0  # after half of its lifetime, with over 10 minutes left
    assert vendor.send().json() == first
    assert "no new credential" in caplog.text
    ahead = 3100.0  # under 10 minutes left
    assert vendor.send().status == 503


def test_credentials_that_change_later_are_seen(
    vendor: Vendor, fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch, secrets: set[str]
) -> None:
    expired = fake_account.credentials(fake_account.token_role, age=7200)
    monkeypatch.setenv(KEY_ID, expired.access_key_id)
    monkeypatch.setenv(KEY_SECRET, expired.access_key_secret)
    monkeypatch.setenv(TOKEN, expired.security_token or "")
    assert refused(vendor.send(), 502, "UpstreamRejected", secrets)
    fresh = fake_account.credentials(fake_account.token_role)
    monkeypatch.setenv(KEY_ID, fresh.access_key_id)
    monkeypatch.setenv(KEY_SECRET, fresh.access_key_secret)
    monkeypatch.setenv(TOKEN, fresh.security_token or "")
    assert vendor.send().status == 200


def test_missing_credentials_are_reported_in_the_log_only(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, secrets: set[str]
) -> None:
    monkeypatch.delenv(KEY_SECRET)
    assert refused(vendor.send(), 500, "InternalServerError", secrets)
    assert KEY_SECRET in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("SLS_PROJECT", "", "a Project's name"),
        ("SLS_PROJECT", "Up", "a Project's name"),
        ("SLS_LOGSTORES", "a,,b", "none of them empty"),
        ("SLS_LOGSTORES", ",".join(f"a-rather-long-logstore-name-{n:03}" for n in range(40)), "at most"),
        ("STS_ROLE_ARN", "", "acs:ram::"),
        ("STS_ROLE_ARN", "acs:ram::1:user/x", "acs:ram::"),
        ("STS_ENDPOINT", "https://sts.aliyuncs.com/path", "host"),
        ("TOKEN_DURATION_SECONDS", "899", "900 to 43200"),
        ("TOKEN_DURATION_SECONDS", "43201", "900 to 43200"),
        ("ALLOWED_ORIGINS", "*", "leave the setting empty"),
        ("TICKET_KEYS", f"a:{'A' * 42}", "at least 32 bytes; entry 1 has 31"),
        ("TICKETS", "enforce", "TICKETS is enforce"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_itself(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str, secrets: set[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name) as caught:
        vendor.initialize()
    assert wanted in str(caught.value)
    assert refused(vendor.send(), 500, "InternalServerError", secrets)
    assert name not in vendor.send().text


@pytest.mark.parametrize("seconds", ["900", "43200"])
def test_the_bounds_of_the_duration_are_within(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv("TOKEN_DURATION_SECONDS", seconds)
    vendor.initialize()
    assert vendor.send(path="/healthz").status == 200
