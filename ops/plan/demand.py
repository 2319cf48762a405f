"""What a site sends, and what becomes of it: visits → batches of the browser SDK → uploads.

The SDK sends a batch when it holds `count` events, or `time` seconds after its first, whichever comes first
(@aliyun-sls/web-track-browser 0.3.9: 10 and 10). One upload is one invocation, one write to SLS and one line
in the functions' logs, however many events it brings. Each upload is one request: a batch under 32 KB goes by
sendBeacon as text/plain, which needs no preflight.
"""

from __future__ import annotations

from typing import NamedTuple

from ops.plan.compute import whole
from ops.plan.figures import EVENT_ADDS, UPLOAD_ADDS

MONTH = 30  # days
TOKEN_EVERY = 300  # seconds between a page's calls for a credential (@aliyun-sls/web-sts-plugin 0.3.9)


class Demand(NamedTuple):
    """A site at its peak, and how it is deployed; defaults are the SDK's and s.yaml's where they have one."""

    visitors: float  # visits that begin in a second
    events: int  # of a visit
    concurrent: bool = False
    event_bytes: float = 500  # of an event's JSON
    batch_events: int = 10  # the SDK's `count`
    batch_seconds: float = 10  # the SDK's `time`
    visit_seconds: float = 0  # over which a visit's events are spread; 0: none waits for `time`
    retention_days: int = 30
    peak_hours: float = 8  # of a day, with nothing besides: the day's volume in hours of the peak
    sls_seconds: float = 0.05  # until SLS has answered a write
    concurrency: int = 64
    request_log: str = "all"
    answer_bytes: float = 1000  # of an answer on the wire
    outage_hours: float = 1


class Load(NamedTuple):
    """At the peak, a second each; sizes in bytes."""

    events: float
    uploads: float
    body: float  # of an upload, as it comes
    forwarded: float  # of an upload, as it goes to SLS
    tokens: float  # calls for a credential, where pages use token

    @property
    def written(self) -> float:
        """Bytes a second to the Logstore."""
        return self.uploads * self.forwarded


def uploads_a_visit(demand: Demand) -> int:
    """Return how many batches the SDK makes of a visit: by `count`, or by `time` where that makes more."""
    by_count = whole(demand.events / demand.batch_events)
    by_time = whole(demand.visit_seconds / demand.batch_seconds)
    return max(by_count, min(demand.events, by_time))


def load(demand: Demand) -> Load:
    """Return what a site asks of the functions and of SLS at its peak."""
    uploads = demand.visitors * uploads_a_visit(demand)
    events = demand.visitors * demand.events
    each = events / uploads
    tokens = demand.visitors * max(1, whole(demand.visit_seconds / TOKEN_EVERY))
    return Load(
        events=events,
        uploads=uploads,
        body=each * demand.event_bytes,
        forwarded=each * (demand.event_bytes + EVENT_ADDS) + UPLOAD_ADDS,
        tokens=tokens,
    )


def busy_seconds(demand: Demand) -> float:
    """Return a month's seconds at the peak."""
    return MONTH * demand.peak_hours * 3600
