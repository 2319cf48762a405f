"""What a signed call claims, before anything of it is believed."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from local.sts.errors import StsError, missing

FORM = "application/x-www-form-urlencoded"


class Call(NamedTuple):
    """An HTTP request as it came; `query` and `path` are raw, header names are in lower case."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    path: str = "/"

    def parameters(self) -> dict[str, str]:
        """The parameters of the query and of a form body, decoded; the last of a name counts."""
        found = parse_qsl(self.query, keep_blank_values=True)
        if self.headers.get("content-type", "").startswith(FORM):
            found += parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        return dict(found)


class Claim(NamedTuple):
    """Who says they call, what, and when; `moment` is in epoch seconds.

    `signature` is the one that came, `sign` makes the right one of a secret and `string_to_sign` is what it
    signs.
    """

    action: str
    version: str
    parameters: Mapping[str, str]
    access_key_id: str
    security_token: str | None
    nonce: str
    moment: float
    string_to_sign: str
    signature: str
    sign: Callable[[str], str]


def parse_moment(text: str) -> float:
    """Read `YYYY-MM-DDThh:mm:ssZ` as epoch seconds; raises StsError `InvalidTimeStamp.Format`."""
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        message = "Specified time stamp or date value is not well formatted."
        raise StsError(400, "InvalidTimeStamp.Format", message) from None


def required(fields: Mapping[str, str], name: str, *, known_as: str = "") -> str:
    """The value of `name`; raises StsError `Missing…` if it is absent or empty."""
    if value := fields.get(name):
        return value
    raise missing(known_as or name)


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sorted `key=value` pairs, percent-encoded as RFC 3986 has it, which both signatures are made over."""
    return "&".join(f"{_encode(key)}={_encode(parameters[key])}" for key in sorted(parameters))


def _encode(text: str) -> str:
    return quote(text, safe="~")
