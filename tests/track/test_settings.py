"""track's settings: an invalid one stops the start; the default address of writes."""

from __future__ import annotations

import pytest

from functions.track.settings import TrackSettings
from shared.access.tickets import to_base64url
from shared.settings import SettingError
from tests.support.fc import context, event
from tests.support.raw_server import RawServer
from tests.track.support import SETTINGS, TRACK, check, fresh_index

ONE = '{"__logs__":[{"a":"1"}]}'
NOBODY = "https://origin-not-allowed.invalid"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLS_PROJECT", ""),
        ("SLS_PROJECT", "Evil.example/"),
        ("SLS_LOGSTORES", ""),
        ("SLS_LOGSTORES", "ok-store,../x"),
        ("SLS_LOGSTORES", "ok-store,,other"),
        ("SLS_WRITE", "both"),
        ("SLS_ENDPOINT", "ftp://host"),
        ("SLS_ENDPOINT", "https://user@host"),
        ("SLS_REGION", "cn hangzhou"),
        ("ALLOWED_ORIGINS", "*"),
        ("ORIGIN_MODE", "off"),
        ("MISSING_ORIGIN", "maybe"),
        ("CLIENT_IP", "half"),
        ("CLIENT_IP_HEADER", "x y"),
        ("TICKETS", "on"),
        ("RATE_LIMIT", "client 20"),
        ("RATE_MODE", "off"),
        ("BOTS", "yes"),
        ("GPC", "maybe"),
        ("REFERER", "host"),
        ("IGNORE_IPS", "203.0.113.7/24"),
        ("IGNORE_IPS", "203.0.113.0/33"),
        ("IGNORE_IPS", "2001:db8::/129"),
        ("IGNORE_IPS", "203.0.113.0/"),
        ("IGNORE_IPS", "203.0.113.0/024"),
        ("IGNORE_IPS", "office"),
        ("DROP_FIELDS", "password,*"),
        ("DROP_FIELDS", "a,,b"),
        ("TICKET_KEYS", "a:SECRET"),
        ("TICKET_KEYS", f"a:SECRET{'A' * (42 - len('SECRET'))}"),  # 31 bytes
        ("TICKET_MAX_SECONDS", "0"),
        ("TICKET_MAX_SECONDS", "31536001"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named_in_the_log_only(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for setting, usual in {**SETTINGS, name: value}.items():
        monkeypatch.setenv(setting, usual)
    module = fresh_index()
    with pytest.raises(SettingError, match=name):
        module.initialize(context())
    reply = check(module.handler(event("POST", TRACK, ONE), context()))
    assert (reply.status, reply.code) == (500, "InternalServerError")
    assert reply.headers["access-control-allow-origin"] == NOBODY
    assert name not in reply.body.decode()
    assert name in caplog.text
    assert "SECRET" not in caplog.text


def test_the_default_endpoint_is_the_projects_own_in_its_region() -> None:
    def address(**more: str) -> str:
        return TrackSettings.read({**SETTINGS, **more}).address

    assert address() == "https://webtracking-demo.cn-hangzhou.log.aliyuncs.com"
    intranet = "cn-hangzhou-intranet.log.aliyuncs.com"
    assert address(SLS_ENDPOINT=intranet) == f"https://webtracking-demo.{intranet}"
    with RawServer() as server:
        assert address(SLS_ENDPOINT=server.url) == server.url


@pytest.mark.parametrize("mode", ["audit", "enforce"])
def test_tickets_need_keys(mode: str) -> None:
    with pytest.raises(SettingError, match=rf"^TICKET_KEYS .*kid:base64url, since TICKETS is {mode}$"):
        TrackSettings.read({**SETTINGS, "TICKETS": mode})


@pytest.mark.parametrize("seconds", ["1", "31536000"])
def test_the_shortest_and_the_longest_life_of_a_ticket_are_taken(seconds: str) -> None:
    TrackSettings.read({**SETTINGS, "TICKET_MAX_SECONDS": seconds})


def test_a_ticket_key_of_32_bytes_is_taken() -> None:
    keys = f"a:{to_base64url(bytes(32))}"
    assert TrackSettings.read({**SETTINGS, "TICKETS": "enforce", "TICKET_KEYS": keys}).gate is not None
