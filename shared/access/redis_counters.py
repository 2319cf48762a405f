"""Counts the usage of each sender in a Redis, Valkey or Tair that all instances share.

One atomic step per request, with the store's clock. A request waits for it at most PATIENCE. If the store is
slow or unreachable, requests pass: a failure of the store must not lose logs.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shared.access.counters import Charge, Counters, Over
from shared.access.store import Away, Scripts
from shared.logs import log
from shared.network.blocking import BLOCKING
from shared.settings import Environment, SettingError

if TYPE_CHECKING:
    from shared.network.interface import Network

SILENCE = 60.0  # seconds between two log lines about an unreachable store

_MICROSECONDS = 1_000_000
_URL = r"rediss?://(?:[^\s/@?#]*@)?(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[0-9]{0,3})?"

# KEYS: one for each charge. ARGV: the number of logs, then for each charge the µs per log and the µs of its
# burst. A key's value is the time up to which the rate is used up, in µs since 2020; the key expires at that
# time. The tolerance of 1 µs is for rates whose µs per log is not a whole number. Returns the position and
# the wait in µs of the charge with the longest wait, or 0 and 0.
SCRIPT = """
local time = redis.call('TIME')
local now = (time[1] - 1577836800) * 1000000 + time[2]
local place, longest, used = 0, 1, {}
for i, key in ipairs(KEYS) do
  local before = tonumber(redis.call('GET', key) or 0) or 0
  used[i] = math.max(before, now) + ARGV[1] * ARGV[2 * i]
  local beyond = used[i] - now - ARGV[2 * i + 1]
  if beyond > longest then place, longest = i, beyond end
end
if place > 0 then return {place, math.ceil(longest)} end
for i, key in ipairs(KEYS) do
  local left = math.ceil((used[i] - now) / 1000) + 1
  redis.call('SET', key, string.format('%.3f', used[i]), 'PX', string.format('%.0f', left))
end
return {0, 0}
"""


class RedisCounters:
    """Counts in the shared store."""

    def __init__(self, scripts: Scripts, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`prefix` is the prefix of all keys; `clock` returns seconds."""
        self._scripts = scripts
        self._prefix = prefix
        self._clock = clock
        self._silent_until = 0.0
        self._passed = 0

    async def take(self, charges: Sequence[Charge], logs: int) -> Over | None:
        """Add `logs` to all charges; if one exceeds its rule, change none and return the longest wait."""
        keys, values = [], [float(logs)]
        for charge in charges:
            rule = charge.rule
            keys.append(f"{self._prefix}:{rule.kind}:{charge.key}")
            each = rule.period * _MICROSECONDS / rule.rate
            values += (each, each * rule.burst)
        try:
            place, wait = _understood(await self._scripts.run(keys, values), len(keys))
        except Away as reason:
            self._report(str(reason))
            return None
        return Over(charges[place - 1], wait / _MICROSECONDS) if place else None

    def _report(self, reason: str) -> None:
        """Write one line a minute, with the number of requests that were not counted."""
        self._passed += 1
        now = self._clock()
        if now >= self._silent_until:
            log(logging.WARNING, "rate limit store away", "", reason=reason, uncounted=self._passed)
            self._silent_until, self._passed = now + SILENCE, 0


def _understood(answer: object, places: int) -> tuple[int, int]:
    if isinstance(answer, list) and len(answer) == 2 and all(type(part) is int for part in answer):
        place, wait = answer
        if 0 <= place <= places:
            return place, wait
    raise Away("the answer is invalid")


def read_redis_counters(env: Environment, network: Network) -> Counters:
    """Return the counters in RATE_LIMIT_STORE. Raises SettingError, which never shows the address.

    The keys of one Project share a hash tag, so that a cluster keeps them on one node, for the atomic step.
    """
    name = "RATE_LIMIT_STORE"
    held = env.get(name) or ""
    if re.fullmatch(_URL, held) is None:
        wanted = "redis://[[user]:password@]host[:port][/database], or rediss:// for TLS"
        raise SettingError(name, "(not shown)", wanted)
    try:
        from shared.access import redis_scripts
    except ImportError:
        wanted = "nothing, unless the package has the client: make package RATE_LIMIT_STORE=1"
        raise SettingError(name, "(not shown)", wanted) from None
    scripts = redis_scripts.Blocking if network is BLOCKING else redis_scripts.InLoop
    return RedisCounters(scripts(held, SCRIPT), f"webtracking:{{{env.project()}}}")
