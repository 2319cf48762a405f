"""What the tests of the OSS stand-in share: a clock, a cloud, the official SDK as client and as signer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import alibabacloud_oss_v2 as oss
import httpx
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.transport import RequestsHttpClient
from alibabacloud_oss_v2.types import HttpRequest, SigningContext

from local.oss import OssStandIn
from local.ram import Ram
from tests.local.clock import Clock

REGION, BUCKET, KEY = "cn-hangzhou", "spool-bucket", "spool/pending/a b+~ü.json.gz"
BODY = b"\x1f\x8b not really gzip"
LARGEST = 3000  # bytes an object of these tests may have


class Keys(NamedTuple):
    """A key to sign with, and the security token that belongs to it."""

    id: str
    secret: str
    token: str | None = None


class Cloud(NamedTuple):
    """A stand-in with one bucket, where it is served, and `keys` that may do everything."""

    oss: OssStandIn
    ram: Ram
    clock: Clock
    http: httpx.Client
    url: str
    keys: Keys
    closing: ExitStack

    def client(self, keys: Keys | None = None, **options: Any) -> Any:
        """Return the official client; it tries once."""
        key_id, secret, token = keys or self.keys
        transport = RequestsHttpClient()
        self.closing.callback(transport.close)
        options = {"region": REGION, "retry_max_attempts": 1, **options}
        config = oss.config.Config(
            endpoint=self.url,
            credentials_provider=StaticCredentialsProvider(key_id, secret, token),
            http_client=transport,
            **options,
        )
        return oss.Client(config)

    def role(self, *policies: Mapping[str, Any], session_policy: Mapping[str, Any] | None = None) -> Keys:
        """Return the keys of a session of a role with these policies, good for 900 seconds."""
        arn = self.ram.add_role("replay", trusted=["fc.aliyuncs.com"], policies=policies)
        issued = self.ram.issue(
            arn, session_name="fc", session_policy=session_policy, duration=900, now=self.clock()
        )
        return Keys(issued.id, issued.secret, issued.security_token)

    def user(self, *policies: Mapping[str, Any]) -> Keys:
        """Return the keys of a user with these policies."""
        return Keys(*self.ram.add_user("somebody", policies))

    def send(
        self,
        method: str,
        key: str = "",
        body: bytes = b"",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        change: Mapping[str, str] | None = None,
        **signing: Any,
    ) -> httpx.Response:
        """Send a request as it comes, signed by the SDK's signer; `change` spoils headers after that."""
        target = _target(f"/{BUCKET}/{key}", query)
        signed = self.signed(method, key, target, headers or {}, **signing)
        return self.http.request(method, target, content=body, headers={**signed, **(change or {})})

    def signed(
        self,
        method: str,
        key: str,
        target: str,
        headers: Mapping[str, str],
        *,
        keys: Keys | None = None,
        ahead: float = 0.0,
        region: str = REGION,
        product: str = "oss",
        additional: Iterable[str] = (),
    ) -> dict[str, str]:
        """Return the headers that the SDK's signer makes; `ahead` is how far its clock is, in seconds."""
        request = HttpRequest(method, f"http://{BUCKET}.oss{target}", headers=dict(headers))
        moment = datetime.fromtimestamp(int(self.clock() + ahead), timezone.utc)
        SignerV4().sign(
            SigningContext(
                bucket=BUCKET,
                key=key or None,
                request=request,
                credentials=StaticCredentialsProvider(*(keys or self.keys)).get_credentials(),
                product=product,
                region=region,
                signing_time=moment,
                additional_headers=set(additional),
            )
        )
        return {name.lower(): value for name, value in request.headers.items()}


def _target(path: str, query: Mapping[str, str] | None) -> str:
    asked = urlencode(query or {}, quote_via=quote)
    return f"{quote(path)}{'?' if asked else ''}{asked}"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error, having looked at its shape."""
    assert answer.headers["content-type"] == "application/xml"
    tree = ElementTree.fromstring(answer.content)  # noqa: S314 (of our own stand-in)
    assert tree.tag == "Error"
    assert tree.findtext("Message")
    assert tree.findtext("HostId")
    assert tree.findtext("RequestId") == answer.headers["x-oss-request-id"]
    return answer.status_code, tree.findtext("Code", "")


def sdk_refusal(error: Any) -> tuple[int, str]:
    """Return status and code of what the SDK raised."""
    service = error.value.unwrap()
    assert len(service.request_id) == 24
    return service.status_code, service.code


def put(client: Any, key: str = KEY, body: bytes = BODY, **more: Any) -> Any:
    return client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=key, body=body, **more))


def get(client: Any, key: str = KEY) -> Any:
    return client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key))
