"""Target: the allowlist, compared with a matcher that checks an origin character by character."""

# ruff: noqa: PT017 - a refusal is a result here and checked like any other

from __future__ import annotations

from shared.http.allowlist import LONGEST, Allowlist, origin_of
from shared.settings import SettingError

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def allowlist(data: bytes) -> None:
    """Input: one entry per line, an empty line, then an origin (or a Referer) of any bytes."""
    head, _, origin = data.decode("utf-8", "replace").partition("\n\n")
    accepted = [entry for entry in head.split("\n") if _taken(entry)]
    listed = Allowlist(accepted)
    assert bool(listed) == bool(accepted)
    for asked in (origin, *accepted, *(near for entry in accepted for near in _neighbours(entry, origin))):
        allowed = any(_allows(entry, asked) for entry in accepted)
        assert (asked in listed) == allowed, (asked, accepted)
    assert origin_of(origin) == _cut(origin)
    if (cut := origin_of(origin)) in listed:
        assert any(_allows(entry, cut) for entry in accepted)


def _taken(entry: str) -> bool:
    """Whether the allowlist accepts an entry; must agree with the grammar."""
    try:
        Allowlist([entry])
    except SettingError as error:
        assert not _is_entry(entry), f"refused without need: {error}"
        assert "ALLOWED_ORIGINS" in str(error)
        return False
    assert _is_entry(entry)
    return True


def _neighbours(entry: str, text: str) -> tuple[str, ...]:
    """Return variants of an entry that an attacker would try, with any `text`."""
    made = entry.replace("*", text[:LONGEST])
    return (made, entry + text, made + "/", made.upper(), made[:-1], "x" + made, made.replace("://", "://x."))


def _is_entry(entry: str) -> bool:
    scheme, separator, rest = entry.partition("://")
    if not separator or scheme not in ("http", "https"):
        return False
    if rest.endswith(":*"):
        return rest[:-2] in _LOCAL
    host, port = _split(rest)
    if port is not None and not _is_port(port, scheme):
        return False
    if host.startswith("["):
        return host.endswith("]") and 0 < len(host[1:-1]) == sum(
            c in "0123456789abcdef:." for c in host[1:-1]
        )
    if host.startswith("*."):
        return "." in host[2:] and _are_labels(host[2:])
    return _are_labels(host)


def _split(rest: str) -> tuple[str, str | None]:
    """Return host and port; a port of None without a colon."""
    bracket = rest.rfind("]") + 1
    colon = rest.find(":", bracket)
    return (rest, None) if colon < 0 else (rest[:colon], rest[colon + 1 :])


def _is_port(port: str, scheme: str) -> bool:
    return (
        _is_number(port)
        and int(port) <= 65535
        and port != {"http": "80", "https": "443"}[scheme]  # a browser never writes it
    )


def _is_number(port: str) -> bool:
    return 1 <= len(port) <= 5 and all(c in "0123456789" for c in port) and port[0] != "0"


def _are_labels(host: str) -> bool:
    return all(_is_label(label) for label in host.split("."))


def _is_label(label: str) -> bool:
    return (
        1 <= len(label) <= 63
        and all(c in _LETTERS or c == "-" for c in label)
        and not label.startswith("-")
        and not label.endswith("-")
    )


def _allows(entry: str, origin: str) -> bool:
    if "*" not in entry:
        return origin == entry
    if len(origin) > LONGEST:
        return False
    start, end = entry.split("*")
    if not end:  # any port or none; above 65535 matches no browser
        return origin == start[:-1] or (origin.startswith(start) and _is_number(origin[len(start) :]))
    covered = origin[len(start) : len(origin) - len(end)]
    return origin == start + covered + end and _are_labels(covered)


def _cut(referer: str) -> str:
    for start in ("https://", "http://"):
        if referer.startswith(start):
            ends = [at for at in map(referer[len(start) :].find, "/?#") if at >= 0]
            return referer[: len(start) + min(ends)] if ends else referer
    return ""
