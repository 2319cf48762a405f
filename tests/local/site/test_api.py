from __future__ import annotations

import httpx
import pytest

from local.sls.store import Store
from tests.local.site.conftest import Add


def notes(answer: httpx.Response) -> list[str]:
    return [log["fields"]["note"] for log in answer.json()]


def test_an_empty_store_is_an_empty_list(site: httpx.Client) -> None:
    answer = site.get("/api/logs")

    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["cache-control"] == "no-store"


def test_a_log_has_exactly_the_documented_keys(site: httpx.Client, add: Add) -> None:
    add("shop", at=1_700_000_123, topic="clicks", tags={"env": "demo"}, note="👋")

    assert site.get("/api/logs").json() == [
        {
            "time": 1_700_000_123,
            "logstore": "shop",
            "topic": "clicks",
            "source": "page",
            "tags": {"env": "demo"},
            "fields": {"note": "👋"},
        }
    ]


def test_logs_come_newest_first_and_by_logstore(site: httpx.Client, add: Add) -> None:
    for logstore, note in (("shop", "a"), ("checkout", "b"), ("shop", "c")):
        add(logstore, note=note)

    assert notes(site.get("/api/logs")) == ["c", "b", "a"]
    assert notes(site.get("/api/logs?logstore=shop")) == ["c", "a"]
    assert notes(site.get("/api/logs?logstore=nothing")) == []


@pytest.mark.parametrize("text", ["headphones", "naïve", "👋", "100%", "_"])
def test_text_is_found_as_it_is_written(site: httpx.Client, add: Add, text: str) -> None:
    add(note="something else")
    add(note=f"with {text} inside")

    assert notes(site.get("/api/logs", params={"contains": text})) == [f"with {text} inside"]


def test_following_x_next_before_meets_every_log_once(site: httpx.Client, add: Add) -> None:
    for number in range(7):
        add(note=str(number))

    met: list[str] = []
    before = ""
    for _page in range(3):
        answer = site.get("/api/logs", params={"limit": "3", "before": before})
        met += notes(answer)
        before = answer.headers.get("x-next-before", "")

    assert met == ["6", "5", "4", "3", "2", "1", "0"]
    assert before == ""


def test_ids_are_given_when_asked_for_and_grow(site: httpx.Client, add: Add) -> None:
    add(note="first")
    add(note="second")

    newer, older = site.get("/api/logs?ids=true").json()
    after = site.get("/api/logs", params={"since": older["id"]})

    assert newer["id"] > older["id"]
    assert notes(after) == ["second"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1.5", "before=²", "since=1e3"]
)
def test_a_query_out_of_bounds_is_refused_by_name(site: httpx.Client, query: str) -> None:
    answer = site.get(f"/api/logs?{query}")

    name = query.partition("=")[0]
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}: expected a whole number")


def test_a_number_of_any_length_is_refused_and_not_computed(site: httpx.Client) -> None:
    answer = site.get("/api/logs?before=" + "9" * 5000)

    assert answer.status_code == 400


def test_counts_are_by_logstore(site: httpx.Client, add: Add) -> None:
    for logstore in ("shop", "checkout", "shop"):
        add(logstore, note="x")

    assert site.get("/api/counts").json() == {"shop": 2, "checkout": 1}


def test_no_other_page_may_read_the_logs(site: httpx.Client, store: Store) -> None:
    answer = site.get("/api/logs", headers={"origin": "https://evil.example"})

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert store.counts() == {}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
def test_a_name_that_was_pointed_at_this_machine_is_refused(site: httpx.Client, host: str) -> None:
    answer = site.get("/api/logs", headers={"host": host})

    assert answer.status_code == 400
