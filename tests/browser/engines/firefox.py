"""Firefox, by the WebDriver BiDi server that it contains: no geckodriver, which Debian does not ship.

Protocol: https://w3c.github.io/webdriver-bidi/. Firefox writes the port that it took to
WebDriverBiDiServer.json in its profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from tests.browser.engines.tab import COMMAND_SECONDS, LAUNCH_SECONDS, EngineFailed, arguments, function
from tests.support.children import child, wait_for

# Firefox's own recommendations for automation come by themselves; these keep it off the network.
PREFERENCES: dict[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}
# Its crash reporter is a process outside the group that the test can kill.
ENVIRONMENT = {"MOZ_CRASHREPORTER_DISABLE": "1"}


@contextmanager
def firefox(executable: str, home: Path) -> Iterator[Firefox]:
    """Run Firefox without a window; `home` takes its profile. Raises EngineFailed if it does not start."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (home / "user.js").write_text("\n".join(lines))
    command = [
        executable,
        "--headless",
        "--no-remote",
        "--profile",
        str(home),
        "--remote-debugging-port",
        "0",
    ]
    with child(command, home=home, environment=ENVIRONMENT) as process:
        address = wait_for(lambda: _address(home), process, LAUNCH_SECONDS)
        socket = create_connection(f"{address}/session", timeout=LAUNCH_SECONDS, suppress_origin=True)
        try:
            yield Firefox(socket)
        finally:
            socket.close()


def _address(profile: Path) -> str | None:
    try:
        server = json.loads((profile / "WebDriverBiDiServer.json").read_text())
    except (FileNotFoundError, ValueError):  # not there, or not written in full
        return None
    return f"ws://{server['ws_host']}:{server['ws_port']}"


class Firefox:
    """A running Firefox."""

    name = "firefox"

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._commands = 0
        self.call("session.new", capabilities={})
        socket.settimeout(COMMAND_SECONDS)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send one command; its result. Raises EngineFailed with the error that Firefox names."""
        self._commands += 1
        self._socket.send(json.dumps({"id": self._commands, "method": method, "params": params}))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv())
            if answer.get("id") == self._commands:
                break
        if answer["type"] == "error":
            raise EngineFailed(f"{method}: {answer['error']}: {answer['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def tab(self) -> FirefoxTab:
        """Open a tab with cookies and caches of its own (a "user context")."""
        profile = self.call("browser.createUserContext")["userContext"]
        return FirefoxTab(
            self, self.call("browsingContext.create", type="tab", userContext=profile)["context"]
        )


class FirefoxTab:
    """A tab of Firefox."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser, self._context = browser, context

    def open(self, url: str) -> None:
        """Go to `url` and wait until it has loaded."""
        self._browser.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, body: str, *given: object) -> Any:
        """Run `body` as an async function of `given`. Raises EngineFailed with what it throws."""
        answer = self._browser.call(
            "script.callFunction",
            functionDeclaration=function(body),
            arguments=[{"type": "string", "value": arguments(given)}],
            awaitPromise=True,
            target={"context": self._context},
        )
        if answer["type"] == "exception":
            raise EngineFailed(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def close(self) -> None:
        """Close it; the page gets `beforeunload`."""
        self._browser.call("browsingContext.close", context=self._context, promptUnload=True)
