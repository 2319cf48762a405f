"""Shows the content of a ticket, valid or not."""

from __future__ import annotations

from datetime import datetime, timezone

import msgspec

from shared.access.tickets import from_base64url

_TIMES = ("exp", "nbf", "iat")


def explain(text: str, now: float) -> str:
    """Return header and claims, one per line; times also as dates and as seconds from `now`."""
    parts = text.split(".")
    lines = [f"{len(parts)} parts, {len(text)} characters"]
    for name, part in zip(("header", "claims"), parts, strict=False):
        try:
            value = msgspec.json.decode(from_base64url(part) or b"")
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            lines += [f"{name}: {key} = {_shown(key, member, now)}" for key, member in value.items()]
        else:
            lines.append(f"{name}: not a JSON object in base64url")
    return "\n".join(lines)


def _shown(name: str, value: object, now: float) -> str:
    text = msgspec.json.encode(value).decode()
    if name not in _TIMES or isinstance(value, bool) or not isinstance(value, (int, float)):
        return text
    try:
        date = datetime.fromtimestamp(value, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return text
    return f"{text} ({date}, {value - now:+.0f} s)"
