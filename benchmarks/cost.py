"""The cost of events on Function Compute, computed from measured times: `python -m benchmarks.cost`.

The model and the prices are the planner's (ops/plan/compute.py). Also left out: logs, traffic, free quotas,
lower prices for large volumes, and SLS itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

from ops.plan import figures
from ops.plan.compute import BUILT_IN, CUSTOM, Prices, Times, built_in_seconds, custom_seconds
from ops.plan.compute import prices as listed

RATES = (1.0, 100.0, 5000.0)  # events a second
EVENTS_A_REQUEST = (1, 10)
DISTANCE = 0.01  # seconds to SLS and back, as in `benchmarks.throughput`
_GRID = tuple(round(1.02**step, 1) for step in range(480))  # requests a second, 1 to 13,000


class Cost(NamedTuple):
    """USD per million events, at one rate."""

    rate: float
    events: int
    built_in: float
    custom: float
    instances: int  # of the custom runtime
    calls: float  # of either, in it


def table(times: Times, prices: Prices, events_a_request: Sequence[int] = EVENTS_A_REQUEST) -> list[Cost]:
    """Return the cost at each rate, for each number of events in a request."""
    return [_cost(times, prices, rate, events) for events in events_a_request for rate in RATES]


def break_even(times: Times, prices: Prices) -> float | None:
    """Return the requests a second from which the custom runtime costs less; None if it never does."""
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
    measured = figures.read()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    for name, what, known in (
        ("waiting", "milliseconds until SLS has answered", 1e3 * DISTANCE),
        ("built-in-cpu", "CPU of a request, in µs", measured.built_in_cpu),
        ("custom-cpu", "CPU of a request, in µs", measured.custom_cpu),
    ):
        add(f"--{name}", type=float, default=known, help=f"{what}; measured: %(default)s")
    for name, price in listed()._asdict().items():
        add(f"--{name}", type=float, default=price, help="default: %(default)s")
    add("--events", type=int, action="append", help="events that a request brings; may be given again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
