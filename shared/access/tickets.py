"""Page tickets: JSON Web Tokens that a site's own server issues and a page carries in its upload path.

Only HMAC with SHA-256 is accepted, regardless of the header (RFC 7515; RFC 7519; RFC 8725, 3.1), so a check
is one HMAC and two small JSON objects. The signature is compared as text, so that each ticket has exactly one
form and can be counted by its signature.
"""

from __future__ import annotations

import binascii
import hmac
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

LONGEST = 2048  # characters of a ticket; FC refuses a path with its query beyond 4 KB
LEEWAY = 60  # seconds by which the clocks of the site and of the function may differ
SHORTEST_KEY = 32  # bytes: as long as the hash (RFC 7518, 3.2)

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_KID = r"[A-Za-z0-9_.-]{1,64}"


class TicketError(Exception):
    """A ticket is not accepted. The text has the reason and no part of the ticket."""


class Ticket(msgspec.Struct, frozen=True):
    """A ticket with a valid signature and valid times."""

    id: str  # its signature, the key for counting
    subject: str | None
    logstores: frozenset[str] | None  # None: any
    origins: frozenset[str] | None


class _Header(msgspec.Struct):
    alg: str
    kid: str
    crit: object = msgspec.UNSET  # extensions that a reader must support; none is supported here


class _Claims(msgspec.Struct):
    """The claims in use; msgspec accepts neither text nor booleans nor infinity as numbers."""

    exp: int | float
    nbf: int | float | msgspec.UnsetType = msgspec.UNSET
    sub: str | msgspec.UnsetType = msgspec.UNSET
    logstores: frozenset[str] | msgspec.UnsetType = msgspec.UNSET
    origins: frozenset[str] | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder().decode
_T = TypeVar("_T")


class Tickets:
    """Checks tickets with the configured keys."""

    def __init__(self, keys: Mapping[str, bytes], max_seconds: int) -> None:
        """`keys` maps each `kid` to its key; `exp` may be at most `max_seconds` in the future."""
        self._keys = dict(keys)
        self._max_seconds = max_seconds

    def check(self, text: str, now: float) -> Ticket:
        """Return the ticket; `now` is in epoch seconds. Raises TicketError."""
        if len(text) > LONGEST or _FORM.fullmatch(text) is None:
            raise TicketError("the ticket is malformed")
        signed, _, signature = text.rpartition(".")
        header, _, payload = signed.partition(".")
        key = self._keys.get(_kid(header))
        if key is None:
            raise TicketError("the ticket's key is unknown")
        expected = to_base64url(hmac.digest(key, signed.encode(), "sha256"))
        if not hmac.compare_digest(expected, signature):
            raise TicketError("the ticket has a bad signature")
        claims = _read(payload, _Claims)
        self._check_times(claims, now)
        return Ticket(signature, _given(claims.sub) or None, _given(claims.logstores), _given(claims.origins))

    def _check_times(self, claims: _Claims, now: float) -> None:
        if claims.exp <= now - LEEWAY:
            raise TicketError("the ticket has expired")
        # `exp` is compared, not used in a subtraction: an integer may be too large for a float.
        if claims.exp > now + self._max_seconds + LEEWAY:
            raise TicketError(f"the ticket lasts too long: at most {self._max_seconds} s are allowed")
        not_before = _given(claims.nbf)
        if not_before is not None and not_before > now + LEEWAY:
            raise TicketError("the ticket is not yet valid")


def read_keys(held: str) -> dict[str, bytes]:
    """Return the keys in `kid:base64url,…`, each of at least 32 bytes.

    Raises ValueError with the expected format and the position of the invalid entry, but not its text.
    """
    keys: dict[str, bytes] = {}
    for place, entry in enumerate(held.split(","), 1):
        kid, colon, encoded = entry.strip().partition(":")
        if not colon or re.fullmatch(_KID, kid) is None:
            raise ValueError(f"kid:base64url in entry {place}, the kid 1 to 64 of A-Z, a-z, 0-9, _ . -")
        key = from_base64url(encoded.rstrip("="))
        if key is None:
            raise ValueError(f"a key in base64url (A-Z, a-z, 0-9, - and _) in entry {place}")
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"keys of at least {SHORTEST_KEY} bytes; entry {place} has {len(key)}")
        if kid in keys:
            raise ValueError(f"each kid once; entry {place} repeats one")
        keys[kid] = key
    return keys


def to_base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515, appendix C)."""
    encoded = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    return encoded.translate(_TO_URL).decode()


def from_base64url(text: str) -> bytes | None:
    """Return the bytes of unpadded base64url, None if it is invalid or not canonical."""
    if not text.isascii():
        return None
    try:
        data = binascii.a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if to_base64url(data) == text else None


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")  # `!` is invalid in both alphabets


def _kid(header: str) -> str:
    found = _read(header, _Header)
    if found.alg != "HS256" or found.crit is not msgspec.UNSET:
        raise TicketError("the ticket is malformed")
    return found.kid


def _read(encoded: str, form: type[_T]) -> _T:
    """Parse a JSON object of the ticket, with strict types and without repeated names in any object.

    Parsers differ in which of two equal names they use, so the site and this function could read different
    claims.
    """
    text = from_base64url(encoded)
    try:
        value = _decode(text or b"")
        if _STRING.sub(b"", text or b"").count(b":") == _members(value):
            return msgspec.convert(value, form)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, like invalid UTF-8
        pass
    raise TicketError("the ticket is malformed")


def _members(value: object) -> int:
    """Return the number of members of all objects in a JSON value, without recursion."""
    count, left = 0, [value]
    while left:
        inner = left.pop()
        if isinstance(inner, dict):
            count += len(inner)
            left.extend(inner.values())
        elif isinstance(inner, list):
            left.extend(inner)
    return count


def _given(value: _T | msgspec.UnsetType) -> _T | None:
    return None if isinstance(value, msgspec.UnsetType) else value
