"""The grammar of RATE_LIMIT: `client 20/s burst 200, subject 50/s, logstore 2000/s`."""

from __future__ import annotations

import re

import msgspec

KINDS = ("client", "subject", "logstore")
HIGHEST = 1_000_000  # logs, the maximum of a rate and of a burst
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_RULE = r"([a-z]+) +([0-9]{1,7})/([smh])(?: +burst +([0-9]{1,7}))?"
_USUAL_BURST = 10  # times the rate


class Rule(msgspec.Struct, frozen=True):
    """One limit: `rate` logs per `period` seconds, and at most `burst` logs at once."""

    kind: str
    rate: int
    period: int
    burst: int


def read_rules(held: str) -> tuple[Rule, ...]:
    """Return the rules of RATE_LIMIT. Raises ValueError with the expected format."""
    rules = tuple(_rule(entry.strip()) for entry in held.split(","))
    kinds = [rule.kind for rule in rules]
    if len(set(kinds)) < len(kinds):
        raise ValueError("client, subject and logstore at most once each")
    return rules


def _rule(entry: str) -> Rule:
    match = re.fullmatch(_RULE, entry)
    if match is None or match[1] not in KINDS:
        raise ValueError("rules such as client 20/s burst 200, subject 50/m or logstore 2000/s")
    rate = int(match[2])
    burst = int(match[4]) if match[4] else min(_USUAL_BURST * rate, HIGHEST)
    if not (1 <= rate <= HIGHEST and 1 <= burst <= HIGHEST):
        raise ValueError(f"rates and bursts from 1 to {HIGHEST}")
    return Rule(match[1], rate, _SECONDS[match[3]], burst)
