"""Checks a request's origin against the allowlist, and builds the CORS headers of its answer.

Every answer states which origin may read it. Without CORS headers, FC may echo any origin with
`Access-Control-Allow-Credentials: true`, so a refusal names an origin that no page can have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from shared.http.allowlist import LONGEST, Allowlist, origin_of
from shared.http.request import Request
from shared.settings import Environment

NO_READER = "https://origin-not-allowed.invalid"  # .invalid is reserved (RFC 2606)

# The preflight headers of Alibaba's browser SDKs, in both modes; for Safari `*` excludes Authorization.
REQUEST_HEADERS = (
    "authorization, content-encoding, content-md5, content-type, x-acs-security-token, x-log-apiversion, "
    "x-log-bodyrawsize, x-log-compresstype, x-log-date, x-log-signaturemethod"
)
EXPOSED_HEADERS = "x-log-requestid, x-log-errorcode, x-log-spooled, x-log-dropped, retry-after"
PREFLIGHT_SECONDS = 86400  # browsers limit it themselves, Chromium to two hours

# The form of a browser's Origin (RFC 6454, 7). `*` does not match: it would allow every origin.
# Compiled only when audit mode needs it, for a short cold start.
_REFLECTABLE = rf"null|[a-z][a-z0-9+.-]{{0,31}}://[\x21-\x7e]{{1,{LONGEST}}}"


class OriginCheck(msgspec.Struct, frozen=True):
    """The result of the origin check."""

    allowed: bool
    headers: Mapping[str, str]  # the CORS headers of every answer to the request
    refusal: str | None = None  # why it is refused, or would be without audit mode


def cors_headers(reader: str) -> dict[str, str]:
    """Return the CORS headers of an answer that pages of the origin `reader` may read; `*`: all pages."""
    headers = {"Access-Control-Allow-Origin": reader, "Access-Control-Expose-Headers": EXPOSED_HEADERS}
    return headers if reader == "*" else {**headers, "Vary": "Origin"}


ANY_ORIGIN = OriginCheck(True, cors_headers("*"))
NO_READER_HEADERS = cors_headers(NO_READER)


class OriginPolicy:
    """The allowlist, and the rule for requests without an origin."""

    def __init__(self, allowlist: Allowlist, *, audit: bool = False, missing: str = "deny") -> None:
        """`missing` is `allow`, `deny` (which still allows a pixel's GET) or `deny-all`."""
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
        """Return the check; `pixels` says whether the function serves pixels, as in e-mails."""
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
        return OriginCheck(self._audit, NO_READER_HEADERS, "the request has no origin")


def claimed_origin(request: Request) -> str | None:
    """Return the request's claimed origin: from Origin, else from Referer."""
    origin = request.headers.get("origin")
    if origin is None and (referer := request.headers.get("referer")):
        return origin_of(referer)
    return origin


def preflight_headers(methods: tuple[str, ...]) -> dict[str, str]:
    """Return the additional headers of the answer to a preflight."""
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
