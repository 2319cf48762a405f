"""The origin allowlist.

An entry is one of

    https://shop.example.com        exactly this origin
    https://shop.example.com:8443   the same with a port; the scheme's default port is never written
    https://*.example.com           one or more complete labels before .example.com, not example.com itself
    http://localhost:*              any port or none; also for 127.0.0.1 and [::1]

A browser's Origin is compared as text and never parsed: parsers and browsers disagree on the host of
`https://evil.example\\@shop.example.com`. Entries are checked at startup; the error shows the correct form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.settings import SettingError

LONGEST = 300  # characters: enough for a scheme, a name of 253 characters and a port

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_LABELS = rf"{_LABEL}(?:\.{_LABEL})*"
_PORT = r"[1-9][0-9]{0,4}"
# Compiled on first use: an allowlist rarely has all three forms, and each costs cold start time.
_EXACT = rf"https?://(?:{_LABELS}|\[[0-9a-f:.]+\])(?::{_PORT})?"
_WILDCARD = rf"(https?://)\*(\.{_LABEL}(?:\.{_LABEL})+(?::{_PORT})?)"
_ANY_PORT = r"(https?://(?:localhost|127\.0\.0\.1|\[::1\])):\*"
_SOME_PORT = rf"(?::{_PORT})?"
_REFERER = r"(?s:(https?://[^/?#]*)(?:[/?#].*)?)"


class Allowlist:
    """The origins that may use a function; if empty, every origin may."""

    def __init__(self, entries: Sequence[str], setting: str = "ALLOWED_ORIGINS") -> None:
        """Check the entries. Raises SettingError for the first invalid entry, with the correct form."""
        exact: set[str] = set()
        wildcards: list[tuple[str, str]] = []
        any_port: list[str] = []
        for entry in entries:
            fault = _fault(entry)
            if fault is not None:
                raise SettingError(setting, entry, fault)
            if "*" not in entry:
                exact.add(entry)
            elif match := re.fullmatch(_ANY_PORT, entry):
                any_port.append(match[1])
            elif match := re.fullmatch(_WILDCARD, entry):
                wildcards.append((match[1], match[2]))
        self._exact = frozenset(exact)
        self._wildcards = tuple(wildcards)
        self._any_port = tuple(any_port)

    def __bool__(self) -> bool:
        return bool(self._exact or self._wildcards or self._any_port)

    def __contains__(self, origin: str) -> bool:
        if origin in self._exact:
            return True
        if len(origin) > LONGEST:
            return False
        return any(_under(origin, *ends) for ends in self._wildcards) or any(
            origin.startswith(start) and re.fullmatch(_SOME_PORT, origin[len(start) :])
            for start in self._any_port
        )


def origin_of(referer: str) -> str:
    """Return the origin part of a Referer, unchecked; "" if it has none."""
    match = re.fullmatch(_REFERER, referer)
    return match[1] if match else ""


def _under(origin: str, scheme: str, suffix: str) -> bool:
    if not (origin.startswith(scheme) and origin.endswith(suffix)):
        return False
    return re.fullmatch(_LABELS, origin[len(scheme) : len(origin) - len(suffix)]) is not None


def _fault(entry: str) -> str | None:
    """Return the expected form of an invalid entry, None if it is valid."""
    shape = _fault_of_shape(entry)
    if shape is not None:
        return shape
    forms = (_ANY_PORT, _WILDCARD) if "*" in entry else (_EXACT,)
    if any(re.fullmatch(form, entry) for form in forms):
        return _fault_of_port(entry)
    return "origins such as https://shop.example.com, https://*.example.com or http://localhost:*"


def _fault_of_shape(entry: str) -> str | None:
    """Return the correct form for common mistakes."""
    if entry in ("*", "null"):
        return f"origins; {entry} is not one. To allow every origin, leave the setting empty"
    if not entry.isascii():
        return "names in punycode (xn--…), as a browser writes them in Origin"
    if entry != entry.lower():
        return f"lower case, as a browser writes it: {entry.lower()}"
    scheme, separator, rest = entry.partition("://")
    if not separator:
        return f"a scheme in front: https://{entry}"
    return _fault_after(scheme, rest)


def _fault_after(scheme: str, rest: str) -> str | None:
    if scheme not in ("http", "https"):
        return "origins that start with https:// or http://"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if authority != rest:
        return f"an origin only, without a path: {scheme}://{authority}"
    if "*" in rest and not (rest.startswith("*.") or rest.endswith(":*")):
        return "a wildcard for whole labels only: https://*.example.com"
    if re.fullmatch(r"\*\.[^.]*", rest):
        return "a wildcard below your own domain (https://*.example.com), not below a public suffix"
    return None


def _fault_of_port(entry: str) -> str | None:
    scheme, _, rest = entry.partition("://")
    port = rest.rpartition("]")[2].partition(":")[2]
    if port.isdigit() and int(port) > 65535:
        return "a port of at most 65535"
    if (scheme, port) in (("http", "80"), ("https", "443")):
        return f"no default port, as a browser writes it: {entry.rpartition(':')[0]}"
    return None
