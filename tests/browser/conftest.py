"""Real browsers, and everything that `make run` starts. One of each for all tests.

Without a browser or the built page its tests are skipped; with REQUIRE_BROWSER=1 they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from local.serving import Server
from local.stack import FREE_PORTS, WEB_DIST, Stack
from tests.browser.engines import LAUNCH_SECONDS, Engine
from tests.browser.engines.chromium import Chromium
from tests.browser.engines.launch import NotInstalled, launched
from tests.browser.sdk_page import SCRIPTS, SdkUser, site
from tests.browser.visitor import PATIENCE, Visitor

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
expect.set_options(timeout=1000 * PATIENCE)  # instead of 5 s, which a busy machine may take for anything
# Nothing but the tests' own requests, on machines without a GPU or a user to sandbox for.
CHROMIUM_OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _missing(what: str) -> NoReturn:
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {what}")
    pytest.skip(what)


# Per package: while Playwright runs, this thread has a running event loop, which other tests must not meet.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        _missing("no Chromium on PATH: on Debian, `apt-get install chromium`")
    if not (WEB_DIST / "index.html").is_file():
        _missing("web/dist is not built: `make web`, which needs Node.js")
    options = [*CHROMIUM_OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=options, timeout=1000 * LAUNCH_SECONDS
        )
        yield chromium
        chromium.close()


class FunctionLog:
    """What the functions have logged: the only witness of an answer that a browser hides from a page."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, function: str, request_id: str, line: str) -> None:
        self.lines.append(f"{function} {request_id} {line}")


@pytest.fixture(scope="package")
def function_log() -> FunctionLog:
    return FunctionLog()


@pytest.fixture(scope="package")
def stack(function_log: FunctionLog) -> Iterator[Stack]:
    """Everything, with an allowlist: a page on localhost is allowed, the same page on 127.0.0.1 is not.

    The functions run as the tests' own environment says: FUNCTION_RUNTIME=custom for the concurrent host.
    """
    environ = {"ALLOWED_ORIGINS": "http://localhost:*", "FUNCTION_RUNTIME": os.getenv("FUNCTION_RUNTIME", "")}
    with Stack(ports=FREE_PORTS, environ=environ, log=function_log, replay_every=1) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1280, "height": 900})
    fresh.set_default_timeout(1000 * PATIENCE)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab; the test fails if any script in it throws."""
    tab = context.new_page()
    thrown: list[str] = []
    tab.on("pageerror", lambda error: thrown.append(str(error)))
    yield tab
    assert thrown == []


@pytest.fixture
def visitor(stack: Stack, page: Page) -> Visitor:
    return Visitor(stack, page)


@pytest.fixture(scope="package", params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn; Chromium is the one of the other tests."""
    if not all(script.is_file() for script in SCRIPTS.values()):
        _missing("the SDK's packages are not in web/node_modules: `make web`, which needs Node.js")
    if request.param == "chromium":
        yield Chromium(request.getfixturevalue("browser"))
        return
    try:
        with launched(request.param) as running:
            yield running
    except NotInstalled as missing:
        _missing(str(missing))


@pytest.fixture(scope="package")
def sdk_site() -> Iterator[str]:
    """The address of a page that holds the published SDK and nothing else."""
    with Server(site) as server:
        yield server.url


@pytest.fixture
def sdk_user(stack: Stack, sdk_site: str, engine: Engine) -> Iterator[SdkUser]:
    user = SdkUser(stack, sdk_site, engine.tab())
    yield user
    user.close()
