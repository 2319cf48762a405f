"""The laptop's second pair of functions: it enforces page tickets, whatever the first does."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local.deployment import Deployment
from local.stack import FREE_PORTS, Stack
from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from shared.settings import SettingError

OWN = b"o" * 32
UPLOAD = {"__logs__": [{"marker": "guarded"}]}
TRACK, TOKEN = "/logstores/checkout/track", "/get_sts_token"


@pytest.fixture(scope="module", params=["builtin", "custom"])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    environ = {"FUNCTION_RUNTIME": request.param}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        yield stack


def ticket(stack: Stack) -> str:
    text: str = httpx.get(f"{stack.site_url}/ticket").json()["ticket"]
    return text


def test_the_usual_pair_needs_no_ticket(stack: Stack) -> None:
    assert httpx.post(stack.functions_url + TRACK, json=UPLOAD).status_code == 200
    assert httpx.get(stack.functions_url + TOKEN).status_code == 200


def test_the_second_pair_takes_nothing_without_one(stack: Stack) -> None:
    answers = [
        httpx.post(stack.guarded_url + TRACK, json=UPLOAD),
        httpx.get(stack.guarded_url + TOKEN),
        httpx.post(f"{stack.guarded_url}/t/x.y.z{TRACK}", json=UPLOAD),
    ]

    assert {answer.json()["errorCode"] for answer in answers} == {"TicketInvalid"}
    assert {answer.status_code for answer in answers} == {403}


def test_it_takes_the_tickets_of_the_site_and_keeps_their_subject(stack: Stack) -> None:
    host = f"{stack.guarded_url}/t/{ticket(stack)}"

    assert httpx.post(host + TRACK, json={"__logs__": [{"marker": "with a ticket"}]}).status_code == 200
    assert httpx.get(host + TOKEN).json().keys() >= {"SecurityToken"}
    (log,) = stack.sls.store.query(contains="with a ticket")
    assert log.tags["subject"] == "customer-42"


def test_it_starts_with_its_first_request() -> None:
    with Stack(ports=FREE_PORTS, environ={}, log=lambda *_: None) as stack:
        assert stack.host.pids("track")
        assert not stack.host.pids("guarded-track")
        httpx.post(stack.guarded_url + TRACK, json=UPLOAD)
        assert stack.host.pids("guarded-track")
        assert not stack.host.pids("guarded-token")


@pytest.mark.parametrize("mode", ["off", "audit", "enforce"])
def test_configured_keys_are_used_and_the_first_pair_follows_the_settings(mode: str) -> None:
    environ = {"TICKETS": mode, "TICKET_KEYS": f"own:{to_base64url(OWN)}", "TICKET_MAX_SECONDS": "60"}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        assert httpx.post(f"{stack.guarded_url}/t/{ticket(stack)}{TRACK}", json=UPLOAD).status_code == 200
        expected = 403 if mode == "enforce" else 200
        assert httpx.post(stack.functions_url + TRACK, json=UPLOAD).status_code == expected


def test_each_start_generates_a_new_key() -> None:
    one, other = Deployment({}).ticket_keys, Deployment({}).ticket_keys

    assert one.keys() == other.keys() == {"local"}
    assert one != other
    assert len(one["local"]) == 32
    assert issue("local", one["local"], {}) != issue("local", other["local"], {})


@pytest.mark.parametrize(
    "setting",
    [
        {"TICKET_KEYS": f"a:{to_base64url(b's' * 31)}"},
        {"TICKET_MAX_SECONDS": "0"},
        {"TICKET_MAX_SECONDS": "31536001"},
    ],
)
def test_a_bad_setting_stops_the_start_by_name_and_shows_no_key(setting: dict[str, str]) -> None:
    ((name, held),) = setting.items()

    with pytest.raises(SettingError) as raised:
        Deployment(setting)

    assert raised.value.name == name
    assert name != "TICKET_KEYS" or held.partition(":")[2] not in str(raised.value)
