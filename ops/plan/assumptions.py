"""The assumptions of the plan, each with its measurement or source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ops.plan import compute, outage
from ops.plan.figures import (
    EVENT_ADDS,
    LINE,
    PACKED_ALONE,
    PACKED_TOGETHER,
    SHARED,
    SMALL_BYTES,
    UPLOAD_ADDS,
    Figures,
)
from ops.plan.plan import FRAME, HANGING, LINE_ADDS, METRICS, Plan
from ops.plan.prices import PriceList

PERFORMANCE, OUTAGE = "docs/performance.md", "docs/outage.md"


class Assumption(NamedTuple):
    """One sentence, and its source."""

    text: str
    source: str


def assumptions(plan: Plan, figures: Figures, prices: PriceList) -> list[Assumption]:
    """Return all assumptions, in the order in which the plan uses them."""
    return [*_site(plan), *_requests(plan, figures), *_services(prices), *_spool(figures), *_bill(plan)]


def _site(plan: Plan) -> Iterator[Assumption]:
    demand = plan.demand
    yield Assumption(
        f"The SDK sends a batch at {demand.batch_events} events or after {demand.batch_seconds:g} s; an "
        "upload is one invocation, one write to SLS and one log line, for any number of events.",
        "@aliyun-sls/web-track-browser 0.3.9",
    )
    yield Assumption(
        f"A visit's events are spread over {demand.visit_seconds:g} s (--visit-seconds). In a longer visit, "
        f"more batches are sent by time, with fewer events. An event has {demand.event_bytes:g} bytes "
        f"(--bytes-per-event); track adds {EVENT_ADDS} to each event and {UPLOAD_ADDS} to each upload.",
        "measured by tests/ops/plan/test_figures.py",
    )
    yield Assumption(
        f"A day's volume equals {demand.peak_hours:g} h at the peak (--peak-hours, --peak-to-mean).",
        "your input",
    )


def _requests(plan: Plan, figures: Figures) -> Iterator[Assumption]:
    demand = plan.demand
    yield Assumption(
        f"SLS answers a write after {1000 * demand.sls_seconds:g} ms (--sls-ms).",
        "assumed, as in docs/deploy.md; docs/operations.md, 'How long it takes', shows yours",
    )
    own = figures.custom_cpu if demand.concurrent else figures.built_in_cpu
    yield Assumption(
        f"CPU of an upload of 1 KB and 10 logs: {own:g} µs, and {1000 * figures.byte_cpu:.3g} µs for each KB "
        f"more than {SMALL_BYTES} bytes. FC's vCPU may be slower or faster than that machine's core.",
        f"{PERFORMANCE}, CPython {figures.python}, {figures.date}",
    )
    if demand.concurrent:
        yield Assumption(
            f"An instance serves up to {demand.concurrency} requests at once, and uses at most "
            f"{100 * compute.UTILIZATION:g} % of its core.",
            f"s.concurrent.yaml; {PERFORMANCE}",
        )
    else:
        yield Assumption(
            "An instance serves one request at a time: it waits for SLS, and needs CPU time on 0.35 vCPU.",
            f"s.yaml; {PERFORMANCE}",
        )
    yield Assumption(
        f"While SLS accepts connections but does not answer, an upload waits {HANGING:g} s before it goes to "
        "the spool, until 3 writes have failed in its instance. If SLS refuses immediately, the number of "
        "instances does not grow.",
        "functions/track/delivery.py",
    )


def _services(prices: PriceList) -> Iterator[Assumption]:
    writes, traffic = prices.quotas["sls.shard.writes"], prices.quotas["sls.shard.traffic"]
    yield Assumption(
        f"A shard accepts {writes.value:g} writes and {traffic.value:g} MB a second.", writes.url
    )
    yield Assumption(
        f"An invocation adds {METRICS} bytes of request metrics to the functions' logs; REQUEST_LOG=all "
        f"adds a line of {LINE} bytes, to which FC adds {LINE_ADDS}; a built-in runtime writes two more "
        f"lines, {FRAME} bytes.",
        "FC documentation, 'Request-level metrics' (its sample); FC's additions were not verified",
    )


def _spool(figures: Figures) -> Iterator[Assumption]:
    yield Assumption(
        f"In an outage each upload is a separate object; in the custom runtime, above {outage.GROUPING} "
        f"uploads a second, {SHARED:g} share one. gzip reduces one upload to {100 * PACKED_ALONE:g} % of its "
        f"size, many together to {100 * PACKED_TOGETHER:g} %.",
        f"{OUTAGE}, the drill; {PERFORMANCE}, 'Compressing'",
    )
    yield Assumption(
        f"replay needs {figures.replay_alone:g} µs of CPU a batch of 1 KB, {figures.replay_together:g} from "
        f"shared objects; it has 0.35 vCPU, {60 * outage.DUTY:g} s of each minute. Larger batches need more.",
        f"{PERFORMANCE}; {OUTAGE}",
    )
    yield Assumption(
        "REPLAY_PARTS: the smallest number, 1 to 10, that empties the spool as fast as the outage filled it.",
        OUTAGE,
    )


def _bill(plan: Plan) -> Iterator[Assumption]:
    yield Assumption(
        "A month has 30 days. The Logstore's billing mode is pay-by-ingested-data; a new Logstore's mode "
        "was not verified. Left out: free quotas except the Internet's, discounts, resource plans, starts "
        "of instances, queries, reading from SLS over the Internet.",
        "the price list; SLS documentation, 'Pay-by-ingested-data'",
    )
    yield Assumption(
        f"An answer has {plan.demand.answer_bytes:g} bytes on the network (--answer-bytes): track's and FC's "
        "headers, and its share of TLS.",
        "assumed; track's own headers have about 200 bytes",
    )
