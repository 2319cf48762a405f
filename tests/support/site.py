"""The console's site for a store of the tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from local.serving import Server
from local.site import create_site
from local.sls.reads import Reader
from local.sls.store import Store


def demo_site(
    store: Store, web_dist: Path, *, sls_url: str = "http://127.0.0.1:9001", **more: Any
) -> ASGIApp:
    """Return the site of the Project `demo` with two Logstores; `more` as for `create_site`."""
    return create_site(
        store,
        functions_url="http://127.0.0.1:9000",
        sls_url=sls_url,
        project="demo",
        logstores=["shop", "checkout"],
        web_dist=web_dist,
        **more,
    )


@contextlib.contextmanager
def serving_with_charts(store: Store, web_dist: Path) -> Iterator[Server]:
    """Serve it with charts; the functions' log lines are in the Logstore `function-logs`."""
    with contextlib.closing(Reader(store)) as reader:
        app = demo_site(store, web_dist, reader=reader, function_logstore="function-logs")
        store.set_apart("function-logs")
        with Server(app) as server:
            yield server
