"""What track filters out."""

from __future__ import annotations

import json
import logging
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from functions.track.filters import Filters, _matches
from tests.track.support import LOGSTORE, TRACK, Start, Track

ONE = '{"__logs__":[{"a":"1"}]}'
TWO = '{"__logs__":[{"a":"1"},{"a":"2"}]}'
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
REFERER = "https://shop.example.com/reset/x?token=SECRET#part"
UA_PIXEL = f"/logstores/{LOGSTORE}/track_ua.gif"


def tags(track: Track) -> dict[str, str]:
    found: dict[str, str] = track.last().get("__tags__", {})
    return found


def dropped(track: Track, source_ip: str = "203.0.113.77", **headers: str) -> str | None:
    """Return why a POST of two logs is dropped, None if it is forwarded."""
    before = len(track.forwarded)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = track.send("POST", TRACK, TWO, headers=named, source_ip=source_ip)
    assert reply.status == 200
    reason = reply.headers.get("x-log-dropped")
    assert len(track.forwarded) == before + (reason is None)
    return reason


def test_without_filters_all_is_kept(track: Track) -> None:
    assert dropped(track, User_Agent=BOT, Sec_GPC="1", Referer=REFERER) is None
    assert tags(track) == {"client_ip": "203.0.113.77", "user_agent": BOT, "referer": REFERER}


def test_nothing_is_rewritten_of_a_batch_that_is_dropped(start: Start, mocker: MockerFixture) -> None:
    rewritten = mocker.spy(Filters, "batch")
    track = start(BOTS="drop", DROP_FIELDS="password")
    assert dropped(track, User_Agent=BOT) == "bot"
    assert rewritten.call_count == 0
    assert dropped(track, User_Agent=CHROME) is None
    assert rewritten.call_count == 1


def test_bots_are_dropped_and_counted_in_the_requests_line(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    track = start(BOTS="drop")
    assert dropped(track, User_Agent=CHROME) is None
    assert dropped(track) is None
    assert dropped(track, User_Agent=BOT) == "bot"
    line = json.loads(caplog.messages[-1])
    assert (line["event"], line["status"], line["logs"], line["filtered"]) == ("answered", 200, 2, "bot")
    pixel = track.send("GET", UA_PIXEL, query={"a": "1"}, headers={"User-Agent": BOT})
    assert (pixel.status, pixel.headers["x-log-dropped"]) == (200, "bot")
    assert "x-log-dropped" in pixel.headers["access-control-expose-headers"]
    assert pixel.body.startswith(b"GIF89a")


def test_bots_are_tagged_and_no_client_can_set_the_tag(start: Start) -> None:
    track = start(BOTS="tag")
    assert dropped(track, User_Agent=BOT) is None
    assert tags(track)["bot"] == "true"
    track.post('{"__logs__":[{"__tag__:bot":"x"}],"__tags__":{"bot":"x"}}', User_Agent=CHROME)
    assert "bot" not in tags(track)
    assert track.last()["__logs__"][0].keys() == {"__time__"}


def test_a_filtered_request_is_still_refused_for_other_reasons(start: Start) -> None:
    track = start(BOTS="drop")
    assert track.post("x", User_Agent=BOT).status == 400
    assert track.send("POST", "/logstores/other/track", ONE, headers={"User-Agent": BOT}).status == 404
    reply = track.post('{"__logs__":[]}', User_Agent=BOT)
    assert (reply.status, "x-log-dropped" in reply.headers) == (200, False)


def test_a_dropped_request_counts_against_the_rate(start: Start) -> None:
    track = start(BOTS="drop", RATE_LIMIT="client 1/h burst 2")
    assert dropped(track, User_Agent=BOT) == "bot"
    assert track.post(ONE, User_Agent=BOT).status == 429


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("203.0.113.7", "ip"),
        ("203.0.113.8", None),
        ("198.51.100.0", "ip"),
        ("198.51.100.255", "ip"),
        ("198.51.101.0", None),
        ("198.51.99.255", None),
        ("::ffff:198.51.100.9", "ip"),
        ("2001:db8:5::1", "ip"),
        ("2001:db8:4:ffff:ffff:ffff:ffff:ffff", None),
        ("2001:db8:6::", None),
        ("2001:db9::1", "ip"),
        ("2001:db9::2", None),
        ("unknown", None),
    ],
)
def test_own_addresses_are_dropped(address: str, reason: str | None, start: Start) -> None:
    track = start(IGNORE_IPS="203.0.113.7, 198.51.100.0/24,2001:db8:5::/48,2001:db9::1", CLIENT_IP="off")
    assert dropped(track, address) == reason


