"""The claim of a signed call, before it is verified."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from local.sts.errors import StsError, missing

FORM = "application/x-www-form-urlencoded"


class Call(NamedTuple):
    """A received HTTP request; `query` and `path` are raw, header names are in lower case."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    path: str = "/"

    def parameters(self) -> dict[str, str]:
        """The decoded parameters of the query and of a form body; the last of each name is used."""
        found = parse_qsl(self.query, keep_blank_values=True)
        if self.headers.get("content-type", "").startswith(FORM):
            found += parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        return dict(found)


class Claim(NamedTuple):
    """The claimed caller, action and time; `moment` is in epoch seconds.

    `signature` is the received one, `sign` computes the correct one from a secret, over `string_to_sign`.
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
    """Parse `YYYY-MM-DDThh:mm:ssZ` to epoch seconds. Raises StsError `InvalidTimeStamp.Format`."""
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        message = "Specified time stamp or date value is not well formatted."
        raise StsError(400, "InvalidTimeStamp.Format", message) from None


def required(fields: Mapping[str, str], name: str, *, known_as: str = "") -> str:
    """Return the value of `name`. Raises StsError `Missing…` if it is absent or empty."""
    if value := fields.get(name):
        return value
    raise missing(known_as or name)


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Return sorted `key=value` pairs, percent-encoded as in RFC 3986; both signatures cover them."""
    return "&".join(f"{_encode(key)}={_encode(parameters[key])}" for key in sorted(parameters))


def _encode(text: str) -> str:
    return quote(text, safe="~")
