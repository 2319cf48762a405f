"""Converts the HTTP request that Function Compute sends to a custom runtime into the core's `Request`.

Source: Function Compute documentation, "Context and log format" of custom runtimes (the `x-fc-*` headers)
and "HTTP trigger overview" (a caller cannot send headers with this prefix). Query and headers are the same as
in the event of a built-in runtime, so a request has the same effect in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import httptools

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.hosts.custom.incoming import Incoming
from shared.http.request import Request

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_OWN = "x-fc-"
# Headers that the core does not need. It must not see Function Compute's own headers, which contain keys.
_NOT_PASSED_ON = ("connection", "keep-alive", "host")
_READ = ("x-fc-request-id", "x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token")
_PASSED_ON, _READ_HERE, _IGNORED = range(3)
_LONGEST_NAME = 64  # bytes of a name that is remembered


def read_request(incoming: Incoming, deadline: Deadline) -> Request:
    """Return the request, with an empty body."""
    query = incoming.query
    headers, own = _headers(incoming.headers)
    return Request(
        method=incoming.method,
        path=incoming.path,
        query=_parsed(query) if query else {},
        headers=headers,
        body=b"",
        size=0,
        source_ip=_source_ip(headers, incoming.client),
        id=_request_id(own),
        deadline=deadline,
        credentials=_credentials(own),
    )


def split_target(target: bytes) -> tuple[str, bytes]:
    """Return path and query of a request's target, both encoded. Raises ValueError for an invalid target."""
    if target.startswith(b"/") and b"#" not in target:
        path, _, query = target.partition(b"?")
        return path.decode("ascii"), query
    try:
        parsed = httptools.parse_url(target)
    except httptools.HttpParserError as error:
        raise ValueError("not a target") from error
    return (parsed.path or b"").decode("ascii"), parsed.query or b""


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers for the core, and Function Compute's own headers that are read here."""
    kinds: tuple[dict[str, str], dict[str, str]] = ({}, {})
    # Joined at the end, so that repeated names cost no more than others.
    repeated: dict[str, list[str]] = {}
    for raw_name, value in raw:
        name, kind = _remembered(raw_name) if len(raw_name) <= _LONGEST_NAME else _name(raw_name)
        if kind == _IGNORED:
            continue
        headers = kinds[kind]
        if name in headers:
            repeated.setdefault(name, [headers[name]]).append(value.decode("utf-8", "replace"))
        else:
            headers[name] = value.decode("utf-8", "replace")
    for name, values in repeated.items():
        kinds[name.startswith(_OWN)][name] = ",".join(values)
    return kinds


def _name(raw: bytes) -> tuple[str, int]:
    """Return a header's name in lower case, and how it is treated."""
    name = raw.decode("latin-1").lower()
    if name.startswith(_OWN):
        return name, _READ_HERE if name in _READ else _IGNORED
    return name, _IGNORED if name in _NOT_PASSED_ON else _PASSED_ON


# Each request has the same few names, in the spelling of Function Compute's proxy.
_remembered = lru_cache(maxsize=512)(_name)


def _parsed(query: bytes) -> dict[str, str]:
    from urllib.parse import parse_qsl  # a POST has no query, and the import lengthens a cold start

    joined: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        joined.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in joined.items()}


def _request_id(own: dict[str, str]) -> str:
    """Return the invocation's id, "" if it could not be sent back in a header."""
    found = _REQUEST_ID.fullmatch(own.get("x-fc-request-id", ""))
    return found[0] if found else ""


def _credentials(own: dict[str, str]) -> Credentials | None:
    """Return the function's credentials, which Function Compute renews and sends with every request."""
    key_id, secret = own.get("x-fc-access-key-id"), own.get("x-fc-access-key-secret")
    if not key_id or not secret:
        return None
    return Credentials(key_id, secret, own.get("x-fc-security-token") or None)


def _source_ip(headers: dict[str, str], client: str) -> str:
    """Return the address that connected to Function Compute, and remove it from X-Forwarded-For.

    The connection comes from Function Compute, whose proxy appends the last entry. The entries before it are
    sent by the client; on a built-in runtime the header has only these.
    """
    forwarded = headers.pop("x-forwarded-for", "")
    if not forwarded:
        return client
    before, _, last = forwarded.rpartition(",")
    if before:
        headers["x-forwarded-for"] = before
    return last.strip() or client
