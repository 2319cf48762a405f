"""The rate limit: how many logs one client, one ticket subject and one Logstore may write.

A sender is identified by its address (for IPv6 its /64 network, which belongs to one subscriber) and by its
ticket. In audit mode, requests above the limit are logged and allowed.
"""

from __future__ import annotations

import hashlib
import logging
import math
from typing import TYPE_CHECKING

from shared.access.counters import Charge, Counters, InstanceCounters, Over
from shared.access.rate import Rule, read_rules
from shared.http.errors import REQUEST_RATE_EXCEEDED, ApiError
from shared.http.request import Request, without_ticket
from shared.logs import log
from shared.network.address import pack
from shared.settings import Environment, SettingError

if TYPE_CHECKING:
    from shared.network.interface import Network

_WHOSE = {"client": "from this client", "subject": "from this subject", "logstore": "for this Logstore"}
_HEADER = r"[A-Za-z0-9-]+"


class RateLimit:
    """Applies the rules to requests."""

    def __init__(
        self, rules: tuple[Rule, ...], counters: Counters, *, audit: bool, header: str | None
    ) -> None:
        """`header`, in lower case, is the header in which a CDN passes the client's address."""
        self._rules = rules
        self._counters = counters
        self._audit = audit
        self._header = header

    async def take(self, request: Request, logstore: str, logs: int) -> None:
        """Count a request's logs. Raises ApiError: RequestRateExceeded; then none of them are counted.

        `logstore` is "" if the request is not for one Logstore.
        """
        if logs < 1:
            return
        charges = [
            Charge(rule, key) for rule in self._rules if (key := self._key(rule.kind, request, logstore))
        ]
        over = await self._counters.take(charges, logs) if charges else None
        if over is not None:
            self._refuse(request, over, logs)

    def _key(self, kind: str, request: Request, logstore: str) -> str:
        if kind == "logstore":
            return logstore
        if kind == "client":
            address = pack(request.client_address(self._header) or "") or b""
            return address[:8].hex() if len(address) == 16 else address.hex()
        if request.subject:  # hashed, because it may have any length and may be personal data
            return hashlib.sha256(request.subject.encode()).hexdigest()[:32]
        return request.ticket or ""

    def _refuse(self, request: Request, over: Over, logs: int) -> None:
        rule = over.charge.rule
        reason = f"{logs} logs are too many: {rule.kind} {rule.rate}/{rule.period} s burst {rule.burst}"
        if not self._audit:
            raise ApiError(
                REQUEST_RATE_EXCEEDED,
                f"too many logs for now {_WHOSE[rule.kind]}",
                detail=reason,
                retry_after=max(1, math.ceil(over.seconds)),
            )
        log(
            logging.WARNING,
            "would refuse",
            request.id,
            errorCode=REQUEST_RATE_EXCEEDED.code,
            reason=reason,
            method=request.method,
            path=without_ticket(request.path),
        )


def read_rate_limit(env: Environment, network: Network) -> RateLimit | None:
    """Return the configured limit, None without RATE_LIMIT. Raises SettingError."""
    audit = env.choice("RATE_MODE", ("enforce", "audit")) == "audit"
    held = env.get("RATE_LIMIT")
    if held is None:
        return None
    try:
        rules = read_rules(held)
    except ValueError as error:
        raise SettingError("RATE_LIMIT", held, str(error)) from None
    header = env.optional_text("CLIENT_IP_HEADER", _HEADER, "the name of a header")
    return RateLimit(rules, _counters(env, network), audit=audit, header=header.lower() if header else None)


def _counters(env: Environment, network: Network) -> Counters:
    if env.get("RATE_LIMIT_STORE") is None:
        return InstanceCounters()
    from shared.access.redis_counters import (
        read_redis_counters,  # its client is rarely installed, and slow to import
    )

    return read_redis_counters(env, network)
