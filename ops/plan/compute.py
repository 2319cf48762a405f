"""The cost of an instance of Function Compute, and the number of instances for a number of requests.

The model. A call costs its share of the price of 10,000. An instance costs while it has at least one request:
its configured vCPU, memory and disk. Idle instances cost nothing.

- Built-in runtime: one request at a time, so each pays for its own duration: the time to SLS and back, and
  the request's CPU time divided by the instance's share of a core.
- Custom runtime: requests overlap. Arrivals are assumed random (Poisson): with `rate` requests
  a second of `duration` seconds each, an instance is busy 1 - exp(-rate * duration) of the time (the
  M/G/infinity queue). Another instance starts when the CPU of one would exceed `UTILIZATION`, or the
  requests in flight its concurrency; the rate is shared evenly.

Left out: starts of instances, and rounding of durations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ops.plan.prices import PriceList
from ops.plan.prices import read as read_prices

UTILIZATION = 0.7  # maximum part of an instance's CPU in use; above it, answers become slow
CONCURRENCY = 64  # DEPLOY_CONCURRENCY in s.concurrent.yaml
FREE_DISK = 0.5  # GB


class Prices(NamedTuple):
    """Function Compute's prices in its billing unit (CU); `unit` is USD per CU, for a month's first CUs."""

    calls: float  # per 10,000 calls
    vcpu: float  # per vCPU and second
    memory: float  # per GB and second
    disk: float  # per GB and second above FREE_DISK
    unit: float


class Size(NamedTuple):
    """An instance's size: of s.yaml for the built-in runtime, of s.concurrent.yaml for the custom runtime."""

    vcpu: float
    memory: float  # GB
    disk: float = 0.5  # GB

    def a_second(self, prices: Prices) -> float:
        """Return the CUs for one second with a request."""
        disk = max(0.0, self.disk - FREE_DISK)
        return self.vcpu * prices.vcpu + self.memory * prices.memory + disk * prices.disk


BUILT_IN, CUSTOM = Size(0.35, 0.5), Size(1.0, 1.0)


class Times(NamedTuple):
    """The times of a request in seconds: the wait for SLS, and the CPU time in each runtime."""

    waiting: float
    built_in: float
    custom: float


def whole(value: float) -> int:
    """Round up to a whole number, but ignore a rounding error above one."""
    return math.ceil(value * (1 - 1e-12))


def prices(found: PriceList | None = None) -> Prices:
    """Return Function Compute's part of a price list; without one, of the default list."""
    found = found or read_prices()
    names = ("fc.calls", "fc.vcpu", "fc.memory", "fc.disk", "fc.cu")
    return Prices(*(found.price(name) for name in names))


def built_in_seconds(times: Times, size: Size) -> float:
    """Return the billed seconds of one request."""
    return times.waiting + times.built_in / size.vcpu


def custom_seconds(
    times: Times, size: Size, rate: float, concurrency: int = CONCURRENCY
) -> tuple[float, int]:
    """Return the billed seconds of a request at `rate` requests a second, and the number of instances."""
    duration = times.waiting + times.custom / size.vcpu
    by_cpu = rate * times.custom / (size.vcpu * UTILIZATION)
    instances = max(1, whole(by_cpu), whole(rate * duration / concurrency))
    busy = -math.expm1(-rate / instances * duration)
    return instances * busy / rate, instances
