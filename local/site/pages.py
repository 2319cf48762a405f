"""The pages: the built sample page with its ``/config.json``, and the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from local.site.tickets import TicketDesk

STATIC = Path(__file__).with_name("static")


class _Files(StaticFiles):
    """Files that a browser revalidates each time, except those with a checksum in their name."""

    def __init__(self, directory: Path, *, hashed: str = "") -> None:
        super().__init__(directory=directory, check_dir=False)
        self._hashed = hashed

    async def check_config(self) -> None:
        """Treat a missing folder as empty: the page may be built later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        hashed = bool(self._hashed) and path.startswith(self._hashed)
        response.headers["cache-control"] = "max-age=31536000, immutable" if hashed else "no-cache"
        return response


def page_routes(
    *,
    functions_url: str,
    sls_url: str,
    project: str,
    logstores: Sequence[str],
    web_dist: Path,
    function_logstore: str,
    tickets: TicketDesk | None = None,
) -> list[BaseRoute]:
    """Routes of the pages; `web_dist` is read on each request, because it may be built later.

    With `tickets`, the page can ask for one at ``/ticket``.
    """
    config = {
        "functionsUrl": functions_url,
        "slsUrl": sls_url,
        "project": project,
        "logstores": list(logstores),
        **({"functionLogstore": function_logstore} if function_logstore else {}),
        **({"guardedUrl": tickets.url} if tickets else {}),
    }

    async def sample_page(_request: Request) -> Response:
        built = web_dist / "index.html"
        return _page(built if built.is_file() else STATIC / "unbuilt.html")

    async def console(_request: Request) -> Response:
        return _page(STATIC / "console.html")

    async def config_json(_request: Request) -> Response:
        return JSONResponse(config, headers={"cache-control": "no-store"})

    return [
        Route("/", sample_page),
        Route("/console", console),
        Route("/config.json", config_json),
        *([Route("/ticket", tickets.answer)] if tickets else []),
        Mount("/console/static", _Files(STATIC)),
        Mount("/", _Files(web_dist, hashed="assets/")),
    ]


def _page(path: Path) -> Response:
    return FileResponse(path, media_type="text/html", headers={"cache-control": "no-cache"})
