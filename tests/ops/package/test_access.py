"""Packages in isolation, with optional features: bots, tickets, limits, a shared store."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from ops.package.build import Built, build
from ops.package.contents import BUILT_IN, RECIPES
from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from tests.ops.package.alone import event, invoke, python_of
from tests.support.raw_server import RawServer
from tests.support.redis import RedisServer

TRACK = "/logstores/web/track"
ONE = '{"__logs__":[{"n":"1"}]}'
KEY = b"k" * 32
SETTINGS = {
    "FC_REGION": "cn-hangzhou",
    "SLS_PROJECT": "shop-logs",
    "SLS_LOGSTORES": "web",
    "RATE_LIMIT": "client 1/h burst 2",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
}


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_everything_but_the_store_is_in_the_usual_package(runtime: str, packages: dict[str, Built]) -> None:
    ticket = issue("a", KEY, {"exp": time.time() + 600})
    settings = {"TICKETS": "enforce", "TICKET_KEYS": f"a:{to_base64url(KEY)}", "BOTS": "drop"}
    path = f"/t/{ticket}{TRACK}"
    events = [
        event(TRACK, ONE),
        event(path, ONE, headers={"User-Agent": "Googlebot/2.1"}),
        event(path, ONE),
        event(path, ONE),
    ]
    with RawServer() as server:
        environ = {**SETTINGS, **settings, "SLS_ENDPOINT": server.url}
        answers = invoke(python_of(runtime), packages["track"].directory, events, environ)["answers"]
    assert [answer["statusCode"] for answer in answers] == [403, 200, 200, 429]
    assert answers[1]["headers"]["x-log-dropped"] == "bot"


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_a_store_needs_a_package_with_its_client(
    runtime: str, packages: dict[str, Built], tmp_path: Path
) -> None:
    python = python_of(runtime)
    with_client = build(RECIPES["track"].with_store(), runtime, tmp_path / "track").directory
    with RedisServer() as store, RawServer() as server:
        environ = {**SETTINGS, "RATE_LIMIT_STORE": store.url, "SLS_ENDPOINT": server.url}
        # Until the connection is open, requests pass uncounted, however many.
        ran = invoke(python, with_client, [event(TRACK, ONE)] * 2000, environ)
        starting = "import sys; sys.path.insert(0, '.'); import index; index.initialize(None)"
        command = [python, "-I", "-S", "-B", "-c", starting]
        failed = subprocess.run(
            command, cwd=packages["track"].directory, env=environ, capture_output=True, text=True, check=False
        )
    assert ran["answers"][-1]["statusCode"] == 429
    assert "redis" in ran["modules"]
    assert "RATE_LIMIT_STORE" in failed.stderr
    assert "make package" in failed.stderr
    assert store.url not in failed.stderr
