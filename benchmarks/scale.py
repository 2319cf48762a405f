"""The planner's results for three sites: `python -m benchmarks.scale` writes the tables of docs/scale.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.processes import ROOT
from benchmarks.report import table, write
from ops.plan import figures
from ops.plan.demand import Demand
from ops.plan.outage import OLDEST
from ops.plan.plan import GB, MB, make
from ops.plan.prices import PriceList, Quota, read
from ops.plan.quotas import BEYOND, ENOUGH
from ops.plan.show import Answer, amount, answer, money, spoken

PAGE = ROOT / "docs" / "scale.md"
EVENTS = 10  # events of a visit, which the SDK sends as one batch
RATES = (1_000, 100_000, 1_000_000)  # events a second
COUNTS = (1, 10, 50, 100)  # the SDK's `count`, for visits of 100 events
COUNTED = 100_000  # events a second, for the table of counts
_Row = Callable[[Answer], str]


class Site(NamedTuple):
    """One column of the tables."""

    name: str
    demand: Demand


def sites() -> list[Site]:
    """Return the columns: the smallest site in both runtimes, the others in the custom runtime."""
    small = Demand(visitors=RATES[0] / EVENTS, events=EVENTS)
    many = [Demand(visitors=rate / EVENTS, events=EVENTS, concurrent=True) for rate in RATES]
    names = [f"{rate:,}/s" for rate in RATES]
    return [Site(f"{RATES[0]:,}/s, built-in", small), *map(Site, names, many)]


def command(demand: Demand) -> str:
    """Return the command that prints a site's plan."""
    options = f"--visitors-per-second {demand.visitors:g} --events-per-visit {demand.events}"
    return f"python -m ops plan {options}" + (" --concurrent" if demand.concurrent else "")


_PLAN: dict[str, _Row] = {
    "uploads a second": lambda said: amount(said.plan.load.uploads),
    "MB a second to SLS": lambda said: amount(said.plan.load.written / MB),
    "instances of track at the peak": lambda said: amount(said.plan.instances.busy),
    "`MAX_INSTANCES`": lambda said: amount(said.plan.instances.most),
    "instances while SLS hangs": lambda said: amount(said.plan.instances.hanging),
    "shards of the Logstore": lambda said: amount(said.plan.shards.number),
    "functions' logs, GB a day": lambda said: amount(_daily(said, said.plan.log_bytes)),
    "`REPLAY_PARTS`": lambda said: amount(said.plan.spool.parts),
    "an outage of 1 h: objects in OSS": lambda said: amount(said.plan.spool.objects),
    "GB in OSS": lambda said: amount(said.plan.spool.bytes / GB),
    "PUT requests a second": lambda said: amount(said.plan.spool.requests),
    "the spool is empty after": lambda said: _drained(said),
    "shards to spare for that": lambda said: amount(said.plan.spool.shards),
    "token instead: instances": lambda said: amount(said.plan.token.instances),
}


def tables(prices: PriceList | None = None) -> dict[str, str]:
    """Return the page's tables by their markers."""
    found = prices or read()
    said = {site.name: _answer(site.demand, found) for site in sites()}
    return {
        "commands": table(["", "command"], [[site.name, f"`{command(site.demand)}`"] for site in sites()]),
        "plan": _by_site(said, [[name, *map(row, said.values())] for name, row in _PLAN.items()]),
        "quotas": _by_site(said, _quotas(said)),
        "bill": _by_site(said, _bill(said)),
        "counts": _counts(found),
        "prices": _prices(found),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute the tables and write them into the page."""
    if arguments:
        raise SystemExit("python -m benchmarks.scale takes no options")
    found = tables()
    print("\n\n".join(found.values()))
    write(found, PAGE)


def _answer(demand: Demand, prices: PriceList) -> Answer:
    measured = figures.read()
    return answer(make(demand, measured, prices), measured, prices)


def _by_site(said: dict[str, Answer], rows: list[list[str]]) -> str:
    return table(["", *said], rows)


def _daily(said: Answer, a_second: float) -> float:
    return a_second * 3600 * said.plan.demand.peak_hours / GB


def _drained(said: Answer) -> str:
    seconds = said.plan.spool.drain.seconds
    return spoken(seconds) + (" **!**" if seconds > OLDEST else "")


def _quotas(said: dict[str, Answer]) -> list[list[str]]:
    """Return a row for each quota; the quota that the largest site exceeds most comes first."""
    by_name = {name: {need.what: need for need in one.quotas} for name, one in said.items()}
    rows = []
    for last in list(said.values())[-1].quotas:
        given = amount(last.given) + (f" ({amount(last.most)})" if last.most else "")
        cells = []
        for needs in by_name.values():
            need = needs[last.what]
            marks = {ENOUGH: "{}", BEYOND: "**{} !**"}
            cells.append(marks.get(need.verdict, "**{}**").format(amount(need.needed)))
        rows.append([f"{last.what}: {given}", *cells])
    return rows


def _bill(said: dict[str, Answer]) -> list[list[str]]:
    bills = [one.bill for one in said.values()]
    names = [item.name for item in bills[0].items]
    rows = [[name, *(money(bill.items[at].cost) for bill in bills)] for at, name in enumerate(names)]
    rows.append(["**total**", *(f"**{money(bill.total)}**" for bill in bills)])
    events = [one.plan.load.events * 30 * 3600 * one.plan.demand.peak_hours / 1e6 for one in said.values()]
    each = [bill.total / million for bill, million in zip(bills, events, strict=True)]
    rows.append(["of a million events", *map(money, each)])
    besides = [item.name for item in bills[0].besides]
    return rows + [
        [f"besides: {name}", *(money(bill.besides[at].cost) for bill in bills)]
        for at, name in enumerate(besides)
    ]


def _counts(prices: PriceList) -> str:
    rows = []
    for count in COUNTS:
        demand = Demand(COUNTED / 100, 100, concurrent=True, batch_events=count)
        said = _answer(demand, prices)
        plan = said.plan
        numbers = (plan.load.uploads, plan.instances.busy, plan.instances.hanging, plan.shards.number)
        rows.append([f"{count}", *map(amount, numbers), money(said.bill.total)])
    head = ["`count`", "uploads a second", "instances", "while SLS hangs", "shards", "USD a month"]
    return table(head, rows)


def _prices(found: PriceList) -> str:
    rows = []
    for name, one in found.everything():
        known = f"[{one.date}]({one.url})" + ("" if one.verified else ", **not verified**")
        note = f"; {one.note}" if one.note else ""
        most = f" ({_exact(one.most)})" if isinstance(one, Quota) and one.most else ""
        rows.append([f"`{name}`", _exact(one.value) + most, f"{one.unit}{note}", known])
    return table(["", "value", "unit", "page"], rows)


def _exact(value: float) -> str:
    return f"{value:,.0f}" if value == math.floor(value) else f"{value:.9f}".rstrip("0")


if __name__ == "__main__":
    main()
