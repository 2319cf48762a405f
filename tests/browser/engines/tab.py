"""What a test needs of a browser engine: a tab that opens addresses, runs scripts and closes."""

from __future__ import annotations

import json
from typing import Any, Protocol

LAUNCH_SECONDS = 180.0  # a launch took 81 s on a busy machine
COMMAND_SECONDS = 60.0


class EngineFailed(Exception):
    """A browser did not start, or refused a command."""


class Tab(Protocol):
    """One page."""

    def open(self, url: str) -> None:
        """Go to `url` and wait until it has loaded. The page before it is left as by a user."""

    def run(self, body: str, *given: object) -> Any:
        """Run `body` as an async function of `given`; its result. Both are carried as JSON."""

    def close(self) -> None:
        """Close it as a user does: the page gets `beforeunload`."""


class Engine(Protocol):
    """A running browser."""

    name: str

    def tab(self) -> Tab:
        """Open a new tab."""


def function(body: str) -> str:
    """The source of a JavaScript function from JSON text to a promise of JSON text.

    As text, so that values, half an emoji among them, take the same way through three drivers.
    """
    called = f"await (async (...given) => {{ {body} }})(...JSON.parse(text))"
    return f"async (text) => JSON.stringify({called}) ?? 'null'"


def arguments(given: tuple[object, ...]) -> str:
    """The text that `function` takes; ASCII only."""
    return json.dumps(given)
