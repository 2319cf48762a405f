"""The list of queries: each with its file, its chart and its alarm.

The dashboards in SLS, the console's charts and docs/operations.md are all built from this list.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

QUERIES = Path(__file__).with_name("queries")
EVENTS, FUNCTIONS = "events", "functions"  # the Logstores of pages; the one for what the functions print


class Chart(NamedTuple):
    """A query as a chart: `x` is the column of labels, `y` are the columns of numbers.

    With `by`, each row has one number, and the column `by` names its series. `kind` is the type of chart:
    `line` over time, `bar` by label, `table`. `unit` is the unit of the numbers.
    """

    query: str
    title: str
    kind: str
    x: str
    y: tuple[str, ...]
    by: str = ""
    unit: str = ""

    @property
    def text(self) -> str:
        """The query as it is sent."""
        return read(self.query)


class Dashboard(NamedTuple):
    """Charts over one kind of Logstore."""

    name: str
    title: str
    source: str
    charts: tuple[Chart, ...]


class Alarm(NamedTuple):
    """A query that returns rows if something is wrong; it runs every five minutes, over `seconds`.

    `severity` is a level of SLS: 10 critical, 8 high, 6 medium, 4 low.
    """

    name: str
    title: str
    severity: int
    what: str
    seconds: int = 300
    with_spool: bool = False  # only useful with a spool

    @property
    def query(self) -> str:
        """The name of the alarm's query."""
        return f"alarm-{self.name}"

    @property
    def text(self) -> str:
        """The query as it is sent."""
        return read(self.query)


def read(name: str) -> str:
    """Return the query with this name. Raises OSError."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8").strip()


def names() -> list[str]:
    """Return the names of all queries."""
    return sorted(path.stem for path in QUERIES.glob("*.sql"))


DASHBOARDS = (
    Dashboard(
        "webtracking-events",
        "Events",
        EVENTS,
        (
            Chart("events-over-time", "Logs a minute", "line", "t", ("logs",)),
            Chart("event-types", "Most frequent events", "bar", "type", ("logs",)),
            Chart("pages", "Top pages", "bar", "page", ("logs",)),
            Chart("referrers", "Where visitors come from", "bar", "site", ("logs",)),
            Chart("browsers", "Browsers", "bar", "browser", ("logs",)),
            Chart("countries", "Countries", "bar", "country", ("logs",)),
            Chart("visitors", "Addresses and subjects a minute", "line", "t", ("addresses", "subjects")),
        ),
    ),
    Dashboard(
        "webtracking-health",
        "Health",
        FUNCTIONS,
        (
            Chart("answers-over-time", "Answers a minute by status", "line", "t", ("requests",), by="status"),
            Chart("told", "What pages were told", "table", "status", ("status", "code", "requests")),
            Chart("latency-over-time", "Latency", "line", "t", ("p50", "p99", "sls_p99"), unit="ms"),
            Chart("latency", "Latency, and the share of SLS in it", "table", "p50",
                  ("p50", "p99", "sls_p99", "sls_share", "logs")),
            Chart("spooled-over-time", "Spooled and lost batches a minute", "line", "t", ("spooled", "lost")),
            Chart("spool-age", "The spool: age of the oldest batch, and how many wait", "line", "t",
                  ("oldest_seconds", "batches")),
            Chart("throttled-over-time", "Throttled requests a minute", "line", "t", ("throttled",)),
            Chart("dropped-over-time", "Logs dropped by filters a minute", "line", "t",
                  ("logs",), by="filter"),
            Chart("fields-dropped-over-time", "Fields dropped that pages may not set, a minute", "line", "t",
                  ("fields",)),
            Chart("rate-limited-over-time", "Requests over a rate limit a minute", "line", "t",
                  ("requests",), by="ceiling"),
            Chart("wrong", "What went wrong", "table", "code", ("code", "detail", "times")),
            Chart("origins", "Refused origins", "bar", "origin", ("times",)),
            Chart("would-refuse-over-time", "What audit modes would refuse a minute", "line", "t",
                  ("requests",), by="code"),
            Chart("would-refuse", "What audit modes would refuse", "table", "reason",
                  ("code", "reason", "times")),
        ),
    ),
)  # fmt: skip

DAY = 86400
ALARMS = (
    Alarm("lost", "Batches lost", 10, "Pages were told 429, 502 or 503: nobody took their logs."),
    Alarm("spooling", "Spooling", 6, "SLS does not take logs; the spool does. Nothing is lost."),
    Alarm("age", "The spool is old", 8, "A batch has waited for over an hour.", with_spool=True),
    Alarm("depth", "The spool is deep", 6, "Over 10,000 batches wait.", with_spool=True),
    Alarm("silent", "Replay is silent", 8, "No run of replay for ten minutes.", 600, with_spool=True),
    Alarm("rejected", "Rejected batches", 8, "SLS will never take a batch of the spool.", with_spool=True),
    Alarm("throttled", "Throttled", 6, "SLS throttles over 1 % of the requests: split shards."),
    Alarm("origins", "Refused origins", 4, "Ten times as many refusals as the day before.", 2 * DAY),
    Alarm("bugs", "Bugs", 8, "A function answered InternalServerError."),
)

SAVED_SEARCHES = {
    "webtracking-told": "told",
    "webtracking-wrong": "wrong",
    "webtracking-latency": "latency",
    "webtracking-spool": "spool",
    "webtracking-origins": "origins",
}  # by their name in SLS, over the functions' Logstore

# The columns that the queries read; in SLS each needs an index.
EVENT_COLUMNS = (
    *("eventType", "event", "referrer"),
    *("__tag__:referer", "__tag__:user_agent", "__tag__:client_ip", "__tag__:subject"),
)
FUNCTION_COLUMNS = ("message",)
