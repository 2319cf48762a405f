"""OSS's signature V4 against the official SDK's: its signer, and a whole PutObject of its client."""

from __future__ import annotations

import calendar
import time
from datetime import datetime, timezone
from typing import NoReturn
from urllib.parse import quote, urlsplit

import alibabacloud_oss_v2 as oss
import pytest
from alibabacloud_oss_v2.credentials import Credentials as SdkCredentials
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from hypothesis import given
from hypothesis import strategies as st

from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials

NOW = datetime(2026, 11, 23, 6, 41, 11, tzinfo=timezone.utc).timestamp()
ID, SECRET, TOKEN = "LTAI5tId", "secret", "CAIS9c+/="

names = st.from_regex(r"(x-oss-|x-oss-meta-|X-Oss-Meta-|x-log-|)[a-z][a-z0-9]{0,10}", fullmatch=True)
ascii_values = st.from_regex(r"([!-~]([ -~]{0,18}[!-~])?)?", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    key=words,
    query=st.dictionaries(words, words, max_size=4),
    headers=st.dictionaries(
        names,
        ascii_values,
        max_size=5,
    ).filter(lambda headers: len({name.lower() for name in headers}) == len(headers)),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,40}", fullmatch=True),
)
def test_any_request_is_signed_as_the_official_sdk_signs_it(
    method: str, key: str, query: dict[str, str], headers: dict[str, str], token: str | None
) -> None:
    ours = signed_headers(
        OSS,
        method,
        f"/spool-bucket/{key}",
        query,
        headers,
        b"",
        credentials=Credentials(ID, SECRET, token),
        region="cn-hangzhou",
        now=NOW,
    )
    url = f"https://spool-bucket.oss-cn-hangzhou.aliyuncs.com/{quote(key)}?{_query(query)}"
    request = HttpRequest(method, url, headers=dict(headers))
    signing = SigningContext(
        product="oss",
        region="cn-hangzhou",
        bucket="spool-bucket",
        key=key,
        request=request,
        credentials=SdkCredentials(ID, SECRET, token),
        signing_time=datetime.fromtimestamp(NOW, timezone.utc),
    )
    SignerV4().sign(signing)
    assert ours["Authorization"] == request.headers["Authorization"]
    for name in ("x-oss-date", "x-oss-content-sha256", "x-oss-security-token"):
        assert ours.get(name) == request.headers.get(name)


def _query(query: dict[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())


class _Sent(Exception):
    """Raised instead of sending: the answer does not matter here."""


class _Recorder:
    """Replaces the SDK's connection."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, **_: object) -> NoReturn:
        self.requests.append(request)
        raise _Sent

    def open(self) -> None:
        """Nothing is opened."""

    def close(self) -> None:
        """Nothing is left open."""


@pytest.mark.parametrize("token", [None, TOKEN], ids=["key", "token"])
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9003"], ids=["bucket in the host", "path"])
def test_a_put_of_the_official_client_carries_the_very_same_signature(
    endpoint: str | None, token: str | None
) -> None:
    recorder = _Recorder()
    config = oss.Config(
        region="cn-hangzhou",
        endpoint=endpoint,
        use_path_style=endpoint is not None,
        credentials_provider=StaticCredentialsProvider(ID, SECRET, token),
        http_client=recorder,
        retry_max_attempts=1,
    )
    put = oss.PutObjectRequest(
        bucket="spool-bucket",
        key="webtracking-spool/pending/20261123T064111.000001Z-00ff.json.gz",
        content_type="application/gzip",
        forbid_overwrite=True,
        metadata={"reason": "none%20yet"},
        body=b"packed",
    )
    with pytest.raises(oss.exceptions.OperationError):
        oss.Client(config).put_object(put)
    (theirs,) = recorder.requests
    where = urlsplit(theirs.url)
    assert where.path.removeprefix("/spool-bucket") == f"/{put.key}"
    ours = signed_headers(
        OSS,
        "PUT",
        f"/spool-bucket/{put.key}",
        {},
        {
            "Content-Type": "application/gzip",
            "x-oss-forbid-overwrite": "true",
            "x-oss-meta-reason": "none%20yet",
        },
        b"packed",
        credentials=Credentials(ID, SECRET, token),
        region="cn-hangzhou",
        now=calendar.timegm(time.strptime(theirs.headers["x-oss-date"], "%Y%m%dT%H%M%SZ")),
    )
    assert ours["Authorization"] == theirs.headers["Authorization"]
    covered = {name.lower() for name in theirs.headers if name.lower().startswith(("x-oss-", "content-type"))}
    assert {name.lower() for name in ours} == covered | {"authorization"}
