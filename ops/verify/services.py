"""Calls of SLS and STS with Alibaba Cloud's SDKs, without retries and with a timeout."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config
from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_4
from darabonba.exceptions import DaraException
from Tea.exceptions import TeaException, UnretryableException

from ops.provision.clients import Credentials
from ops.verify.session import Unknown
from ops.verify.target import Target
from ops.verify.trigger import CONTENT_TYPE, NoAnswer


class Refused(Exception):
    """The service answered with an error; `code` is its error code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Sls:
    """SLS with one identity's credentials. Raises Refused, NoAnswer."""

    def __init__(self, target: Target, credentials: Credentials, timeout: float) -> None:
        if not target.sls or not target.region:
            raise Unknown("needs --project and --region (and --sls-endpoint if it is not the public one)")
        endpoint = target.sls_endpoint or f"{target.region}.log.aliyuncs.com"
        as_is = "://" in endpoint
        self._client = LogClient(
            endpoint if as_is else f"https://{endpoint}",
            credentials.access_key_id,
            credentials.access_key_secret,
            credentials.security_token or None,
            source="ops-verify",  # otherwise the SDK looks up the machine's address
            auth_version=AUTH_VERSION_4,
            region=target.region,
        )
        self._client.timeout = math.ceil(timeout)
        inner = vars(self._client)  # neither attribute is in the SDK's type stubs
        inner["_sendRequest"] = partial(_send_once, self._client)
        if as_is:
            inner["_isRowIp"] = True  # the SDK would put the Project's name before it

    def put(self, project: str, logstore: str, marker: str) -> None:
        """Write one log."""
        item = LogItem(timestamp=int(time.time()), contents=[("verify", marker)])
        _sls(lambda: self._client.put_logs(PutLogsRequest(project, logstore, "ops-verify", "", [item])))

    def find(self, project: str, logstore: str, words: str) -> list[Mapping[str, str]]:
        """Return the logs of the last 15 minutes that contain `words`, newest first, at most 100."""
        now = int(time.time())
        found = _sls(
            lambda: self._client.get_log(project, logstore, now - 900, now + 60, query=words, reverse=True)
        )
        return [log.get_contents() for log in found.get_logs()]


def put_unsigned(target: Target, timeout: float) -> tuple[int, str]:
    """Write to SLS directly without a signature; returns status and error code. Raises NoAnswer, Skip."""
    if not target.sls:
        raise Unknown("needs --project and --region or --sls-endpoint")
    url = f"{target.sls}/logstores/{target.logstore}/track?APIVersion=0.6.0"
    body = b'{"__topic__":"ops-verify","__logs__":[{"verify":"past the proxy"}]}'
    try:
        answer = requests.post(url, body, headers={CONTENT_TYPE: "text/plain"}, timeout=timeout)
    except requests.RequestException as error:
        raise NoAnswer(f"{target.sls}: {type(error).__name__}") from None
    try:
        code = str(answer.json()["errorCode"])
    except (ValueError, KeyError, TypeError):
        code = ""
    return answer.status_code, code


def assume_role(target: Target, credentials: Credentials, timeout: float) -> None:
    """Ask STS for another token. Raises Refused, NoAnswer, Skip."""
    if not target.sts:
        raise Unknown("needs --region or --sts-endpoint")
    scheme, _, host = target.sts.rpartition("://")
    config = Config(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token,
        endpoint=host,
        protocol=scheme or "https",
        connect_timeout=int(timeout * 1000),
        read_timeout=int(timeout * 1000),
    )
    role = target.role_arn or "acs:ram::1234567890123456:role/sls-web-tracking"
    request = AssumeRoleRequest(role_arn=role, role_session_name="ops-verify", duration_seconds=900)
    try:
        StsClient(config).assume_role(request)
    except UnretryableException as error:
        raise NoAnswer(f"{host}: {type(error.inner_exception).__name__}") from None
    except (TeaException, DaraException) as error:
        raise Refused(int(getattr(error, "statusCode", None) or 0), str(error.code)) from None


def _send_once(client: LogClient, *args: Any, **kwargs: Any) -> Any:
    """Make one call; the SDK would retry an unanswered one ten times (`LogClient._send`)."""
    try:
        return vars(LogClient)["_sendRequest"](client, *args, **kwargs)
    except LogException as error:
        raise _outcome(error) from None


def _outcome(error: LogException) -> Refused | NoAnswer:
    status = error.get_resp_status()
    if status == 200:  # the SDK's status without an answer
        return NoAnswer(f"SLS does not answer: {error.get_error_code()}")
    return Refused(status, error.get_error_code())


def _sls(call: Callable[[], Any]) -> Any:
    """Make one call; an error of the SDK before sending also counts as no answer."""
    try:
        return call()
    except LogException as error:
        raise _outcome(error) from None
