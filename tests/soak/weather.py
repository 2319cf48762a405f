"""What goes wrong in SLS, STS and OSS, and when: single faults, and outages of one service or several."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from functools import partial

from local.faults import OK_CUT_SHORT, OK_IN_FULL, Fault, Faults
from tests.soak.plan import Plan, Recurring, Scale

SLS, STS, OSS = "sls", "sts", "oss"
SINGLE = {SLS: 0.06, OSS: 0.2, STS: 0.25}  # of all requests to a service fail without an outage
SQUALLS = {SLS: 0.15, OSS: 0.1, STS: 0.0}  # likewise, while replay works off what the storm has left
_ALONE = ((SLS,), (OSS,), (STS,))
_TOGETHER = ((SLS, OSS), (SLS, OSS), (SLS, STS), (SLS, STS, OSS))

_BROKEN = b'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{"a":"b"}'
# What any service does in trouble. An answer of success is only given where the work was done, since one
# that confirms what was never done is no fault that anybody could make good.
_ANY: Mapping[str, Fault] = {
    "500": Fault.status(500, code="InternalServerError"),
    "503": Fault.status(503, code="ServiceUnavailable"),
    "reset before the body": Fault.reset(stage="head"),
    "reset": Fault.reset(),
    "reset after the work": Fault.reset(stage="handled"),
    "hang": Fault.hang(),
    "hang after the work": Fault.hang(stage="handled"),
    "slow": Fault.hang(0.4),
    "drip": Fault.drip(_BROKEN, interval=0.02),
    "drip after the work": Fault.drip(OK_IN_FULL, interval=0.02, stage="handled"),
    "garbage": Fault.garbage(),
    "cut off": Fault.truncated(OK_CUT_SHORT),
    "cut off after the work": Fault.truncated(OK_CUT_SHORT, stage="handled"),
    "closed": Fault.close(),
    "closed after the work": Fault.close(stage="handled"),
}
# Refusals that pass: a quota, a right or a Logstore that is put right again. Not one of the body, as
# PostBodyInvalid is: that is final, and not true of these bodies.
_OWN: Mapping[str, Mapping[str, Fault]] = {
    SLS: {
        "quota": Fault.status(403, code="WriteQuotaExceed"),
        "shard quota": Fault.status(429, code="ShardWriteQuotaExceed"),
        "unauthorized": Fault.status(401, code="Unauthorized"),
        "no such logstore": Fault.status(404, code="LogStoreNotExist"),
    },
    STS: {
        "throttled": Fault.status(400, code="Throttling.User"),
        "no permission": Fault.status(403, code="NoPermission"),
    },
    OSS: {
        "throttled": Fault.status(503, code="DownloadTrafficRateLimitExceeded"),
        "too many": Fault.status(429, code="TooManyRequests"),
        "access denied": Fault.status(403, code="AccessDenied"),
    },
}
# What takes its full time to fail is rarer, or a soak would be little but waiting. So is what does no harm
# but that the work is done twice.
_RARE = frozenset({"hang", "hang after the work"})
# Seconds by which STS's clock is behind: a credential of 900 s comes with so much less, and the last 600 do
# not count. So it is good for a minute and renewed after half of that, good for seconds, or no good at all.
_LAGS = (240, 285, 290, 295, 297, 298, 299, 305)


class Weather:
    """Decides for each request to a service whether it fails, and how. `struck` counts what did, by kind.

    `turn` is called for each request of a client; the services ask from threads of their own.
    """

    def __init__(self, plan: Plan, scale: Scale) -> None:
        self.struck: Counter[str] = Counter()
        self.outages = 0
        self.lag = 298.0  # seconds by which STS's clock is behind
        self._plan = plan
        self._single = SINGLE
        self._always: dict[str, str] = {}  # services that fail throughout, with how
        self._chance = plan.chance("outages")
        self._outages = Recurring(plan.chance("outages", "when"), scale.requests / 20)
        self._lags = Recurring(plan.chance("lags", "when"), scale.requests / 30)
        self._longest = max(scale.requests / 35, 6)
        self._until = 0
        self._hit: tuple[str, ...] = ()
        self._kind: float | None = None
        self._decided: dict[str, tuple[int, str | None]] = {}

    def rule(self, service: str, faults: Faults) -> None:
        """Have `service` fail as this says."""
        kinds = {**_ANY, **_OWN[service]}
        for name, fault in kinds.items():
            faults.add(fault, on=partial(self._strikes, service, name, [*kinds], faults))

    def turn(self, number: int) -> None:
        """Begin and end what begins and ends with a client's request `number`."""
        if number >= self._until:
            self._hit = ()
        if self._outages.due(number) and not self._always:
            self._break_out(number)
        if self._lags.due(number):
            self.lag = self._chance.choice(_LAGS)

    def break_down(self, service: str, kind: str) -> None:
        """Have every request to one service fail in one way, and let the outages of all end."""
        self._always, self._hit = {service: kind}, ()

    def abate(self) -> None:
        """Leave single faults only."""
        self._always, self._hit, self._single = {}, (), SQUALLS

    def clear_up(self, *all_faults: Faults) -> None:
        """End all of it, for good."""
        self._always, self._hit, self._single, self.lag = {}, (), dict.fromkeys(SINGLE, 0.0), 0.0
        for faults in all_faults:
            faults.clear()

    def _break_out(self, number: int) -> None:
        chance = self._chance
        self.outages += 1
        self._until = number + 1 + int(chance.uniform(0.2, 1) * self._longest)
        self._hit = chance.choice(chance.choices((_ALONE, _TOGETHER), (6, 4))[0])
        # All in one way, or each request in its own.
        self._kind = chance.random() if chance.random() < 0.5 else None

    def _strikes(self, service: str, name: str, kinds: list[str], faults: Faults, _: str) -> bool:
        """Whether the request that `faults` has just counted is to fail in the way that `name` says."""
        # Asked for each way to fail in turn, and decided once.
        if self._decided.get(service, (0, None))[0] != faults.seen:
            self._decided[service] = (faults.seen, self._kind_of(service, faults.seen, kinds))
        if self._decided[service][1] != name:
            return False
        self.struck[f"{service}: {name}"] += 1
        return True

    def _kind_of(self, service: str, seen: int, kinds: list[str]) -> str | None:
        if service in self._always:
            return self._always[service]
        chance = self._plan.chance(service, seen)
        if service in self._hit:
            return _pick(chance, kinds, self._kind)
        return _pick(chance, kinds, None) if chance.random() < self._single[service] else None


def _pick(chance: random.Random, kinds: list[str], given: float | None) -> str:
    weights = [1 if name in _RARE else 2 if name.endswith("after the work") else 4 for name in kinds]
    left = (chance.random() if given is None else given) * sum(weights)
    for name, weight in zip(kinds, weights, strict=True):
        left -= weight
        if left < 0:
            return name
    return kinds[-1]
