"""What the tests of the SLS stand-in share: a clock to turn, a cloud to write to, a client that signs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from local.ram import AccessKey, PolicyDocument, Ram
from local.sls import SlsStandIn
from local.sls.signatures import V1_METHODS, SignedRequest, v1_signature, v4_signature
from tests.local.clock import Clock
from tests.support import policies

PROJECT, LOGSTORE, OPEN = "demo-project", "closed", "open"
REGION = "cn-hangzhou"
HOST = f"{PROJECT}.{REGION}.log.aliyuncs.com"
LOGSTORE_ARN = f"acs:log:*:*:project/{PROJECT}/logstore/{LOGSTORE}"
CAPTURES = Path(__file__).parents[2] / "captures"


class Signer(NamedTuple):
    """Who signs, and how; `drop` and `change` spoil headers after they are complete and before signing."""

    id: str
    secret: str
    token: str = ""
    version: str = "v4"
    method: str = "hmac-sha1"
    region: str = REGION
    drop: tuple[str, ...] = ()
    change: Mapping[str, str] = {}


class Cloud(NamedTuple):
    """A stand-in with two Logstores, `closed` and `open` (WebTracking on), and where it is served."""

    sls: SlsStandIn
    ram: Ram
    clock: Clock
    client: httpx.Client
    writer: AccessKey
    reader: AccessKey

    def send(
        self,
        signer: Signer,
        body: bytes,
        path: str = f"/logstores/{LOGSTORE}/shards/lb",
        *,
        method: str = "POST",
        host: str = HOST,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request signed by `signer`."""
        fields = {"host": host, "x-log-apiversion": "0.6.0", **(headers or {})}
        if body:
            fields = {"content-type": "application/json", "x-log-bodyrawsize": str(len(body)), **fields}
        signed = sign(signer, SignedRequest(method, path, {}, fields, body), self.clock())
        return self.client.request(method, path, content=body, headers=signed)

    def signer(self, **how: Any) -> Signer:
        """Return one who may write."""
        return Signer(self.writer.id, self.writer.secret, **how)


def sign(signer: Signer, request: SignedRequest, now: float) -> dict[str, str]:
    """Return the request's headers with all that its signature needs, and the signature."""
    headers = {**request.headers, **({"x-acs-security-token": signer.token} if signer.token else {})}
    if signer.version == "v1":
        headers |= {"x-log-date": formatdate(now, usegmt=True), "x-log-signaturemethod": signer.method}
        if request.body:
            headers["content-md5"] = hashlib.md5(request.body, usedforsecurity=False).hexdigest().upper()
    else:
        moment = datetime.fromtimestamp(now, timezone.utc)
        headers |= {"x-log-date": moment.strftime("%Y%m%dT%H%M%SZ")}
        headers |= {"x-log-content-sha256": hashlib.sha256(request.body).hexdigest()}
    headers = {name: value for name, value in {**headers, **signer.change}.items() if name not in signer.drop}
    return {**headers, "authorization": _authorization(signer, request._replace(headers=headers))}


def _authorization(signer: Signer, request: SignedRequest) -> str:
    # What a spoilt request lacks is filled in, so that it gets as far as the check it is meant for.
    headers = {"x-log-date": "20260101T000000Z", **request.headers}
    if signer.version == "v1":
        method = headers.get("x-log-signaturemethod")
        known = method if method in V1_METHODS else "hmac-sha1"
        filled = request._replace(headers={**headers, "x-log-signaturemethod": known})
        return f"LOG {signer.id}:{v1_signature(signer.secret, filled)}"
    filled = request._replace(headers={"x-log-content-sha256": "", **headers})
    scope = f"{headers['x-log-date'][:8]}/{signer.region}/sls/aliyun_v4_request"
    signature = v4_signature(signer.secret, signer.region, filled)
    return f"SLS4-HMAC-SHA256 Credential={signer.id}/{scope},Signature={signature}"


def group(*logs: Mapping[str, Any], **more: Any) -> bytes:
    """Return a log group in JSON."""
    return json.dumps({"__logs__": logs or [{"k": "v"}], **more}).encode()


def policy(
    action: str | Sequence[str], resource: str = LOGSTORE_ARN, effect: str = "Allow"
) -> PolicyDocument:
    """Return a policy of one statement, usually about the closed Logstore."""
    return policies.policy(action, resource, effect)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error, having looked at its shape."""
    content = answer.json()
    assert sorted(content) == ["errorCode", "errorMessage"]
    assert len(answer.headers["x-log-requestid"]) == 24
    return answer.status_code, content["errorCode"]
