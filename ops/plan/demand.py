"""The traffic of a site: visits → batches of the browser SDK → uploads.

The SDK sends a batch when the batch has `count` events, or `time` seconds after its first event, whichever is
earlier (@aliyun-sls/web-track-browser 0.3.9: 10 and 10). One upload is one invocation, one write to SLS and
one line in the functions' logs, for any number of events. Each upload is one request: the SDK sends a batch
under 32 KB with sendBeacon as text/plain, which needs no preflight.
"""

from __future__ import annotations

from typing import NamedTuple

from ops.plan.compute import whole
from ops.plan.figures import EVENT_ADDS, UPLOAD_ADDS

MONTH = 30  # days
TOKEN_EVERY = 300  # seconds between a page's calls for a credential (@aliyun-sls/web-sts-plugin 0.3.9)


class Demand(NamedTuple):
    """A site's traffic at its peak, and its deployment; defaults come from the SDK and s.yaml if possible."""

    visitors: float  # visits that begin per second
    events: int  # per visit
    concurrent: bool = False
    event_bytes: float = 500  # size of an event's JSON
    batch_events: int = 10  # the SDK's `count`
    batch_seconds: float = 10  # the SDK's `time`
    visit_seconds: float = 0  # duration of a visit with evenly spread events; 0: no batch waits for `time`
    retention_days: int = 30
    peak_hours: float = 8  # hours at the peak that give a day's total volume
    sls_seconds: float = 0.05  # until SLS answers a write
    concurrency: int = 64
    request_log: str = "all"
    answer_bytes: float = 1000  # size of an answer on the network
    outage_hours: float = 1


class Load(NamedTuple):
    """The load per second at the peak; sizes in bytes."""

    events: float
    uploads: float
    body: float  # size of an upload as received
    forwarded: float  # size of an upload as sent to SLS
    tokens: float  # calls for a credential, if pages use token

    @property
    def written(self) -> float:
        """Bytes per second to the Logstore."""
        return self.uploads * self.forwarded


def uploads_a_visit(demand: Demand) -> int:
    """Return how many batches the SDK sends in a visit: by `count`, or by `time` if that gives more."""
    by_count = whole(demand.events / demand.batch_events)
    by_time = whole(demand.visit_seconds / demand.batch_seconds)
    return max(by_count, min(demand.events, by_time))


def load(demand: Demand) -> Load:
    """Return the load of a site on the functions and SLS at its peak."""
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
