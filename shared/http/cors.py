"""Which pages may use a function: the check on a request's origin, and the CORS headers that follow.

Every answer says explicitly which origin may read it. Where a function says nothing, FC may echo any
origin with `Access-Control-Allow-Credentials: true`, so a refusal names an origin that no page can have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from shared.http.allowlist import LONGEST, Allowlist, origin_of
from shared.http.request import Request
from shared.settings import Environment

NO_READER = "https://origin-not-allowed.invalid"  # .invalid is reserved (RFC 2606)

# What Alibaba's browser SDKs ask for in a preflight, in either mode; Safari takes no `*` for Authorization.
REQUEST_HEADERS = (
    "authorization, content-encoding, content-md5, content-type, x-acs-security-token, x-log-apiversion, "
    "x-log-bodyrawsize, x-log-compresstype, x-log-date, x-log-signaturemethod"
)
EXPOSED_HEADERS = "x-log-requestid, x-log-errorcode, x-log-spooled, x-log-dropped, retry-after"
PREFLIGHT_SECONDS = 86400  # browsers cap it themselves, Chromium at two hours

# What a browser sends as Origin (RFC 6454, 7); above all not `*`, which would stand for every origin.
# Compiled when audit mode needs it; a cold start does without.
_REFLECTABLE = rf"null|[a-z][a-z0-9+.-]{{0,31}}://[\x21-\x7e]{{1,{LONGEST}}}"


class OriginCheck(msgspec.Struct, frozen=True):
    """What the allowlist says of a request."""

    allowed: bool
    headers: Mapping[str, str]  # the CORS headers that every answer to the request carries
    refusal: str | None = None  # why it was refused, or would have been outside audit mode


def cors_headers(reader: str) -> dict[str, str]:
    """Return the CORS headers of an answer that pages of one origin may read, or of any for `*`."""
    headers = {"Access-Control-Allow-Origin": reader, "Access-Control-Expose-Headers": EXPOSED_HEADERS}
    return headers if reader == "*" else {**headers, "Vary": "Origin"}


ANY_ORIGIN = OriginCheck(True, cors_headers("*"))
NO_READER_HEADERS = cors_headers(NO_READER)


class OriginPolicy:
    """The allowlist, and what it does with a request that names no origin."""

    def __init__(self, allowlist: Allowlist, *, audit: bool = False, missing: str = "deny") -> None:
        """`missing` is `allow`, `deny` (which still lets a pixel's GET through) or `deny-all`."""
        self.allowlist = allowlist
        self._open = not allowlist
        self._audit = audit
        self._missing = missing

    @classmethod
    def from_environment(cls, env: Environment) -> OriginPolicy:
        """Read ALLOWED_ORIGINS, ORIGIN_MODE and MISSING_ORIGIN; raises SettingError."""
        return cls(
            Allowlist(env.entries("ALLOWED_ORIGINS")),
            audit=env.choice("ORIGIN_MODE", ("enforce", "audit")) == "audit",
            missing=env.choice("MISSING_ORIGIN", ("deny", "allow", "deny-all")),
        )

    def check(self, request: Request, *, pixels: bool) -> OriginCheck:
        """Return the check; `pixels` says whether the function takes GETs from e-mails and the like."""
        if self._open:
            return ANY_ORIGIN
        origin = claimed_origin(request)
        if origin is None:
            return self._without_origin(request, pixels)
        if origin in self.allowlist:
            return OriginCheck(True, cors_headers(origin))
        reader = origin if self._audit and re.fullmatch(_REFLECTABLE, origin) else NO_READER
        return OriginCheck(self._audit, cors_headers(reader), f"the origin {origin[:LONGEST]} is not allowed")

    def _without_origin(self, request: Request, pixels: bool) -> OriginCheck:
        pixel = pixels and request.method == "GET" and self._missing == "deny"
        if pixel or self._missing == "allow":
            return OriginCheck(True, NO_READER_HEADERS)
        return OriginCheck(self._audit, NO_READER_HEADERS, "the request names no origin")


def claimed_origin(request: Request) -> str | None:
    """Return the origin that a request says it comes from, by its Referer where there is no Origin."""
    origin = request.headers.get("origin")
    if origin is None and (referer := request.headers.get("referer")):
        return origin_of(referer)
    return origin


def preflight_headers(methods: tuple[str, ...]) -> dict[str, str]:
    """Return what the answer to a preflight carries besides."""
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
