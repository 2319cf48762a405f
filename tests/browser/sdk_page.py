"""A page with nothing in it but the published SDK's own script files, and somebody who calls it."""

from __future__ import annotations

import uuid

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from local.fc.function import ROOT
from local.sls.store import StoredLog
from local.stack import Stack
from tests.browser.engines import Tab
from tests.browser.visitor import wait_until

PACKAGES = ROOT / "web" / "node_modules" / "@aliyun-sls"
SCRIPTS = {
    "track.js": PACKAGES / "web-track-browser" / "dist" / "web-track-browser.global.js",
    "sts.js": PACKAGES / "web-sts-plugin" / "dist" / "web-sts-plugin.global.js",
}
PAGE = """<!doctype html><meta charset="utf-8"><title>SDK</title><link rel="icon" href="data:,">
<script src="/track.js"></script><script src="/sts.js"></script>"""
ELSEWHERE = "<!doctype html><title>another page</title><link rel='icon' href='data:,'>"

NEW_TRACKER = """
    const [options, sts] = given;
    const never = { time: 600, count: 100 }; // nothing leaves the queue by itself
    window.tracker = new SLS_Tracker({ logstore: "web-tracking-logstore", ...never, ...options });
    if (!sts) return;
    const credential = await (await fetch(sts)).json();
    tracker.useStsPlugin(stsPlugin({
        accessKeyId: credential.AccessKeyId,
        accessKeySecret: credential.AccessKeySecret,
        securityToken: credential.SecurityToken,
        refreshSTSTokenInterval: 300000,
        stsTokenFreshTime: Date.now(),
        refreshSTSToken: async () => {},
    }));
"""
OBSERVE_XHR = """
    const send = XMLHttpRequest.prototype.send;
    window.answers = [];
    XMLHttpRequest.prototype.send = function (body) {
        this.addEventListener("loadend", () => answers.push(this.status));
        return send.call(this, body);
    };
"""


async def _page(_: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def _elsewhere(_: Request) -> HTMLResponse:
    return HTMLResponse(ELSEWHERE)


async def _script(request: Request) -> FileResponse:
    return FileResponse(SCRIPTS[request.path_params["name"]], media_type="text/javascript")


site = Starlette(
    routes=[
        Route("/", _page),
        Route("/elsewhere", _elsewhere),
        Route("/{name}", _script),
    ]
)


class SdkUser:
    """Calls the SDK in one tab; `note` is in every log sent, and in no other test's."""

    def __init__(self, stack: Stack, site_url: str, tab: Tab) -> None:
        self.stack, self.tab = stack, tab
        self.allowed_site = site_url.replace("127.0.0.1", "localhost")
        self.refused_site = site_url
        self.note = f"note-{uuid.uuid4().hex}"
        self._closed = False

    def close(self) -> None:
        """Close the tab, if it is still open."""
        if not self._closed:
            self._closed = True
            self.tab.close()

    def track(self, *, host: str | None = None, refused: bool = False, **options: object) -> None:
        """Open the page with a tracker that uploads to the track function, or to `host`."""
        self.tab.open(self.refused_site if refused else self.allowed_site)
        self.tab.run(NEW_TRACKER, {"host": host or self.stack.functions_url, **options}, None)

    def ticket(self, **options: object) -> None:
        """Open the page with a tracker whose host holds a ticket of the site's."""
        ticket = httpx.get(f"{self.stack.site_url}/ticket").json()["ticket"]
        self.track(host=f"{self.stack.guarded_url}/t/{ticket}", refused=False, **options)

    def sts(self, *, host: str | None = None, **options: object) -> None:
        """Open the page with a tracker in STS mode, which uploads to SLS, or to `host`."""
        self.tab.open(self.allowed_site)
        token = f"{self.stack.functions_url}/get_sts_token"
        self.tab.run(NEW_TRACKER, {"host": host or self.stack.sls_url, **options}, token)

    def call(self, method: str, logs: object) -> None:
        """Call one of the tracker's methods."""
        self.tab.run("tracker[given[0]](given[1])", method, logs)

    def queue_four(self) -> None:
        """Put four logs into the tracker's queue, in two calls."""
        self.call("send", {"note": self.note})
        self.call("sendBatchLogs", [{"note": self.note, "position": n} for n in (1, 2, 3)])

    def observe_xhr(self) -> None:
        """From now on note how XMLHttpRequests of the page are answered; 0: not for this page to see."""
        self.tab.run(OBSERVE_XHR)

    def wait_for_xhr(self) -> None:
        """Wait until an XMLHttpRequest of the page has been answered 200."""
        wait_until(lambda: bool(self.xhr_answers()))
        assert self.xhr_answers() == [200]

    def xhr_answers(self) -> list[int]:
        """The statuses noted so far."""
        answers: list[int] = self.tab.run("return answers")
        return answers

    def stored(self) -> list[StoredLog]:
        """What has arrived so far, oldest first."""
        return self.stack.sls.store.query(contains=self.note, limit=1000)[::-1]

    def wait_for_logs(self, count: int) -> list[StoredLog]:
        """Wait until `count` logs have arrived; more than that is a failure too."""
        wait_until(lambda: len(self.stored()) >= count)
        logs = self.stored()
        assert len(logs) == count
        return logs
