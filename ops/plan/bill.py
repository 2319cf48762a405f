"""The month's bill, item by item."""

from __future__ import annotations

from typing import NamedTuple

from ops.plan import compute
from ops.plan.demand import MONTH, busy_seconds
from ops.plan.plan import GB, Plan
from ops.plan.prices import PriceList

FREE_DAYS = 30  # days of free storage, with SLS's billing mode pay-by-ingested-data
# GB that a GB of logs takes in storage: the logs compressed to a fifth, plus an index over all of them (SLS
# documentation, "Billing examples").
STORED = 1.2
TICKS = 60 * 24 * MONTH  # calls by replay's timer


class Item(NamedTuple):
    """One line of the bill."""

    name: str
    quantity: str
    cost: float


class Bill(NamedTuple):
    """A month of 30 days, and possible additional costs."""

    items: list[Item]
    besides: list[Item]

    @property
    def total(self) -> float:
        """Return the total of the items."""
        return sum(item.cost for item in self.items)


def bill(plan: Plan, prices: PriceList) -> Bill:
    """Return the bill of a month with the peak every day and without outages."""
    items = [*_functions(plan, prices), *_logs(plan, prices), _internet(plan, prices)]
    besides = (_outage, _by_feature, _token, _to_sls)
    return Bill(items, [item(plan, prices) for item in besides])


def _functions(plan: Plan, prices: PriceList) -> list[Item]:
    """Return Function Compute's items: the tiers' price of all its CU, divided by the CU of each."""
    listed = compute.prices(prices)
    uploads = busy_seconds(plan.demand) * plan.load.uploads
    ticks = TICKS * plan.spool.parts
    size = compute.CUSTOM if plan.demand.concurrent else compute.BUILT_IN
    calls = (uploads + ticks) * listed.calls / 10_000
    time = uploads * plan.instances.billed * size.a_second(listed)
    whole = prices.cu_cost(calls + time)
    return [
        Item(
            "FC: invocations",
            f"{(uploads + ticks) / 1e6:,.2f} million",
            whole * calls / (calls + time),
        ),
        Item("FC: instances", f"{time / 1e6:,.2f} million CU", whole * time / (calls + time)),
    ]


def _logs(plan: Plan, prices: PriceList) -> list[Item]:
    seconds = busy_seconds(plan.demand)
    events, logs = seconds * plan.load.written / GB, seconds * plan.log_bytes / GB
    price = prices.price("sls.ingested")
    items = [
        Item("SLS: events", f"{events:,.1f} GB", events * price),
        Item("SLS: the functions' logs", f"{logs:,.1f} GB", logs * price),
    ]
    later = max(0, plan.demand.retention_days - FREE_DAYS)
    if later:
        stored = STORED * events / MONTH * later  # GB stored at any time
        cost = stored * MONTH * prices.price("sls.stored")
        items.append(Item("SLS: events after 30 days", f"{stored:,.1f} GB", cost))
    return items


def _internet(plan: Plan, prices: PriceList) -> Item:
    answers = busy_seconds(plan.demand) * plan.load.uploads * plan.demand.answer_bytes / GB
    charged = max(0.0, answers - prices.price("internet.free"))
    return Item("Internet: answers to pages", f"{answers:,.1f} GB", charged * prices.price("internet.out"))


def _outage(plan: Plan, prices: PriceList) -> Item:
    spool = plan.spool
    puts = 1.01 * spool.objects  # one PUT per object, and one request to delete a hundred objects
    requests = (puts * prices.price("oss.put") + spool.objects * prices.price("oss.get")) / 10_000
    hours = plan.demand.outage_hours + spool.drain.seconds / 3600
    stored = spool.bytes / GB * prices.price("oss.stored") * hours / (24 * MONTH)
    name = f"an outage of {plan.demand.outage_hours:g} h: OSS, replay"
    return Item(name, f"{spool.objects:,.0f} objects", requests + stored + spool.drain.dollars)


def _by_feature(plan: Plan, prices: PriceList) -> Item:
    """Return the cost of the events in SLS if the Logstore's billing mode is pay-by-feature."""
    seconds = busy_seconds(plan.demand)
    events = seconds * plan.load.written / GB  # uncompressed: track does not compress
    stored = STORED * events / MONTH * plan.demand.retention_days
    cost = (
        events * (prices.price("sls.feature.traffic") + prices.price("sls.feature.indexed"))
        + seconds * plan.load.uploads / 1e6 * prices.price("sls.feature.requests")
        + MONTH * plan.shards.number * prices.price("sls.feature.shards")
        + MONTH * stored * prices.price("sls.stored")
    )
    return Item("SLS: events, paid by feature instead", f"{stored:,.1f} GB stored", cost)


def _token(plan: Plan, prices: PriceList) -> Item:
    listed = compute.prices(prices)
    calls = busy_seconds(plan.demand) * plan.token.calls
    size = compute.CUSTOM if plan.demand.concurrent else compute.BUILT_IN
    units = calls * (listed.calls / 10_000 + plan.token.billed * size.a_second(listed))
    return Item("token in track's place: FC", f"{calls / 1e6:,.2f} million calls", prices.cu_cost(units))


def _to_sls(plan: Plan, prices: PriceList) -> Item:
    sent = busy_seconds(plan.demand) * plan.load.written / GB
    return Item("if writes to SLS count as Internet", f"{sent:,.1f} GB", sent * prices.price("internet.out"))
