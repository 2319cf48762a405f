"""A parsed request: its bucket, key and decoded query."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from alibabacloud_oss_v2.crc import Crc64

from local.oss.errors import OssError

MAX_KEY = 1023  # bytes of UTF-8: documentation, "Object naming conventions"

# `oss-cn-hangzhou.aliyuncs.com`, `oss-cn-hangzhou-internal.aliyuncs.com`, with the bucket as the first label.
_ENDPOINT = re.compile(r"(?:([^.:]+)\.)?oss-[a-z0-9-]+\.aliyuncs\.com(?::\d+)?", re.IGNORECASE)


class Call(NamedTuple):
    """A request; `bucket` and `key` are empty if it has none, header names are in lower case."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def read_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Parse a request; `target` is the raw path and query, percent-encoded.

    Raises OssError: SecondLevelDomainForbidden, InvalidObjectName, InvalidArgument.
    """
    path, _, query = target.partition("?")
    bucket, key = _addressed(headers.get("host", ""), path)
    if len(key) > MAX_KEY:
        raise OssError("InvalidObjectName", "The Length of Object name must be less than 1024.")
    name = _decoded(key, "InvalidObjectName", "The specified object is not valid.")
    if name.startswith(("/", "\\")):
        raise OssError("InvalidObjectName", "The specified object is not valid.")
    return Call(method, bucket, name, _pairs(query), headers, body)


def check_md5(call: Call) -> None:
    """Compare the body with its Content-MD5, if it has one. Raises OssError: InvalidDigest."""
    claimed = call.headers.get("content-md5")
    if claimed is not None and claimed != base64_md5(call.body):
        raise OssError("InvalidDigest", "The Content-MD5 you specified did not match what we received.")


def base64_md5(body: bytes) -> str:
    """Return the MD5 of a body in the form of Content-MD5."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def crc64(body: bytes) -> str:
    """Return the CRC-64 (ECMA-182) of a body in decimal, the form of `x-oss-hash-crc64ecma`."""
    crc = Crc64(0)
    crc.update(body)
    return str(crc.sum64())


def _addressed(host: str, path: str) -> tuple[str, bytes]:
    """Virtual-hosted style if the host is an endpoint of the service, path style otherwise."""
    raw = unquote_to_bytes(path.removeprefix("/"))
    endpoint = _ENDPOINT.fullmatch(host)
    if endpoint is None:
        bucket, _, key = raw.partition(b"/")
        return bucket.decode("latin-1"), key
    if endpoint[1] is None and raw:
        message = "The bucket you are attempting to access must be addressed using OSS third level domain."
        raise OssError("SecondLevelDomainForbidden", message)
    return endpoint[1] or "", raw


def _pairs(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {_argument(name): _argument(value) for name, _, value in pairs}


def _argument(text: str) -> str:
    return _decoded(unquote_to_bytes(text), "InvalidArgument", "The parameter is not in UTF-8.")


def _decoded(raw: bytes, code: str, message: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise OssError(code, message) from None
