"""Detects which URL serves which function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ops.verify.target import base, carrying
from ops.verify.trigger import NoAnswer, Trigger

NO_LOGSTORE = "verify-no-such-logstore"


class Urls(NamedTuple):
    """The base addresses of the functions; None for one that is not checked."""

    track: str | None
    token: str | None


def discover(urls: Sequence[str], trigger: Trigger, origin: str, ticket: str = "") -> Urls:
    """Detect the functions by requests that write nothing; a single URL serves both.

    Each function, called with `ticket`, answers 404 `NotFound` to the other's routes. If this is not
    conclusive, the first counts as track's and the last as token's, and the checks report the problem.
    Raises ops.provision.wanted.InvalidTarget.
    """
    bases = [base(url) for url in urls]
    first, last = bases[0], bases[-1]
    asked = [carrying(one, ticket) for one in (first, last)]
    if first != last and _is_token(trigger, asked[0], origin) and not _is_token(trigger, asked[1], origin):
        return Urls(last, first)
    return Urls(first, last)


def _is_token(trigger: Trigger, address: str, origin: str) -> bool:
    """Whether it has no route for Logstores, but one for tokens."""
    token = _answered(trigger, f"{address}/get_sts_token", origin)
    track = _answered(trigger, f"{address}/logstores/{NO_LOGSTORE}/track", origin)
    return token not in (None, "NotFound") and track == "NotFound"


def _answered(trigger: Trigger, url: str, origin: str) -> str | None:
    """The error's code, "" for none; None without an answer."""
    try:
        return trigger.call("GET", url, origin).code
    except NoAnswer:
        return None
