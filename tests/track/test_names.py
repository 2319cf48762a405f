"""What SLS or the proxy owns is no client's to set, in any spelling; names that hide are refused."""

from __future__ import annotations

import ipaddress
import json

import pytest

from functions.track.body import read_batch
from functions.track.names import OWN_NAMES, SLS_NAMES
from functions.track.query import read_pairs
from tests.track.support import TRACK, Start, Track, fields_of, timeless

HIDDEN = (
    "\0",
    "\t",
    "\n",
    "\x1b",
    "\x7f",
    "\x85",
    "\u061c",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
)


@pytest.mark.parametrize("name", sorted(SLS_NAMES))
def test_a_field_that_sls_reserves_is_dropped_and_counted(name: str) -> None:
    spelled = (name, f" {name}", f"{name} ", f"__tag__:{name}", f"__tag__:__tag__: {name}\u00a0")
    log: dict[str, object] = {"a": "1", **dict.fromkeys(spelled, "x"), f"{name}x": "2", f"x{name}": "3"}
    values: tuple[object, ...] = ("x", 1, None, {})
    for value in values:
        log["value"] = value
        batch = read_batch(json.dumps({"__logs__": [{}, log], "__tags__": log}).encode())
        assert set(fields_of(batch)[1]) == {"a", "value", f"{name}x", f"x{name}"}
        assert set(batch.tags or ()) == {"a", "value", f"{name}x", f"x{name}"}
        assert batch.dropped == 2 * len(spelled)


@pytest.mark.parametrize("name", sorted(OWN_NAMES))
@pytest.mark.parametrize("change", [str, str.upper, str.title], ids=["lower", "upper", "title"])
def test_a_sender_tag_is_dropped_as_a_tag_and_as_a_field_with_the_tag_prefix(
    name: str, change: type[str]
) -> None:
    named = change(name)
    tags = (named, f"{named} ", f" {named}", f"__tag__:{named}", f"\u200b{named}")
    fields = (f"__tag__:{named}", f"__tag__: {named}", f"__TAG__:__tag__:{named}", f" __Tag__:{named} ")
    body = {"__logs__": [dict.fromkeys(fields, "x")] * 2, "__tags__": dict.fromkeys((*tags, "mine"), "x")}
    batch = read_batch(json.dumps(body).encode())
    assert fields_of(batch) == [{}, {}]
    assert batch.tags == {"mine": "x"}
    assert batch.dropped == 2 * len(fields) + len(tags)


def test_a_field_with_a_sender_tags_name_is_kept() -> None:
    log = {"client_ip": "1", "referer": "2", "subject": "3", "bot": "4", "Bot": "5", "bottom": "6"}
    batch = read_batch(json.dumps({"__logs__": [log]}).encode())
    assert (fields_of(batch), batch.dropped) == ([log], 0)


@pytest.mark.parametrize("name", sorted(OWN_NAMES))
def test_a_log_of_the_same_names_does_not_let_a_tag_of_the_proxys_pass(name: str) -> None:
    for log in ({name: "x"}, {name: 1}):
        batch = read_batch(json.dumps({"__logs__": [log], "__tags__": {name: "admin"}}).encode())
        assert (batch.tags, batch.dropped) in (({}, 1), ({}, 2))


def test_nothing_is_dropped_of_an_ordinary_batch_and_the_same_names_are_looked_at_once() -> None:
    logs = [{"event": "view", "page": str(number)} for number in range(300)]
    other = [{f"n{number}": "1", "__source__": "x"} for number in range(300)]
    batch = read_batch(json.dumps({"__logs__": logs + other}).encode())
    assert fields_of(batch)[:300] == logs
    assert batch.dropped == 300


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda character: f"U+{ord(character):04X}")
def test_a_name_with_a_control_or_direction_character_is_refused_and_a_value_is_not(
    hidden: str, track: Track
) -> None:
    name = f"a{hidden}b"
    assert track.post(json.dumps({"__logs__": [{"a": name}], "__tags__": {"a": name}})).status == 200
    assert track.last()["__logs__"][0]["a"] == track.last()["__tags__"]["a"] == name
    for body, path in (
        ({"__logs__": [{}, {name: "1"}]}, "$.__logs__[1]"),
        ({"__logs__": [{"x": "1", name: 1}]}, "$.__logs__[0]"),
        ({"__logs__": [{}], "__tags__": {name: "1"}}, "$.__tags__"),
    ):
        reply = track.post(json.dumps(body))
        assert (reply.status, reply.code) == (400, "PostBodyInvalid")
        assert reply.json()["errorMessage"] == f"{path} has a name with a control or direction character"
    assert track.send("GET", TRACK, query={name: "1"}).code == "PostBodyInvalid"
    assert len(track.forwarded) == 1


@pytest.mark.parametrize("name", ["é", "主题", "👩\u200d💻", "a b", "\u0378", "", "a.b-c", "\u2003x"])
def test_other_names_are_kept(name: str) -> None:
    batch = read_batch(json.dumps({"__logs__": [{name: "1"}], "__tags__": {name: "1"}}).encode())
    assert (fields_of(batch), batch.tags) == ([{name: "1"}], {name: "1"})


def test_a_pixel_drops_a_clients_user_agent_and_referer_fields(track: Track) -> None:
    query = {"user_agent": "forged", "referer": "forged", "a": "1"}
    path = TRACK.replace("/track", "/track_ua.gif")
    for headers, fields in (
        ({}, {"a": "1"}),
        ({"User-Agent": "real"}, {"a": "1", "user_agent": "real"}),
        ({"Referer": "https://x.example/"}, {"a": "1", "referer": "https://x.example/"}),
    ):
        asked = {"User-Agent": "", "Referer": "", **headers}
        assert track.send("GET", path, query=query, headers=asked).status == 200
        assert timeless(track.last())["__logs__"] == [fields]
    assert track.send("GET", TRACK, query=query).status == 200
    assert timeless(track.last())["__logs__"] == [query]
    assert read_pairs(query, {"user_agent": None, "referer": "r"}).dropped == 2


@pytest.mark.parametrize("mode", ["full", "truncate", "off"])
@pytest.mark.parametrize(
    "address", ["<script>", "", "1.2.3", "203.0.113.7, 9.9.9.9", "localhost", "1.2.3.4\n"]
)
def test_an_address_is_stored_only_if_it_is_one(address: str, mode: str, start: Start) -> None:
    track = start(CLIENT_IP=mode)
    assert track.send("POST", TRACK, '{"__logs__":[{}]}', source_ip=address).status == 200
    stored = track.last()["__tags__"].get("client_ip")
    if track.custom and stored:  # where the host takes the last entry of a header, else the connection's
        assert ipaddress.ip_address(stored)
    else:
        assert stored is None


def test_dropped_fields_are_counted_in_the_requests_line(
    track: Track, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    tags = '{"Client_IP":"9.9.9.9","k":"v"}'
    body = f'{{"__logs__":[{{"a":"1","__source__":"x"}},{{"__time__":"5"}}],"__tags__":{tags}}}'
    assert track.post(body).status == 200
    assert track.post('{"__logs__":[{"a":"1"}]}').status == 200
    forged, plain = [json.loads(record.getMessage()) for record in caplog.records]
    assert forged["dropped"] == 3
    assert "dropped" not in plain
