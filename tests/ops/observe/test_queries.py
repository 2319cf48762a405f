"""Each query over what the real functions wrote while things went wrong, against what the test itself did."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from local.faults import Fault
from local.function_logs import LOGSTORE as FUNCTION_LOGSTORE
from local.function_logs import into_store
from local.sls import Store
from local.sls.analysis.split import split_statement
from local.sls.analysis.translate import translate
from local.sls.projects import Logstore
from local.sls.reads import Reader, Search
from local.stack import FREE_PORTS, Stack
from ops.observe import catalogue
from tests.support.waiting import until

DOCS = Path(__file__).parents[3] / "docs" / "operations.md"
SHOP = {"Origin": "https://shop.example.com", "Referer": "https://shop.example.com/p/7?x=1"}
CHROME = {"User-Agent": "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"}
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; rv:132.0) Gecko/20100101 Firefox/132.0"}
ELSEWHERE = {"Origin": "https://elsewhere.example.net"}
BOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
AN_ADDRESS, ANOTHER, OF_THE_OFFICE = ({"X-Real-Ip": f"203.0.113.{last}"} for last in (1, 2, 99))


class Bench(NamedTuple):
    stack: Stack

    def send(
        self,
        times: int,
        status: int,
        sent: dict[str, str],
        *,
        logstore: str = "checkout",
        logs: int = 1,
        tags: dict[str, str] | None = None,
    ) -> None:
        log = {"eventType": "view", "referrer": "https://search.example.org/q"}
        content = {"__logs__": [log] * logs, "__tags__": tags or {}}
        for _ in range(times):
            url = f"{self.stack.functions_url}/logstores/{logstore}/track"
            answer = httpx.post(url, json=content, headers=sent, timeout=30)
            assert answer.status_code == status, answer.text

    def lines(self) -> int:
        kept = self.stack.sls.store.query(FUNCTION_LOGSTORE, '"event":"answered"', limit=1000)
        return len(kept + self.stack.sls.store.query(FUNCTION_LOGSTORE, '"event":"refused"', limit=1000))

    def rows(
        self, query: str, logstore: str = FUNCTION_LOGSTORE, seconds: int = 3600
    ) -> list[dict[str, str]]:
        now = int(time.time())
        where = Logstore(self.stack.deployment.project, logstore)
        text = catalogue.read(query)
        return self.stack.sls.reader.find(where, Search(now - seconds, now + 60, text)).rows

    def column(self, query: str, name: str, logstore: str = FUNCTION_LOGSTORE) -> list[str]:
        return [row[name] for row in self.rows(query, logstore)]

    def total(self, query: str, name: str, logstore: str = FUNCTION_LOGSTORE) -> int:
        return sum(int(value) for value in self.column(query, name, logstore))


def quiet(function: str, request_id: str, line: str) -> None:
    """Show nothing of what the functions print."""


@pytest.fixture(scope="module")
def spooling() -> Iterator[Bench]:
    """7 requests of 3 logs, 5 of 2; 4 spooled, then replayed; 3 to no such Logstore; 12 refused origins."""
    environ = {"ALLOWED_ORIGINS": "https://shop.example.com"}
    with Stack(ports=FREE_PORTS, environ=environ, log=quiet, replay_every=3) as stack:
        bench = Bench(stack)
        bench.send(7, 200, {**SHOP, **CHROME}, logs=3)
        bench.send(5, 200, {**SHOP, **FIREFOX}, logs=2)
        bench.send(3, 404, SHOP, logstore="nowhere")
        bench.send(12, 403, ELSEWHERE)
        stack.outage.switch(up=False)
        bench.send(4, 200, {**SHOP, **CHROME})
        assert until(lambda: any(int(left or 0) > 0 for left in bench.column("spool", "left_over")))
        stack.outage.switch(up=True)
        assert until(lambda: stack.sls.store.counts()["checkout"] == 7 * 3 + 5 * 2 + 4)
        assert until(lambda: bench.lines() == 7 + 5 + 3 + 12 + 4)
        assert until(lambda: bench.column("spool", "left_over")[0] == "0")
        yield bench


@pytest.fixture(scope="module")
def losing() -> Iterator[Bench]:
    """No spool and audit mode: 6 of 6 from elsewhere let through, 2 throttled, 1 that SLS refuses, 1 down."""
    environ = {
        "ALLOWED_ORIGINS": "https://shop.example.com",
        "ORIGIN_MODE": "audit",
        "SPOOL_OSS_BUCKET": "",
    }
    with Stack(ports=FREE_PORTS, environ=environ, log=quiet) as stack:
        bench = Bench(stack)
        bench.send(6, 200, ELSEWHERE)
        for times, status, fault in (
            (2, 429, Fault.status(403, code="WriteQuotaExceed")),
            (1, 502, Fault.status(404, code="ProjectNotExist")),
            (1, 503, Fault.status(503, code="ServerBusy")),
        ):
            stack.sls.faults.add(fault)
            bench.send(times, status, SHOP)
            stack.sls.faults.clear()
        assert until(lambda: bench.lines() == 10)
        yield bench


@pytest.fixture(scope="module")
def guarding() -> Iterator[Bench]:
    """3 requests of 2 logs of a bot, 2 that object, 4 of the office; 2 forge two tags; 3 of 13 too many."""
    environ = {
        "SPOOL_OSS_BUCKET": "",
        "BOTS": "drop",
        "GPC": "drop",
        "IGNORE_IPS": OF_THE_OFFICE["X-Real-Ip"],
        "CLIENT_IP_HEADER": "X-Real-Ip",
        "RATE_LIMIT": "client 1/h burst 10, logstore 1/h burst 1000",
    }
    with Stack(ports=FREE_PORTS, environ=environ, log=quiet) as stack:
        bench = Bench(stack)
        bench.send(3, 200, {**BOT, **AN_ADDRESS}, logs=2)
        bench.send(2, 200, {**CHROME, **AN_ADDRESS, "Sec-GPC": "1"})
        bench.send(4, 200, {**CHROME, **OF_THE_OFFICE})
        forged = {"client_ip": "::1", "user_agent": "x", "mine": "y"}
        bench.send(2, 200, {**CHROME, **AN_ADDRESS}, tags=forged)
        bench.send(10, 200, {**CHROME, **ANOTHER})
        bench.send(3, 429, {**CHROME, **ANOTHER})
        assert until(lambda: bench.lines() == 3 + 2 + 4 + 2 + 10 + 3)
        yield bench


@pytest.fixture(scope="module")
def auditing() -> Iterator[Bench]:
    """Every audit mode: 6 requests from elsewhere, none with a ticket, the last 2 too many."""
    environ = {
        "ALLOWED_ORIGINS": "https://shop.example.com",
        "ORIGIN_MODE": "audit",
        "TICKET_KEYS": "k1:" + "A" * 43,
        "SPOOL_OSS_BUCKET": "",
        "TICKETS": "audit",
        "RATE_LIMIT": "client 1/h burst 4",
        "RATE_MODE": "audit",
    }
    with Stack(ports=FREE_PORTS, environ=environ, log=quiet) as stack:
        bench = Bench(stack)
        bench.send(6, 200, {**ELSEWHERE, **CHROME})
        assert until(lambda: bench.lines() == 6)
        yield bench


def told(bench: Bench) -> dict[tuple[str, str], int]:
    return {(row["status"], row["code"]): int(row["requests"]) for row in bench.rows("told")}


def test_what_pages_were_told(spooling: Bench, losing: Bench) -> None:
    spooled = told(spooling)
    assert sum(count for (status, _), count in spooled.items() if status == "200") == 7 + 5 + 4
    assert spooled["404", "LogStoreNotExist"] == 3
    assert spooled["403", "OriginNotAllowed"] == 12
    assert told(losing) == {
        ("200", "none"): 6,
        ("429", "WriteQuotaExceed"): 2,
        ("502", "UpstreamRejected"): 1,
        ("503", "ServerBusy"): 1,
    }
    assert spooling.total("answers-over-time", "requests") == 31
    by_status = {row["status"] for row in losing.rows("answers-over-time")}
    assert by_status == {"200", "429", "502", "503"}


def test_what_went_wrong(spooling: Bench, losing: Bench) -> None:
    wrong = {row["code"]: row for row in losing.rows("wrong")}
    assert wrong["WriteQuotaExceed"]["times"] == "2"
    assert "ProjectNotExist" in wrong["UpstreamRejected"]["detail"]
    assert re.fullmatch(r"1-[0-9a-f-]+", wrong["ServerBusy"]["example"])
    assert any(row["code"] == "ServerBusy" for row in spooling.rows("wrong"))


def test_how_long_it_takes(losing: Bench, spooling: Bench) -> None:
    (row,) = spooling.rows("latency")
    assert 0 < float(row["p50"]) <= float(row["p99"])
    assert 0 < float(row["sls_p99"]) <= float(row["p99"])
    assert 0 < float(row["sls_share"]) <= 1
    untried = spooling.stack.sls.store.query(FUNCTION_LOGSTORE, '"attempts":0', limit=1000)
    assert len(untried) < 4  # of the 4 spooled: the breaker sent them to the spool without asking SLS
    assert int(row["logs"]) == 7 * 3 + 5 * 2 + 4 - len(untried)
    assert all(float(row["p50"]) <= float(row["p99"]) for row in losing.rows("latency-over-time"))


def test_the_spool(spooling: Bench, losing: Bench) -> None:
    assert spooling.total("spooled-over-time", "spooled") == 4
    assert spooling.total("spooled-over-time", "lost") == 0
    assert losing.total("spooled-over-time", "spooled") == 0
    assert spooling.total("spool", "written") == 4
    assert spooling.column("spool", "ended")[0] == "drained"
    assert max(int(value) for value in spooling.column("spool-age", "batches")) >= 1
    assert losing.rows("spool") == losing.rows("spool-age") == []


def test_throttling(spooling: Bench, losing: Bench) -> None:
    assert losing.total("throttled-over-time", "throttled") == 2
    assert spooling.total("throttled-over-time", "throttled") == 0


def test_origins(spooling: Bench, losing: Bench) -> None:
    (refused,) = spooling.rows("origins")
    assert refused["origin"] == "https://elsewhere.example.net"
    assert refused["times"] == "12"
    assert spooling.rows("would-refuse") == losing.rows("origins") == []
    assert losing.rows("would-refuse") == [
        {"code": "OriginNotAllowed", "reason": "https://elsewhere.example.net", "times": "6"}
    ]


def by(bench: Bench, query: str, label: str, value: str) -> dict[str, int]:
    """Sums over all minutes."""
    sums: Counter[str] = Counter()
    for row in bench.rows(query):
        sums[row[label]] += int(row[value])
    return dict(sums)


def test_what_is_dropped(guarding: Bench, losing: Bench) -> None:
    assert by(guarding, "dropped-over-time", "filter", "logs") == {"bot": 6, "gpc": 2, "ip": 4}
    assert guarding.total("fields-dropped-over-time", "fields") == 2 * 2
    assert guarding.total("events-over-time", "logs", "checkout") == 2 + 10
    assert losing.rows("dropped-over-time") == losing.rows("fields-dropped-over-time") == []


def test_rate_limits(guarding: Bench, auditing: Bench) -> None:
    assert by(guarding, "rate-limited-over-time", "ceiling", "requests") == {"client": 3}
    assert told(guarding)["429", "RequestRateExceeded"] == 3
    assert auditing.rows("rate-limited-over-time") == []


def test_every_audit_mode(auditing: Bench, guarding: Bench) -> None:
    assert by(auditing, "would-refuse-over-time", "code", "requests") == {
        "OriginNotAllowed": 6,
        "TicketInvalid": 6,
        "RequestRateExceeded": 2,
    }
    rows = {row["code"]: (row["reason"], row["times"]) for row in auditing.rows("would-refuse")}
    assert rows["OriginNotAllowed"] == ("https://elsewhere.example.net", "6")
    assert rows["RequestRateExceeded"] == ("client 1/3600 s burst 4", "2")
    assert rows["TicketInvalid"][0].startswith("a ticket is missing")
    assert told(auditing) == {("200", "none"): 6}
    assert guarding.rows("would-refuse-over-time") == []


def test_events(spooling: Bench) -> None:
    logs = 7 * 3 + 5 * 2 + 4
    assert spooling.total("events-over-time", "logs", "checkout") == logs
    assert spooling.rows("event-types", "checkout") == [{"type": "view", "logs": str(logs)}]
    assert spooling.rows("pages", "checkout") == [{"page": "shop.example.com/p/7", "logs": str(logs)}]
    assert spooling.rows("referrers", "checkout") == [{"site": "search.example.org", "logs": str(logs)}]
    assert spooling.rows("browsers", "checkout") == [
        {"browser": "Chrome", "logs": "25"},
        {"browser": "Firefox", "logs": "10"},
    ]
    assert spooling.rows("countries", "checkout") == [{"country": "unknown", "logs": str(logs)}]
    assert set(spooling.column("visitors", "addresses", "checkout")) == {"1"}
    assert set(spooling.column("visitors", "subjects", "checkout")) == {"0"}
    assert spooling.rows("event-types", "web-tracking-logstore") == []


def rings(bench: Bench) -> set[str]:
    return {alarm.name for alarm in catalogue.ALARMS if bench.rows(alarm.query, seconds=alarm.seconds)}


def test_alarms_ring_for_what_happened_and_no_others(
    spooling: Bench, losing: Bench, guarding: Bench, auditing: Bench
) -> None:
    assert rings(spooling) == {"spooling", "origins"}
    assert rings(losing) == {"lost", "throttled", "silent"}
    assert rings(auditing) == {"silent"}
    assert rings(guarding) == {"silent"}
    (lost, *_) = losing.rows("alarm-lost")
    assert lost == {"status": "429", "code": "WriteQuotaExceed", "requests": "2"}


LINE = '[INFO] {"event":"%s",%s}'


@pytest.mark.parametrize(
    ("alarm", "event", "quiet_at", "rings_at"),
    [
        ("age", "replayed", '"oldestSeconds":3600', '"oldestSeconds":3601'),
        ("depth", "replayed", '"left":10000', '"left":10001'),
        ("rejected", "replayed", '"rejected":0', None),
        ("rejected", "rejected", None, '"detail":"too old"'),
        ("bugs", "refused", '"errorCode":"ServerBusy"', '"errorCode":"InternalServerError","detail":"x"'),
        ("silent", "answered", None, '"ms":1'),
        ("silent", "replayed", '"left":0', None),
    ],
)
def test_alarms_ring_one_over_the_limit(
    alarm: str, event: str, quiet_at: str | None, rings_at: str | None
) -> None:
    for text, expected in ((quiet_at, 0), (rings_at, 1)):
        if text is None:
            continue
        store = Store()
        into_store(store, "demo", quiet)("replay", "1-a", LINE % (event, text))
        reader, now = Reader(store), int(time.time())
        search = Search(now - 300, now + 60, catalogue.read(f"alarm-{alarm}"))
        assert len(reader.find(Logstore("demo", FUNCTION_LOGSTORE), search).rows) == expected
        reader.close()
        store.close()


def test_each_query_is_used_and_each_use_has_its_query() -> None:
    charts = [chart.query for board in catalogue.DASHBOARDS for chart in board.charts]
    used = {*charts, *(alarm.query for alarm in catalogue.ALARMS), *catalogue.SAVED_SEARCHES.values()}

    assert sorted(used) == catalogue.names()
    assert len(charts) == len(set(charts))


def test_what_a_query_reads_as_a_column_gets_an_index() -> None:
    for board in catalogue.DASHBOARDS:
        columns = catalogue.EVENT_COLUMNS if board.source == catalogue.EVENTS else catalogue.FUNCTION_COLUMNS
        for chart in board.charts:
            _, statement = split_statement(chart.text)
            assert set(translate(statement).columns) <= {"__time__", *columns}


def test_the_manual_shows_the_same_files() -> None:
    shown = re.findall(r"<!-- queries/([a-z-]+)\.sql -->\n```sql\n(.*?)\n```", DOCS.read_text(), re.DOTALL)

    assert {name for name, _ in shown} >= {"told", "wrong", "latency", "spool", "origins", "would-refuse"}
    health = {chart.query for chart in catalogue.DASHBOARDS[1].charts}
    assert {name for name, _ in shown} >= {name for name in health if "dropped" in name or "refuse" in name}
    assert {name for name, _ in shown} >= {alarm.query for alarm in catalogue.ALARMS}
    assert [text for name, text in shown] == [catalogue.read(name) for name, _ in shown]
    assert DOCS.read_text().count("```sql") == len(shown)