def test_all_addresses_can_be_ignored(start: Start) -> None:
    track = start(IGNORE_IPS="0.0.0.0/0")
    assert dropped(track, "203.0.113.8") == "ip"
    assert dropped(track, "2001:db8::1") is None


def test_behind_a_cdn_its_header_says_which_address(start: Start) -> None:
    track = start(IGNORE_IPS="198.51.100.7", CLIENT_IP_HEADER="X-Real")
    assert dropped(track, X_Real="203.0.113.1, 198.51.100.7") == "ip"
    assert dropped(track, X_Real="198.51.100.7, 203.0.113.1") is None


@pytest.mark.parametrize(("value", "objects"), [("1", True), ("0", False), ("", False), ("11", False)])
def test_global_privacy_control_is_respected(value: str, objects: bool, start: Start) -> None:
    assert dropped(start(GPC="drop"), Sec_GPC=value) == ("gpc" if objects else None)
    track = start(GPC="anonymous")
    assert dropped(track, Sec_GPC=value, User_Agent=CHROME, Referer=REFERER) is None
    assert tags(track).keys() == (set() if objects else {"client_ip", "user_agent", "referer"})
    headers = {"Sec-GPC": value, "User-Agent": CHROME, "Referer": REFERER}
    track.send("GET", UA_PIXEL, query={"a": "1"}, headers=headers)
    assert ("user_agent" in track.last()["__logs__"][0]) == (not objects)
    assert ("referer" in track.last()["__logs__"][0]) == (not objects)


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        ("full", REFERER),
        ("path", "https://shop.example.com/reset/x"),
        ("origin", "https://shop.example.com"),
        ("off", None),
    ],
)
def test_the_configured_part_of_a_referer_is_kept(setting: str, kept: str | None, start: Start) -> None:
    track = start(REFERER=setting)
    assert dropped(track, Referer=REFERER) is None
    assert tags(track).get("referer") == kept
    track.send("GET", UA_PIXEL, query={"a": "1"}, headers={"Referer": REFERER})
    assert track.last()["__logs__"][0].get("referer") == kept
    assert tags(track).get("referer") == kept


@pytest.mark.parametrize(
    ("setting", "referer", "kept"),
    [
        ("path", "android-app://com.example/?SECRET", "android-app://com.example/"),
        ("origin", "android-app://com.example/?SECRET", None),
        ("path", "?SECRET", None),
        ("origin", "https://shop.example.com", "https://shop.example.com"),
    ],
)
def test_an_unusual_referer_shows_no_more(setting: str, referer: str, kept: str | None, start: Start) -> None:
    track = start(REFERER=setting)
    assert dropped(track, Referer=referer) is None
    assert tags(track).get("referer") == kept


def test_fields_that_are_never_to_be_stored_are_not_forwarded(start: Start) -> None:
    track = start(DROP_FIELDS="password,*_token, card*, x*y*z ,user_agent")
    log = {
        "password": "S",
        "a_token": "S",
        "card": "S",
        "cardNumber": "S",
        "x-y-z": "S",
        "xyz": "S",
        "__tag__:password": "S",
        "__tag__:my_token": "S",
        "Password": "k",
        "token": "k",
        "tokens_": "k",
        "discard": "k",
        "xzy": "k",
        "a": "k",
    }
    body = json.dumps({"__logs__": [log, {"password": "S"}], "__tags__": {"password": "S", "b": "k"}})
    assert track.post(body, User_Agent=CHROME).status == 200
    first, second = (dict(log) for log in track.last()["__logs__"])
    assert first.pop("__time__") == second.pop("__time__")
    assert first.keys() == {"Password", "token", "tokens_", "discard", "xzy", "a"}
    assert second == {}
    assert tags(track) == {"client_ip": "203.0.113.77", "b": "k"}
    assert b'"S"' not in track.forwarded[-1].body


def test_fields_of_a_get_are_dropped_too(start: Start) -> None:
    track = start(DROP_FIELDS="pass*")
    assert track.send("GET", TRACK, query={"password": "S", "a": "k"}).status == 200
    assert track.last()["__logs__"][0].keys() == {"a", "__time__"}


def test_the_batch_id_is_never_dropped(start: Start) -> None:
    track = start(DROP_FIELDS="*_id")
    assert track.post('{"__logs__":[{"user_id":"S"}],"__tags__":{"s_id":"S"}}').status == 200
    assert tags(track) == {"client_ip": "203.0.113.77"}  # beside batch_id, which support looks for


@given(
    st.text("ab*", min_size=1, max_size=6).filter(lambda pattern: pattern.strip("*")),
    st.text("ab", max_size=8),
)
def test_a_pattern_means_what_it_means_in_a_shell(pattern: str, name: str) -> None:
    assert _matches(name, tuple(pattern.split("*"))) == fnmatchcase(name, pattern)
