"""Golden events: FC's event, the answer, and the request to SLS, each in a file."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.fc import context
from tests.track.support import Start, Track, body_of

EVENTS = sorted((Path(__file__).parents[1] / "events").glob("*.json"))


def _body(expected: dict[str, Any]) -> bytes:
    if "base64" in expected:
        return base64.b64decode(expected["base64"])
    return str(expected["text"]).encode() if "text" in expected else b""


def _forwarded(track: Track, started: float) -> dict[str, Any] | None:
    if not track.forwarded:
        return None
    (received,) = track.forwarded
    body = body_of(received)
    for log in body["__logs__"]:
        if "__time__" in log:
            assert int(started) <= log["__time__"] <= time.time()
            log["__time__"] = "TIME"
    method, path, _ = received.line.split()
    assert method == "POST"
    return {"path": path, "body": body}


@pytest.mark.parametrize("file", EVENTS, ids=lambda file: file.stem)
def test_a_golden_event_is_answered_and_forwarded_as_recorded(file: Path, start: Start) -> None:
    golden = json.loads(file.read_text("utf-8"))
    started = time.time()
    track = start(**golden["settings"])
    reply = track.raw(json.dumps(golden["event"]).encode(), context())
    expected = golden["expect"]
    assert reply.status == expected["statusCode"], golden["about"]
    assert {name: reply.headers.get(name) for name in expected["headers"]} == expected["headers"]
    if "json" in expected["body"]:
        assert reply.json() == expected["body"]["json"]
    else:
        assert reply.body == _body(expected["body"])
    assert _forwarded(track, started) == golden["forwarded"]


def test_the_golden_events_are_there() -> None:
    assert len(EVENTS) >= 20
