"""The console's list and what is counted beside it: ``/api/logs`` by rank, and ``/api/facets``."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.datastructures import QueryParams

from local.function_logs import into_store
from local.site.results import OPENED, SHOWN, Results
from local.site.selection import Question
from local.sls.store import NewLog, Store
from tests.local.site.conftest import Add


def listed(site: httpx.Client, **asked: str | list[str]) -> tuple[list[str], int]:
    """The notes of the newest logs, and how many logs there are in all."""
    answer = site.get("/api/logs", params={"counted": "true", **asked})
    assert answer.status_code == 200, answer.text
    return [log["fields"]["note"] for log in answer.json()], int(answer.headers["x-total"])


def facets(site: httpx.Client, **asked: str | list[str]) -> dict[str, dict[str, int]]:
    answer = site.get("/api/facets", params=asked)
    assert answer.status_code == 200, answer.text
    return {field["name"]: dict(field["values"]) for field in answer.json()["fields"]}


def test_a_log_keeps_its_rank_when_others_arrive(site: httpx.Client, add: Add) -> None:
    for number in range(7):
        add(note=str(number))

    assert listed(site, limit="3") == (["6", "5", "4"], 7)
    assert listed(site, rank="2", limit="3") == (["4", "3", "2"], 7)
    add(note="7")

    assert listed(site, rank="2", limit="3") == (["4", "3", "2"], 8)
    assert listed(site, rank="6", limit="3") == (["7", "6"], 8)
    assert listed(site, rank="8", limit="3") == ([], 8)


def test_a_stream_goes_on_where_the_list_ends(site: httpx.Client, add: Add) -> None:
    add(note="a")
    newest = site.get("/api/logs?counted=true&contains=nothing").headers["x-newest"]
    add(note="b")

    assert [log["fields"]["note"] for log in site.get(f"/api/logs?since={newest}").json()] == ["b"]


def test_the_time_includes_its_start_and_leaves_out_its_end(site: httpx.Client, add: Add) -> None:
    for at in (99, 100, 199, 200):
        add(at=at, note=str(at))

    assert listed(site, **{"from": "100", "to": "200"}) == (["199", "100"], 2)
    assert listed(site, **{"from": "100"})[1] == 3
    assert listed(site, to="200", contains="note: 1")[0] == ["199", "100"]


def test_fields_tags_and_the_topic_narrow_the_list(site: httpx.Client, add: Add) -> None:
    add(note="a", event="view", tags={"env": "demo"}, topic="x")
    add(note="b", event="buy", tags={"env": "demo"})
    add(note="c", event="buy", tags={"env": "live"})
    add(note="d")

    assert listed(site, **{"f.event": "buy"}) == (["c", "b"], 2)
    assert listed(site, **{"f.event": ["buy", "view"]}) == (["c", "b", "a"], 3)
    assert listed(site, **{"f.event": "buy", "f.__tag__:env": "demo"}) == (["b"], 1)
    assert listed(site, **{"f.__topic__": "x"}) == (["a"], 1)
    assert listed(site, **{"f.event": "Buy"}) == listed(site, **{"f.none": ""}) == ([], 0)


def test_values_are_counted_and_a_chosen_field_as_if_it_were_not(site: httpx.Client, add: Add) -> None:
    for event, env, times in (("view", "demo", 3), ("buy", "demo", 2), ("buy", "live", 1)):
        for _ in range(times):
            add("shop", event=event, tags={"env": env})
    add("checkout", event="pay", tags={"env": "live"})

    assert facets(site) == {
        "event": {"view": 3, "buy": 3, "pay": 1},
        "__tag__:env": {"demo": 5, "live": 2},
    }
    assert facets(site, **{"f.event": "buy"}) == {
        "event": {"view": 3, "buy": 3, "pay": 1},
        "__tag__:env": {"demo": 2, "live": 1},
    }
    assert facets(site, logstore="checkout")["event"] == {"pay": 1}
    chosen = site.get("/api/facets", params={"f.event": "buy", "logstore": "checkout"}).json()
    assert chosen["total"] == 0
    assert chosen["logstores"] == {"shop": 3}


def test_an_empty_name_and_an_empty_value_are_a_name_and_a_value(site: httpx.Client, add: Add) -> None:
    add(note="a", **{"": "nameless"})
    add(note="b", event="")

    assert listed(site, **{"f.": "nameless"}) == (["a"], 1)
    assert listed(site, **{"f.event": ""}) == (["b"], 1)
    assert listed(site, **{"f.": "nameless", "logstore": "shop"}) == (["a"], 1)
    assert facets(site)["event"] == {"": 1}


def test_fields_of_most_logs_come_first_then_those_without_a_choice_then_tags(
    site: httpx.Client, add: Add
) -> None:
    for number in range(4):
        one = {"less": str(number // 2)} if number else {}
        add(same="1", id=str(number), more=str(number // 2), tags={"t": "1"}, **one)

    assert list(facets(site)) == ["more", "id", "same", "less", "__tag__:t"]


def test_a_field_with_many_values_shows_some_and_more_when_it_is_opened(site: httpx.Client, add: Add) -> None:
    for number in range(OPENED + 1):
        for _ in range(1 + (number == OPENED)):
            add(price=f"{number:03}")

    first = [f"{OPENED:03}", *(f"{number:03}" for number in range(SHOWN - 1))]
    assert list(facets(site)["price"]) == first
    assert len(facets(site, open="price")["price"]) == OPENED
    found = site.get("/api/facets").json()["fields"]
    assert [(field["name"], field["logs"], field["distinct"]) for field in found] == [("price", 102, 101)]


def test_a_value_that_differs_in_each_log_is_not_a_filter(site: httpx.Client, add: Add) -> None:
    for number in range(SHOWN + 1):
        add(id=str(number), same="x")

    assert list(facets(site)) == ["same"]
    # One that is chosen by its address is shown all the same.
    assert facets(site, **{"f.id": "3"})["id"]["3"] == 1


def test_a_name_with_over_a_thousand_values_is_not_counted(store: Store) -> None:
    results = Results(store)

    def add(many: str) -> None:
        store.append([NewLog("demo", "shop", 1, 1.0, "", "", {}, {"many": many, "few": "x"})])

    for number in range(1000):
        add(str(number))
    add("0")
    names = [field["name"] for field in results.facets(Question(None, None), frozenset())["fields"]]
    assert names == ["few", "many"]
    add("one more")
    names = [field["name"] for field in results.facets(Question(None, None), frozenset())["fields"]]
    assert names == ["few"]


def test_function_logs_are_apart_and_counted(site: httpx.Client, store: Store, add: Add) -> None:
    store.set_apart("function-logs")
    add(note="a", event="view")
    say = into_store(store, "demo", lambda *_: None)
    say("track", "1-a", '{"event":"refused","status":404,"errorCode":"NotFound","more":{"x":1}}')
    say("track", "1-b", "no JSON {")

    assert listed(site) == (["a"], 1)
    assert site.get("/api/facets").json()["logstores"] == {"shop": 1, "function-logs": 2}
    found = facets(site, logstore="function-logs")
    assert found["functionName"] == {"track": 2}
    assert found["event"] == {"refused": 1}
    assert found["status"] == {"404": 1}
    assert "more" not in found
    answer = site.get("/api/logs?counted=true&logstore=function-logs&f.errorCode=NotFound")
    assert [log["fields"]["requestId"] for log in answer.json()] == ["1-a"]


@pytest.mark.parametrize("query", ["rank=x", "rank=-1", "counted=true&from=x", "counted=true&to=-1"])
def test_an_invalid_number_is_refused_by_name(site: httpx.Client, query: str) -> None:
    answer = site.get(f"/api/logs?{query}")

    assert answer.status_code == 400
    assert "expected a whole number" in answer.json()["error"]


def test_a_hundred_values_are_accepted_and_one_more_is_not(site: httpx.Client) -> None:
    values = [str(number) for number in range(101)]

    assert site.get("/api/facets", params={"f.a": values[:100]}).status_code == 200
    refused = site.get("/api/facets", params={"f.a": values})
    assert (refused.status_code, refused.json()) == (400, {"error": "f.…: at most 100 values, got more"})


def test_fields_need_a_counted_list(site: httpx.Client) -> None:
    answer = site.get("/api/logs?f.event=view")

    assert answer.status_code == 400
    assert "counted=true" in answer.json()["error"]


def logs(chance: random.Random, count: int) -> Iterator[NewLog]:
    for _ in range(count):
        fields = {name: chance.choice("abc") for name in ("x", "y") if chance.random() < 0.8}
        tags = {"z": chance.choice("ab")} if chance.random() < 0.5 else {}
        logstore = chance.choice(("shop", "checkout", "apart"))
        yield NewLog("demo", logstore, chance.randrange(100), time.time(), "", "", tags, fields)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "logstore=shop",
        "logstore=apart&contains=x: a",
        "contains=Y: B&from=20&to=70",
        "f.x=a&f.x=b",
        "f.x=a&f.__tag__:z=b&logstore=checkout",
        "f.y=c&from=50",
        "f.none=1",
    ],
)
def test_an_answer_that_grows_is_the_one_that_is_found_at_once(store: Store, query: str) -> None:
    store.set_apart("apart")
    question, chance = Question.from_query(QueryParams(query)), random.Random(7)
    growing = Results(store)

    def answer(results: Results) -> Any:
        page = results.page(question, 0, 1000)
        return [log.id for log in page.logs], page.total, results.facets(question, frozenset())

    for _ in range(5):
        store.append(logs(chance, 40))
        assert answer(growing) == answer(Results(store))
    ids, total, found = answer(growing)
    expected = [log for log in store.query(limit=1000, logstore=question.logstore) if takes(question, log)]
    assert ids == [log.id for log in expected]
    assert total == found["total"] == len(expected)
    for field in found["fields"]:
        if f"f.{field['name']}" not in query:
            assert sum(count for _, count in field["values"]) == field["logs"] <= total


def takes(question: Question, log: Any) -> bool:
    text = "\n".join(f"{name}: {value}" for name, value in [*log.tags.items(), *log.fields.items()])
    return question.takes(log) and (question.contains or "").casefold() in text.casefold()


def test_the_answer_is_json_that_says_what_a_tag_is(site: httpx.Client, add: Add) -> None:
    add(note="x", tags={"env": "demo"})

    fields = json.loads(site.get("/api/facets").content)["fields"]
    assert [(field["name"], field["tag"]) for field in fields] == [("note", False), ("__tag__:env", True)]
