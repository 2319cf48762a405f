"""Shows a plan as text of 80 columns or as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ops.plan.assumptions import Assumption, assumptions
from ops.plan.bill import Bill, Item, bill
from ops.plan.demand import uploads_a_visit
from ops.plan.figures import Figures
from ops.plan.outage import OLDEST
from ops.plan.plan import GB, MB, Instances, Plan
from ops.plan.prices import PriceList
from ops.plan.quotas import ENOUGH, Need, needs

WIDTH = 80
HUGE = 1e10  # a number of at least this size is shown with a power of ten
_LABEL, _VALUE = 38, 14
_Row = tuple[str, str, str]  # the item, its amount, and a remark


class Answer(NamedTuple):
    """All data that the command shows."""

    plan: Plan
    quotas: list[Need]
    bill: Bill
    assumptions: list[Assumption]
    prices: PriceList


def answer(plan: Plan, figures: Figures, prices: PriceList) -> Answer:
    """Return all data about a plan."""
    return Answer(plan, needs(plan, prices), bill(plan, prices), assumptions(plan, figures, prices), prices)


def as_text(said: Answer) -> str:
    """Return the answer as text for people."""
    prices = said.prices
    parts = [
        _head(said),
        _section("At the peak, a second", _load(said.plan)),
        _section("To deploy", _deploy(said.plan)),
        _section(f"An outage of {said.plan.demand.outage_hours:g} h", _outage(said.plan)),
        _section("Quotas", [_quota(need) for need in said.quotas]),
        _section(f"A month, {prices.currency}", _items(said.bill)),
        _section("Besides, not in the total", [_item(item) for item in said.bill.besides]),
        _list("Assumptions", [f"{one.text} [{one.source}]" for one in said.assumptions]),
        _list("Not verified", _unverified(prices)),
    ]
    return "\n\n".join(part for part in parts if part)


def as_json(said: Answer) -> str:
    """Return the answer for programs: base units (bytes, seconds, requests a second), not rounded."""
    plan = said.plan
    shown = {
        "inputs": plan.demand._asdict(),
        "prices": msgspec.to_builtins(said.prices),
        "load": {**plan.load._asdict(), "written": plan.load.written},
        "instances": plan.instances._asdict(),
        "token": plan.token._asdict(),
        "shards": {**plan.shards._asdict(), "number": plan.shards.number},
        "function_logs": {"bytes_a_second": plan.log_bytes, "shards": plan.log_shards},
        "outage": {**plan.spool._asdict(), "drain": plan.spool.drain._asdict()},
        "quotas": [{**need._asdict(), "verdict": need.verdict} for need in said.quotas],
        "bill": {
            "items": [item._asdict() for item in said.bill.items],
            "total": said.bill.total,
            "besides": [item._asdict() for item in said.bill.besides],
        },
        "assumptions": [one._asdict() for one in said.assumptions],
        "not_verified": _unverified(said.prices),
    }
    return json.dumps(shown, indent=2, ensure_ascii=False, allow_nan=False)


def spoken(seconds: float) -> str:
    """Return a duration as text, in the largest suitable unit."""
    if seconds >= 1000 * 86_400:
        return "> 1,000 days"
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def amount(value: float) -> str:
    """Return a number with thousands separators; with three significant digits below a hundred or if huge."""
    if value >= HUGE:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def money(value: float) -> str:
    """Return an amount of money, with two decimal places below a thousand."""
    if value >= HUGE:
        return f"{value:.3g}"
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}"


def verdict(need: Need) -> str:
    """Return how much of a quota is needed, and the remedy."""
    if need.verdict == ENOUGH:
        return f"of {amount(need.given)}"
    most = "" if need.most is None else f", at most {amount(need.most)}"
    return f"of {amount(need.given)}{most}: {need.verdict.upper()}; {need.remedy}"


def _head(said: Answer) -> str:
    demand, prices = said.plan.demand, said.prices
    runtime = "custom runtime" if demand.concurrent else "built-in runtime"
    text = (
        f"{amount(demand.visitors)} visits a second of {demand.events:,} events, {runtime}. "
        f"Prices and quotas: {prices.name}, put together on {prices.date}; --json has the page of each."
    )
    return _filled(text)


def _load(plan: Plan) -> list[_Row]:
    load, each = plan.load, uploads_a_visit(plan.demand)
    return [
        ("events", amount(load.events), ""),
        ("uploads", amount(load.uploads), f"{each:,} a visit"),
        ("bytes of an upload as received", amount(load.body), ""),
        ("MB to the Logstore", amount(load.written / MB), f"{amount(load.forwarded)} B an upload"),
        ("MB of the functions' logs", amount(plan.log_bytes / MB), f"REQUEST_LOG={plan.demand.request_log}"),
    ]


def _deploy(plan: Plan) -> list[_Row]:
    instances, shards, token = plan.instances, plan.shards, plan.token
    by = "for the writes" if shards.by_writes >= shards.by_bytes else "for the bytes"
    return [
        ("instances of track at the peak", amount(instances.busy), ""),
        ("MAX_INSTANCES", amount(instances.most), "twice that, at least 20"),
        (
            "instances while SLS hangs",
            amount(instances.hanging),
            _lost(instances),
        ),
        ("shards of the Logstore", amount(shards.number), f"{by}; provision creates 2"),
        ("shards of the functions' Logstore", amount(plan.log_shards), ""),
        ("REPLAY_PARTS", amount(plan.spool.parts), ""),
        ("token instead: instances", amount(token.instances), f"{amount(token.calls)} calls a second"),
        ("token instead: AssumeRole a second", amount(token.renewals), "in normal operation"),
    ]


def _lost(instances: Instances) -> str:
    if instances.hanging <= instances.most:
        return "within MAX_INSTANCES"
    return "beyond MAX_INSTANCES: lost at the start"


def _outage(plan: Plan) -> list[_Row]:
    spool = plan.spool
    late = "" if spool.drain.seconds <= OLDEST else "LOST: SLS accepts 7 days"
    return [
        ("batches in OSS", amount(spool.batches), ""),
        ("objects in OSS", amount(spool.objects), ""),
        ("GB in OSS", amount(spool.bytes / GB), ""),
        ("PUT requests a second", amount(spool.requests), ""),
        ("MB a second to OSS", amount(spool.traffic / MB), ""),
        ("the spool is empty after", spoken(spool.drain.seconds), late),
        ("shards to spare for that", amount(spool.shards), "besides those for pages"),
    ]


def _quota(need: Need) -> _Row:
    return need.what, amount(need.needed), verdict(need)


def _item(item: Item) -> _Row:
    return item.name, money(item.cost), item.quantity


def _items(found: Bill) -> list[_Row]:
    return [*map(_item, found.items), ("total", money(found.total), "")]


def _unverified(prices: PriceList) -> list[str]:
    return [
        f"{name}, {one.value:g} for {one.unit}: {one.note}"
        for name, one in prices.everything()
        if not one.verified
    ]


def _section(title: str, rows: Sequence[_Row]) -> str:
    lines = [title]
    left = WIDTH - _LABEL - _VALUE - 4
    for what, value, word in rows:
        first, *more = textwrap.wrap(word, left, break_on_hyphens=False) or [""]
        lines.append(f"  {what:<{_LABEL}}{value:>{_VALUE}}  {first}".rstrip())
        lines += [" " * (WIDTH - left) + line for line in more]
    return "\n".join(lines)


def _list(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return "\n".join([title, *(_filled(text, "- ", "  ") for text in texts)])


def _filled(text: str, first: str = "", further: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
        break_long_words=False,
    )
