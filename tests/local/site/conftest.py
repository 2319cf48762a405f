from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from local.faults import Faults
from local.serving import Server
from local.site import Outage, SpoolView
from local.sls.store import NewLog, Store
from tests.local.current import Current
from tests.support.site import demo_site

Add = Callable[..., None]


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store()
    yield opened
    opened.close()


@pytest.fixture
def add(store: Store) -> Add:
    """Stores one log with the given fields."""

    def add_log(
        logstore: str = "shop",
        *,
        at: int = 1_700_000_000,
        topic: str = "",
        tags: dict[str, str] | None = None,
        **fields: str,
    ) -> None:
        log = NewLog("demo", logstore, at, time.time(), topic, "page", tags or {}, fields)
        store.append([log])

    return add_log


@pytest.fixture
def web_dist(tmp_path: Path) -> Path:
    """Where a built sample page would be; empty."""
    return tmp_path / "dist"


@pytest.fixture
def outage() -> Outage:
    return Outage(Faults())


@pytest.fixture
def names() -> list[str]:
    """The objects in the spool's bucket, to be added to; the spool's prefix is ``spool/``."""
    return []


@pytest.fixture
def app(store: Store, web_dist: Path) -> ASGIApp:
    return demo_site(store, web_dist, sls_url="http://127.0.0.1:9001/prefix")


@pytest.fixture
def app_with_outage(store: Store, web_dist: Path, outage: Outage, names: list[str]) -> ASGIApp:
    return demo_site(store, web_dist, outage=outage, spool=SpoolView(lambda: names, "spool/"))


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture
def site(app: ASGIApp, current: Current, client: httpx.Client) -> httpx.Client:
    current.app = app
    return client


@pytest.fixture
def outage_site(app_with_outage: ASGIApp) -> Iterator[httpx.Client]:
    """The site with a switch and a spool to show, on a server of its own."""
    with Server(app_with_outage) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture
def streaming_site(app: ASGIApp) -> Iterator[httpx.Client]:
    """A server of its own, which ends the streams that a test leaves open."""
    with Server(app) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client
