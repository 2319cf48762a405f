"""What events cost on Function Compute, from measured times: `python -m benchmarks.cost`.

The model. A call costs its share of the price of 10,000. An instance costs for as long as it has at least one
request: for vCPU, memory and disk, at the size it is configured with. Idle instances cost nothing.

- Built-in runtime: one request at a time, so each pays for its own duration: SLS's distance, and the CPU time
  of the request stretched by the share of a core that the instance has.
- Custom runtime: requests overlap. Arrivals are taken to be random (Poisson), so that with `rate` requests
  a second of `duration` seconds each, an instance is busy 1 - exp(-rate * duration) of the time (the
  M/G/infinity queue). A second instance is taken when the CPU of one would be busier than `UTILIZATION`, or
  the requests in flight would exceed its concurrency; the rate is shared evenly.

Left out: starts of instances, logs, traffic, free quotas, SLS itself, and rounding of durations.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.lab import BUILD

MEASURED = BUILD / "measured.json"  # written by a full run of `make bench`
RATES = (1.0, 100.0, 5000.0)  # events a second
EVENTS_A_REQUEST = (1, 10)
_GRID = tuple(round(1.02**step, 1) for step in range(480))  # requests a second, 1 to 13,000
UTILIZATION = 0.7  # of an instance's CPU, above which answers would get slow


class Prices(NamedTuple):
    """Function Compute's, in units of account (CU); `unit` is USD a CU."""

    calls: float = 75.0  # 10,000 of them
    vcpu: float = 1.0  # a second
    memory: float = 0.15  # a GB and second
    disk: float = 0.05  # a GB and second
    unit: float = 0.000020


class Size(NamedTuple):
    """An instance: s.yaml's for the built-in runtime, s.concurrent.yaml's for the custom one."""

    vcpu: float
    memory: float  # GB
    disk: float = 0.5  # GB

    def a_second(self, prices: Prices) -> float:
        """Return the CU that a busy second costs."""
        return self.vcpu * prices.vcpu + self.memory * prices.memory + self.disk * prices.disk


BUILT_IN, CUSTOM = Size(0.35, 0.5), Size(1.0, 1.0)
CONCURRENCY = 64


class Times(NamedTuple):
    """Of a request, in seconds: waiting for SLS, and CPU in each runtime."""

    waiting: float
    built_in: float
    custom: float

    def options(self) -> dict[str, float]:
        """Return them as the command line takes them: ms, µs, µs."""
        return {
            "waiting": 1e3 * self.waiting,
            "built_in_cpu": 1e6 * self.built_in,
            "custom_cpu": 1e6 * self.custom,
        }


class Cost(NamedTuple):
    """USD per million events, at one rate."""

    rate: float
    events: int
    built_in: float
    custom: float
    instances: int  # of the custom runtime
    calls: float  # of either, in it


def built_in_seconds(times: Times, size: Size) -> float:
    """Return the billed seconds of one request."""
    return times.waiting + times.built_in / size.vcpu


def custom_seconds(times: Times, size: Size, rate: float) -> tuple[float, int]:
    """Return the billed seconds of a request at `rate` requests a second, and the number of instances."""
    duration = times.waiting + times.custom / size.vcpu
    by_cpu = rate * times.custom / (size.vcpu * UTILIZATION)
    instances = max(1, math.ceil(by_cpu), math.ceil(rate * duration / CONCURRENCY))
    busy = -math.expm1(-rate / instances * duration)
    return instances * busy / rate, instances


def table(times: Times, prices: Prices, events_a_request: Sequence[int] = EVENTS_A_REQUEST) -> list[Cost]:
    """Return the cost at each rate, for each number of events that a request brings."""
    return [_cost(times, prices, rate, events) for events in events_a_request for rate in RATES]


def break_even(times: Times, prices: Prices) -> float | None:
    """Return the requests a second from which the custom runtime costs less; None where it never does."""
    own = built_in_seconds(times, BUILT_IN) * BUILT_IN.a_second(prices)

    def dearer(rate: float) -> bool:
        return custom_seconds(times, CUSTOM, rate)[0] * CUSTOM.a_second(prices) > own

    return next((rate for rate in _GRID if not dearer(rate)), None)


def _cost(times: Times, prices: Prices, rate: float, events: int) -> Cost:
    requests = 1e6 / events
    calls = requests * prices.calls / 10_000 * prices.unit
    billed, instances = custom_seconds(times, CUSTOM, rate / events)
    own = requests * built_in_seconds(times, BUILT_IN) * BUILT_IN.a_second(prices) * prices.unit
    shared = requests * billed * CUSTOM.a_second(prices) * prices.unit
    return Cost(rate, events, calls + own, calls + shared, instances, calls)


def main() -> None:
    """Print the table."""
    options = _options()
    times = Times(options.waiting / 1e3, options.built_in_cpu / 1e6, options.custom_cpu / 1e6)
    prices = Prices(*(getattr(options, name) for name in Prices._fields))
    print("events/s  a request   built-in     custom  (instances)  of which calls   USD per million events")
    for cost in table(times, prices, options.events or EVENTS_A_REQUEST):
        print(
            f"{cost.rate:8,.0f}{cost.events:11}{cost.built_in:11.4f}{cost.custom:11.4f}"
            f"{cost.instances:13}{cost.calls:16.4f}"
        )
    print(f"the custom runtime costs less from {break_even(times, prices)} requests a second on")


def _options() -> argparse.Namespace:
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    for name, what in (
        ("waiting", "milliseconds until SLS has answered"),
        ("built-in-cpu", "CPU of a request, in µs"),
        ("custom-cpu", "CPU of a request, in µs"),
    ):
        known = measured.get(name.replace("-", "_"))
        add(f"--{name}", type=float, default=known, required=known is None, help=f"{what}; measured: {known}")
    for name, price in Prices()._asdict().items():
        add(f"--{name}", type=float, default=price, help="default: %(default)s")
    add("--events", type=int, action="append", help="events that a request brings; may be given again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
