"""The page ticket for the calls of a run: from an address, or issued with a key of TICKET_KEYS."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.provision.wanted import InvalidTarget
from ops.ticket.issue import issue
from ops.verify.target import split
from shared.access.tickets import SHORTEST_KEY, read_keys

LASTS = 900  # seconds: longer than a run
SUBJECT = "ops-verify"  # the subject of tickets issued here
KEYS_WANTED = "needs the keys: TICKET_KEYS in the environment, or --ticket-keys FILE"
WANTED = (
    "needs a ticket: TICKET_KEYS in the environment, --ticket-keys FILE, or an address with one in it, "
    "https://…/t/TICKET"
)
_NAME = "TICKET_KEYS="


def keys_from(path: Path | None, held: str) -> dict[str, bytes]:
    """Return the keys in a file, or in `held` without a file; {} for neither. Raises InvalidTarget.

    The file has the content of TICKET_KEYS, or a line `TICKET_KEYS=…`.
    """
    if path is not None:
        try:
            held = _value(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidTarget(f"{path}: {getattr(error, 'strerror', None) or 'no text'}") from None
    if not held.strip():
        return {}
    try:
        return read_keys(held.strip())
    except ValueError as error:
        raise InvalidTarget(f"{path or 'TICKET_KEYS'} is invalid; expected: {error}") from None


def ticket_for(urls: Sequence[str], keys: Mapping[str, bytes], seconds: int) -> str:
    """Return the ticket in the addresses, else one issued with the first key, else "".

    Raises InvalidTarget.
    """
    named = {ticket for _, ticket in map(split, urls) if ticket}
    if len(named) > 1:
        raise InvalidTarget("the addresses have different tickets; give one of them")
    if named:
        return named.pop()
    return issued(next(iter(keys)), keys, seconds) if keys else ""


def issued(kid: str, keys: Mapping[str, bytes], seconds: int) -> str:
    """Return a ticket that expires in `seconds`."""
    return issue(kid, keys[kid], {"exp": int(time.time()) + seconds, "sub": SUBJECT})


def forged(ticket: str) -> str:
    """Return a ticket with an invalid signature: this one changed, or a new one."""
    if not ticket:
        return issued("verify", {"verify": secrets.token_bytes(SHORTEST_KEY)}, 60)
    signed, _, signature = ticket.rpartition(".")
    return f"{signed}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _value(text: str) -> str:
    for line in text.splitlines():
        _, name, value = line.strip().removeprefix("export ").partition(_NAME)
        if name:
            return value.strip().strip("\"'")
    return text
