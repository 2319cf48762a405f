"""Compares the plan with each quota: which quotas must be raised."""

from __future__ import annotations

from typing import NamedTuple

from ops.plan.compute import whole
from ops.plan.plan import GB, Plan
from ops.plan.prices import PriceList

ENOUGH, RAISE, BEYOND = "enough", "raise", "beyond"


class Need(NamedTuple):
    """One quota, and what the plan needs of it."""

    name: str  # of the quota in the price list
    what: str
    needed: float
    given: float
    most: float | None
    remedy: str

    @property
    def verdict(self) -> str:
        """Whether the quota is enough, must be raised, or cannot be raised enough."""
        if self.needed <= self.given:
            return ENOUGH
        return RAISE if self.most is None or self.needed <= self.most else BEYOND

    @property
    def share(self) -> float:
        """The need divided by an account's default quota."""
        return self.needed / self.given


def needs(plan: Plan, prices: PriceList) -> list[Need]:
    """Return every quota whose need grows with the traffic; the quota that is exceeded first comes first."""
    found = [*_compute(plan, prices), *_logs(plan, prices), *_outside(plan, prices)]
    return sorted(found, key=lambda need: -need.share)


def reserved(instances: int, parts: int, prices: PriceList) -> int:
    """Return the region's quota of instances that is needed for track, token and replay.

    s.yaml reserves MAX_INSTANCES for track and for token, s.replay.yaml one instance for each part.
    """
    return whole((2 * instances + parts) / prices.quota("fc.reservable"))


def _need(prices: PriceList, name: str, what: str, needed: float, remedy: str) -> Need:
    quota = prices.quotas[name]
    return Need(name, what, needed, quota.value, quota.most, remedy)


def _compute(plan: Plan, prices: PriceList) -> list[Need]:
    instances, parts = plan.instances, plan.spool.parts
    hanging = max(instances.most, instances.hanging)
    more = "a higher DEPLOY_CONCURRENCY" if plan.demand.concurrent else "the custom runtime"
    return [
        _need(
            prices,
            "fc.instances",
            "FC instances, with MAX_INSTANCES",
            reserved(instances.most, parts, prices),
            "Quota Center",
        ),
        _need(
            prices,
            "fc.instances",
            "FC instances, while SLS hangs",
            reserved(hanging, parts, prices),
            f"Quota Center, or {more}",
        ),
        _need(
            prices,
            "fc.burst",
            "FC instances started at once",
            instances.busy,
            "scaling takes minutes: minInstances, or ask FC",
        ),
    ]


def _logs(plan: Plan, prices: PriceList) -> list[Need]:
    written = plan.load.written + plan.log_bytes
    shards = plan.shards.number + plan.log_shards
    more = "a higher count in the SDK, or several Projects"
    return [
        _need(prices, "sls.writes", "SLS writes a minute, Project", 60 * plan.load.uploads, more),
        _need(prices, "sls.traffic", "SLS GB a minute, Project", 60 * written / GB, "the console of SLS"),
        _need(prices, "sls.shards", "SLS shards, Project", shards, more),
        _need(
            prices,
            "sls.split",
            "SLS shards by automatic splitting",
            plan.shards.number,
            "split by hand, or set the Logstore's maximum",
        ),
    ]


def _outside(plan: Plan, prices: PriceList) -> list[Need]:
    starting = min(plan.token.instances, prices.quota("fc.burst"))
    spool = plan.spool
    return [
        _need(
            prices, "oss.requests", "OSS requests a second, outage", spool.requests, "ask OSS; --concurrent"
        ),
        # Many instances wait for SLS, and each has too few batches a second for shared objects.
        _need(prices, "oss.requests", "OSS requests a second, SLS hangs", plan.load.uploads, "ask OSS"),
        _need(prices, "oss.upload", "OSS Gbit/s, outage", 8 * spool.traffic / GB, "ask OSS"),
        _need(prices, "sts.calls", "STS AssumeRole a second, token starts", starting, "ask STS"),
    ]
