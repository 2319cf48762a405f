from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from local.serving import Server
from local.site.stream import BATCH
from local.sls.store import NewLog, Store
from tests.local.site.conftest import Add


class Event(NamedTuple):
    name: str
    data: Any
    id: str | None


def events(answer: httpx.Response) -> Iterator[Event]:
    """The events of a stream; comments are left out."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "event" in fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
        fields = {}


def first(answer: httpx.Response, name: str) -> Event:
    return next(event for event in events(answer) if event.name == name)


def test_a_stream_starts_with_the_counts(streaming_site: httpx.Client, add: Add) -> None:
    add("shop", note="old")

    with streaming_site.stream("GET", "/api/stream") as answer:
        event = next(events(answer))

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert event == Event("counts", {"shop": 1}, None)


def test_a_log_arrives_within_two_seconds_and_old_ones_do_not(streaming_site: httpx.Client, add: Add) -> None:
    add(note="old")
    took: list[float] = []
    with streaming_site.stream("GET", "/api/stream") as answer:
        arrivals = events(answer)
        next(arrivals)
        for _ in range(3):  # a busy machine may hold one of them up
            start = time.monotonic()
            add(note="new")
            event = next(event for event in arrivals if event.name == "logs")
            took.append(time.monotonic() - start)

    assert [log["fields"]["note"] for log in event.data["logs"]] == ["new"]
    assert event.data["gap"] is False
    assert min(took) < 2


def test_a_stream_carries_only_what_is_selected(streaming_site: httpx.Client, add: Add) -> None:
    with streaming_site.stream(
        "GET", "/api/stream", params={"logstore": "shop", "contains": "wanted"}
    ) as answer:
        arrivals = events(answer)
        next(arrivals)
        add("checkout", note="wanted")
        add("shop", note="other")
        add("shop", note="wanted")
        event = next(event for event in arrivals if event.name == "logs")

    assert [(log["logstore"], log["fields"]["note"]) for log in event.data["logs"]] == [("shop", "wanted")]


def test_a_reconnecting_reader_gets_what_it_missed(streaming_site: httpx.Client, add: Add) -> None:
    with streaming_site.stream("GET", "/api/stream?since=0") as answer:
        add(note="seen")
        seen = first(answer, "logs")
    add(note="missed")

    headers = {"last-event-id": seen.id or ""}
    with streaming_site.stream("GET", "/api/stream?since=0", headers=headers) as answer:
        event = first(answer, "logs")

    assert [log["fields"]["note"] for log in event.data["logs"]] == ["missed"]


def test_more_new_logs_than_a_batch_are_marked_as_a_gap(streaming_site: httpx.Client, store: Store) -> None:
    log = NewLog("demo", "shop", 1, 1.0, "", "", {}, {})
    with streaming_site.stream("GET", "/api/stream?since=0") as answer:
        store.append([log] * (BATCH + 1))
        event = first(answer, "logs")

    assert event.data["gap"] is True
    assert len(event.data["logs"]) == BATCH


def test_a_stream_that_cannot_be_understood_is_refused(streaming_site: httpx.Client) -> None:
    answer = streaming_site.get("/api/stream?since=yesterday")

    assert answer.status_code == 400
    assert "since" in answer.json()["error"]


def test_a_stream_ends_when_its_server_says_that_it_stops(app: ASGIApp) -> None:
    async def stopping_server(scope: Scope, receive: Receive, send: Send) -> None:
        stopping = asyncio.Event()
        stopping.set()
        scope["state"]["stopping"] = stopping
        await app(scope, receive, send)

    with Server(stopping_server) as server:
        answer = httpx.get(f"{server.url}/api/stream", timeout=60)

    assert answer.status_code == 200
    assert answer.text == "retry: 1000\n\n"


def test_a_stream_carries_only_the_values_and_the_time_that_are_selected(
    streaming_site: httpx.Client, add: Add
) -> None:
    asked = {"f.note": ["a", "b"], "f.__tag__:env": "live", "from": "100", "to": "200"}
    with streaming_site.stream("GET", "/api/stream", params=asked) as answer:
        arrivals = events(answer)
        next(arrivals)
        for at, note, env in (
            (100, "a", "demo"),
            (99, "a", "live"),
            (200, "a", "live"),
            (100, "c", "live"),
            (150, "b", "live"),
        ):
            add(at=at, note=note, tags={"env": env})
        event = next(event for event in arrivals if event.name == "logs")

    assert [log["fields"]["note"] for log in event.data["logs"]] == ["b"]


def test_what_functions_print_is_followed_where_no_page_sends_anything(
    streaming_site: httpx.Client, store: Store, add: Add
) -> None:
    store.set_apart("function-logs")
    with streaming_site.stream("GET", "/api/stream?logstore=function-logs") as answer:
        arrivals = events(answer)
        next(arrivals)
        add("function-logs", note="a line")
        event = next(event for event in arrivals if event.name == "logs")

    assert [log["fields"]["note"] for log in event.data["logs"]] == ["a line"]
