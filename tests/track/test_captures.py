"""Replays captured requests of the published SDKs: stored as the SDK intended, answered with exactly 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.track.support import Start, body_of, timeless

CAPTURES = Path(__file__).parents[1] / "captures"
STRINGIFIED_BY_PROXY = "A17-topic-source-tags-variants"  # checked separately below


class Upload(NamedTuple):
    name: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


def _upload(name: str, target: str, headers: dict[str, str], body: str) -> Upload:
    # Split by hand: with two leading slashes, a URL parser would read a host.
    path, _, query = target.partition("?")
    return Upload(name, path, dict(parse_qsl(query)), headers, body)


def _browser(file: Path) -> Iterator[Upload]:
    for request in json.loads(file.read_text("utf-8"))["requests"]:
        if request["method"] == "POST":
            yield _upload(file.stem, request["path"], dict(request["headers"]), request["body"])


def _mini() -> Iterator[Upload]:
    captured = json.loads((CAPTURES / "mini.json").read_text("utf-8"))
    calls = {
        name: [call["args"] for call in held["calls"]]
        for name, held in captured.items()
        if isinstance(held, dict) and "calls" in held
    }
    calls["urlOverride"] = [captured["urlOverride"]]
    calls["userUnloadHookEmpty"] = [captured["userUnloadHookEmpty"]]
    for name, sent in calls.items():
        for call in sent:
            url = urlsplit(call["url"])
            # The browser sets the type, not the SDK.
            headers = {"content-type": "application/json", "User-Agent": name}
            yield _upload(f"mini-{name}", f"{url.path}?{url.query}", headers, call["data"])


UPLOADS = [
    *(
        upload
        for pattern in ("A", "H", "V")
        for file in sorted(CAPTURES.glob(f"{pattern}*.json"))
        for upload in _browser(file)
    ),
    *_mini(),
]


def _meant(upload: Upload) -> dict[str, Any]:
    """Return what the SDK intended to store: its data with the sender's tags."""
    sent: dict[str, Any] = json.loads(upload.body)
    named = {name.lower(): value for name, value in upload.headers.items()}
    sender = {
        "client_ip": "203.0.113.77",
        "user_agent": named.get("user-agent"),
        "referer": named.get("referer"),
    }
    tags = {**sent.get("__tags__", {}), **{name: value for name, value in sender.items() if value}}
    return {**sent, "__tags__": tags}


@pytest.mark.parametrize("mode", ["signed", "anonymous"])
@pytest.mark.parametrize(
    "upload",
    [upload for upload in UPLOADS if upload.name != STRINGIFIED_BY_PROXY],
    ids=lambda upload: upload.name,
)
def test_a_captured_upload_is_forwarded_as_the_sdk_meant_it(upload: Upload, mode: str, start: Start) -> None:
    track = start(SLS_LOGSTORES="my-logstore", SLS_WRITE=mode)
    reply = track.send("POST", upload.path, upload.body, query=upload.query, headers=upload.headers)
    assert (reply.status, reply.body) == (200, b"")
    meant = _meant(upload)
    forwarded = [body_of(received) for received in track.forwarded]
    if mode == "signed":
        forwarded = [timeless(body) for body in forwarded]
    assert forwarded == ([meant] if meant["__logs__"] else [])


def test_topics_sources_and_tags_that_are_not_text_are_forwarded_as_text(start: Start) -> None:
    track = start(SLS_LOGSTORES="my-logstore")
    for upload in UPLOADS:
        if upload.name == STRINGIFIED_BY_PROXY:
            reply = track.send("POST", upload.path, upload.body, query=upload.query, headers=upload.headers)
            assert reply.status == 200
    forwarded = [timeless(body_of(received)) for received in track.forwarded]
    own = {"client_ip", "user_agent", "referer"}
    kept = [
        (
            body.get("__topic__"),
            body.get("__source__"),
            {name: tag for name, tag in body["__tags__"].items() if name not in own},
        )
        for body in forwarded
    ]
    assert kept == [
        (None, None, {}),
        (None, None, {}),
        ("5", None, {"n": "1", "o": '{"a":1}', "nul": "null"}),
        ("主题", "来源", {"0": "a", "1": "b"}),
    ]


def test_the_captures_are_there() -> None:
    names = {upload.name for upload in UPLOADS}
    assert {
        "A01-send-timer",
        "A08-big-ascii-xhr",
        "H-path-prefix",
        "H-trailing-slash",
        "V029-beacon",
    } <= names
    assert {"mini-wx", "mini-my", "mini-dd", "mini-tt", "mini-qq", "mini-swan"} <= names
    assert len(UPLOADS) >= 20
