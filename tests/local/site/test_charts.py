"""``/api/charts`` and ``/api/pulse``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.function_logs import into_store
from local.sls.store import NewLog, Store
from ops.observe.catalogue import DASHBOARDS
from tests.support.site import serving_with_charts


@pytest.fixture
def site(store: Store, web_dist: Path) -> Iterator[httpx.Client]:
    with (
        serving_with_charts(store, web_dist) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


def add(store: Store, logstore: str, age: float = 0, **fields: str) -> None:
    now = time.time()
    store.append([NewLog("demo", logstore, int(now - age), now - age, "", "", {}, fields)])


def rows(site: httpx.Client, query: str, **asked: str) -> list[dict[str, str]]:
    answer = site.get("/api/charts", params=asked)
    assert answer.status_code == 200
    (found,) = [chart["rows"] for chart in answer.json()["charts"] if chart["query"] == query]
    assert isinstance(found, list)
    return found


def test_both_dashboards_are_answered_chart_by_chart(site: httpx.Client) -> None:
    for board in DASHBOARDS:
        answer = site.get("/api/charts", params={"dashboard": board.title.lower()}).json()

        assert answer["to"] - answer["from"] == 900
        assert [chart["query"] for chart in answer["charts"]] == [chart.query for chart in board.charts]
        assert all(chart["rows"] == [] or chart["query"] == "latency" for chart in answer["charts"])
        assert not any("error" in chart for chart in answer["charts"])
        assert [chart["text"] for chart in answer["charts"]] == [chart.text for chart in board.charts]


def test_events_are_those_of_all_of_the_pages_logstores_or_of_one(site: httpx.Client, store: Store) -> None:
    add(store, "shop", eventType="view")
    add(store, "checkout", eventType="buy")
    add(store, "function-logs", eventType="none of theirs")

    assert {row["type"] for row in rows(site, "event-types")} == {"view", "buy"}
    assert rows(site, "event-types", logstore="checkout") == [{"type": "buy", "logs": "1"}]


def test_health_is_of_what_the_functions_print(site: httpx.Client, store: Store) -> None:
    into_store(store, "demo", lambda *_: None)("track", "1-a", '{"event":"refused","status":404}')

    assert rows(site, "told", dashboard="health") == [{"status": "404", "code": "none", "requests": "1"}]


def span(site: httpx.Client, **asked: int) -> tuple[int, int]:
    answer = site.get("/api/charts", params=asked).json()
    return answer["from"], answer["to"]


def test_the_time_is_asked_for_by_its_ends(site: httpx.Client, store: Store) -> None:
    now = int(time.time())
    for age, name in ((0, "new"), (3000, "old"), (8 * 86400, "older")):
        add(store, "shop", age=age, eventType=name)

    def types(**asked: int) -> set[str]:
        return {row["type"] for row in rows(site, "event-types", **{k: str(v) for k, v in asked.items()})}

    assert types(**{"from": now - 900}) == {"new"}
    assert types(**{"from": now - 3600}) == {"new", "old"}
    assert types(**{"from": now - 3600, "to": now - 60}) == {"old"}
    assert types(**{"from": now - 30 * 86400, "to": now - 4 * 86400}) == {"older"}
    assert types(**{"from": now - 30 * 86400}) == {"new", "old"}  # seven days at most


def test_without_a_time_it_is_that_since_the_oldest_log(site: httpx.Client, store: Store) -> None:
    start, end = span(site)
    assert end - start == 900

    add(store, "shop", age=3000)
    start, end = span(site)
    assert 3000 <= end - start <= 3060

    add(store, "shop", age=30 * 86400)
    start, end = span(site)
    assert end - start == 7 * 86400


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"dashboard": "sales"}, "expected a dashboard (events or health)"),
        ({"logstore": "function-logs"}, "expected a dashboard (events or health)"),
        ({"logstore": "nowhere"}, "expected a dashboard (events or health)"),
        ({"from": "-1"}, "from: expected a whole number"),
        ({"from": "a"}, "from: expected a whole number"),
        ({"to": "1" * 5000}, "to: expected a whole number"),
        ({"from": "10", "to": "10"}, "to: expected a time after from"),
    ],
)
def test_anything_else_is_refused(site: httpx.Client, asked: dict[str, str], reason: str) -> None:
    answer = site.get("/api/charts", params=asked)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(reason)


def test_the_pulse_is_of_the_last_minute_and_of_pages(site: httpx.Client, store: Store) -> None:
    add(store, "shop")
    add(store, "shop", age=30)
    add(store, "shop", age=70)
    add(store, "function-logs")

    counts = site.get("/api/pulse").json()

    assert len(counts) == 60
    assert sum(counts) == 2
