"""WebKitGTK's MiniBrowser on an invisible display, by WebKitWebDriver.

Protocol: https://www.w3.org/TR/webdriver2/. All tabs share one profile, which nothing is written of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.browser.engines.tab import COMMAND_SECONDS, LAUNCH_SECONDS, EngineFailed, arguments, function
from tests.support.children import child, wait_for
from tests.support.ports import free_port

MINIBROWSER = "webkit2gtk-4.1/MiniBrowser"
LIBRARIES = Path("/usr/lib")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name for a reference to an element
# No GPU; no session bus or accessibility bus, whose daemons would outlive the browser; no settings on disk.
ENVIRONMENT = {
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    "NO_AT_BRIDGE": "1",
    "GTK_A11Y": "none",
    "GSETTINGS_BACKEND": "memory",
}
# A window that a script opened may close itself; a browser opens one only after a real click.
OPENER = """
    document.body.innerHTML = "<button>open</button>";
    const button = document.querySelector("button");
    button.addEventListener("click", () => window.open("about:blank"));
    return button;
"""


def minibrowser() -> Path | None:
    """Debian's MiniBrowser, in the directory of whatever architecture this is."""
    return next(iter(sorted(LIBRARIES.glob(f"*/{MINIBROWSER}"))), None)


@contextmanager
def webkit(driver: str, binary: Path, home: Path) -> Iterator[WebKit]:
    """Run MiniBrowser; `home` takes what it writes. Raises EngineFailed if anything does not start."""
    with _display(home) as display:
        port = free_port()
        environment = {**ENVIRONMENT, "DISPLAY": display}
        with (
            child([driver, f"--port={port}"], home=home, environment=environment) as process,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=LAUNCH_SECONDS, trust_env=False
            ) as client,
        ):
            wait_for(lambda: _answers(client), process, LAUNCH_SECONDS)
            browser = WebKit(client, binary)
            try:
                yield browser
            finally:
                browser.quit()


@contextmanager
def _display(home: Path) -> Iterator[str]:
    """Run Xvfb, which chooses a free display itself, and give the display's name."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with os.fdopen(reader) as number:
        try:
            process = child(command, home=home, pass_fds=(writer,))
            with process:
                os.close(writer)
                writer = -1
                # The whole line: Xvfb would die of a pipe closed before its line end.
                line = number.readline().strip()
                if not line:
                    raise EngineFailed("Xvfb ended before it had a display")
                yield f":{line}"
        finally:
            if writer >= 0:
                os.close(writer)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/status").is_success
    except httpx.TransportError:
        return False


class WebKit:
    """A running MiniBrowser with one tab of its own, from which it opens the tests'."""

    name = "webkit"

    def __init__(self, client: httpx.Client, binary: Path) -> None:
        self._client = client
        options = {"binary": str(binary), "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self._session = ""
        self._session = (
            f"/session/{self.call('POST', '/session', {'capabilities': capabilities})['sessionId']}"
        )
        client.timeout = httpx.Timeout(COMMAND_SECONDS)
        self._first = self.call("GET", "/window")

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Send one command; its value. Raises EngineFailed with the error that the driver names."""
        answer = self._client.request(method, self._session + path, json=body)
        value = answer.json()["value"]
        if not answer.is_success:
            raise EngineFailed(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def tab(self) -> WebKitTab:
        """Open a window; it shares its cookies and caches with the others."""
        self.call("POST", "/window", {"handle": self._first})
        before = set(self.call("GET", "/window/handles"))
        button = self.call("POST", "/execute/sync", {"script": OPENER, "args": []})[ELEMENT]
        self.call("POST", f"/element/{button}/click", {})
        new: set[str] = wait_for(
            lambda: set(self.call("GET", "/window/handles")) - before, None, COMMAND_SECONDS
        )
        return WebKitTab(self, new.pop())

    def quit(self) -> None:
        """End the session, and MiniBrowser with it."""
        self.call("DELETE", "")


class WebKitTab:
    """A window of MiniBrowser."""

    def __init__(self, browser: WebKit, handle: str) -> None:
        self._browser, self._handle = browser, handle

    def open(self, url: str) -> None:
        """Go to `url` and wait until it has loaded."""
        self._select()
        self._browser.call("POST", "/url", {"url": url})

    def run(self, body: str, *given: object) -> Any:
        """Run `body` as an async function of `given`. Raises EngineFailed with what it throws."""
        self._select()
        script = f"return ({function(body)})(arguments[0])"
        return json.loads(
            self._browser.call("POST", "/execute/sync", {"script": script, "args": [arguments(given)]})
        )

    def close(self) -> None:
        """Close it by its own script: the driver's command would give the page no `beforeunload`."""
        self._select()
        self._browser.call("POST", "/execute/sync", {"script": "window.close()", "args": []})

    def _select(self) -> None:
        self._browser.call("POST", "/window", {"handle": self._handle})
