"""Builds the web site's application."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from local.site.api import api_routes
from local.site.charts import Sources
from local.site.outage import Outage
from local.site.pages import page_routes
from local.site.security import SecurityHeaders
from local.site.spool import SpoolView
from local.site.tickets import TicketDesk
from local.sls.reads import Reader
from local.sls.store import Store

# Another site must not read the logs with a host name that resolves to this machine (DNS rebinding).
OWN_NAMES = ("127.0.0.1", "localhost")


def create_site(
    store: Store,
    *,
    functions_url: str,
    sls_url: str,
    project: str,
    logstores: Sequence[str],
    web_dist: Path,
    outage: Outage | None = None,
    spool: SpoolView | None = None,
    reader: Reader | None = None,
    function_logstore: str = "",
    tickets: TicketDesk | None = None,
) -> ASGIApp:
    """The sample page on ``/``, the console on ``/console``, its data below ``/api``.

    `functions_url` and `sls_url` are the addresses of the functions and SLS for the browser. `web_dist` is
    the built page; if it is missing, ``/`` says how to build it. The console has a switch for `outage`, and
    shows `spool`. With a `reader` of the same store it has charts of the pages' `logstores` and of the
    functions' Logstore. `tickets` issues the page's tickets.
    """
    pages = page_routes(
        functions_url=functions_url,
        sls_url=sls_url,
        project=project,
        logstores=logstores,
        web_dist=web_dist,
        function_logstore=function_logstore,
        tickets=tickets,
    )
    charts = Sources(store, reader, project, tuple(logstores), function_logstore) if reader else None
    return Starlette(
        routes=[*api_routes(store, outage, spool, charts), *pages],
        middleware=[
            Middleware(SecurityHeaders, connect_to=(functions_url, sls_url)),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(OWN_NAMES), www_redirect=False),
        ],
    )
