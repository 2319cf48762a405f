"""Chromium, by Playwright: the browser of the other tests, with a fresh profile for each tab."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.engines.tab import arguments, function


class Chromium:
    """A running Chromium; whoever launched it closes it."""

    name = "chromium"

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def tab(self) -> ChromiumTab:
        """Open a tab with a profile of its own."""
        return ChromiumTab(self._browser.new_context().new_page())


class ChromiumTab:
    """A tab of Chromium."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> None:
        """Go to `url` and wait until it has loaded."""
        self._page.goto(url)

    def run(self, body: str, *given: object) -> Any:
        """Run `body` as an async function of `given`."""
        return json.loads(self._page.evaluate(function(body), arguments(given)))

    def close(self) -> None:
        """Close it; the page gets `beforeunload`."""
        self._page.close(run_before_unload=True)
