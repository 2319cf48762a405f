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
        "upload is one invocation, one write to SLS and one log line, whatever it brings.",
        "@aliyun-sls/web-track-browser 0.3.9",
    )
    yield Assumption(
        f"A visit's events come within {demand.visit_seconds:g} s (--visit-seconds); the longer, the more "
        f"batches are sent by time with fewer events. {demand.event_bytes:g} bytes an event "
        f"(--bytes-per-event), to which track adds {EVENT_ADDS}, and {UPLOAD_ADDS} for each upload.",
        "measured of track itself by tests/ops/plan/test_figures.py",
    )
    yield Assumption(
        f"A day's volume is that of {demand.peak_hours:g} h of the peak (--peak-hours, --peak-to-mean).",
        "yours to say",
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
            f"An instance takes {demand.concurrency} requests at once, and no more than "
            f"{100 * compute.UTILIZATION:g} % of its core.",
            f"s.concurrent.yaml; {PERFORMANCE}",
        )
    else:
        yield Assumption(
            "An instance serves one request at a time, for as long as SLS takes and its CPU on 0.35 vCPU.",
            f"s.yaml; {PERFORMANCE}",
        )
    yield Assumption(
        f"While SLS takes connections and answers nothing, an upload waits {HANGING:g} s before it goes to "
        "the spool, until 3 writes have failed in its instance. Where SLS refuses at once, instances stay as "
        "they are.",
        "functions/track/delivery.py",
    )


def _services(prices: PriceList) -> Iterator[Assumption]:
    writes, traffic = prices.quotas["sls.shard.writes"], prices.quotas["sls.shard.traffic"]
    yield Assumption(f"A shard takes {writes.value:g} writes and {traffic.value:g} MB a second.", writes.url)
    yield Assumption(
        f"An invocation leaves {METRICS} bytes of request metrics in the functions' Logstore, and with "
        f"REQUEST_LOG=all a line of {LINE} bytes, to which FC adds {LINE_ADDS}; a built-in runtime writes "
        f"two lines of its own, {FRAME} bytes.",
        "FC documentation, 'Request-level metrics' (its sample); what FC adds was not verified",
    )


def _spool(figures: Figures) -> Iterator[Assumption]:
    yield Assumption(
        f"In an outage each upload is an object of its own; in the custom runtime, over {outage.GROUPING} "
        f"uploads a second, {SHARED:g} share one. gzip leaves {100 * PACKED_ALONE:g} % of one upload, "
        f"{100 * PACKED_TOGETHER:g} % of many.",
        f"{OUTAGE}, the drill; {PERFORMANCE}, 'Compressing'",
    )
    yield Assumption(
        f"replay takes {figures.replay_alone:g} µs of CPU a batch of 1 KB, {figures.replay_together:g} from "
        f"shared objects, on 0.35 vCPU, {60 * outage.DUTY:g} s of each minute; larger batches take longer.",
        f"{PERFORMANCE}; {OUTAGE}",
    )
    yield Assumption(
        "REPLAY_PARTS: the fewest, 1 to 10, that empty the spool in the time in which it filled.",
        OUTAGE,
    )


def _bill(plan: Plan) -> Iterator[Assumption]:
    yield Assumption(
        "A month has 30 days. The Logstore's billing mode is pay-by-ingested-data; which one a new Logstore "
        "has was not verified. Left out: free quotas but the Internet's, discounts, resource plans, starts "
        "of instances, queries, reading from SLS over the Internet.",
        "the price list; SLS documentation, 'Pay-by-ingested-data'",
    )
    yield Assumption(
        f"An answer takes {plan.demand.answer_bytes:g} bytes on the wire (--answer-bytes): track's and FC's "
        "headers, and its share of TLS.",
        "assumed; track's own headers are some 200 bytes",
    )
