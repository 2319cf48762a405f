"""Somebody with the sample page open, and what has come of it in the SLS stand-in."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from local.sls.store import StoredLog
from local.stack import Stack

PATIENCE = 60.0  # seconds until something that should happen has not
POLL = 0.02  # seconds


class Visitor:
    """Works the sample page; `note` is in every log that its panel sends, and in no other test's."""

    def __init__(self, stack: Stack, page: Page) -> None:
        self.stack = stack
        self.page = page
        self.note = f"note-{uuid.uuid4().hex}"
        self.allowed_site = stack.site_url.replace("127.0.0.1", "localhost")
        self.refused_site = stack.site_url

    def open(self, *, site: str | None = None, **options: str) -> None:
        """Open the page with `options` as its query, wait until it works, and write the note."""
        self.page.goto(f"{site or self.allowed_site}/{_query(options)}")
        self.page.locator("body[data-ready]").wait_for()
        self.write(self.note)

    def write(self, note: str) -> None:
        """Put `note` into the page's text field."""
        self.page.locator("#note").fill(note)

    def press(self, call: str) -> None:
        """Press the button of one of the panel's calls, such as ``sendImmediate``."""
        self.page.locator(f"#call-{call}").click()

    def line(self, call: str, line: str) -> Locator:
        """One line of the receipt under a call: request, answer or stored."""
        return self.page.locator(f"#receipt-{call} dd[data-line={line}]")

    def expect_answer(self, call: str, text: str) -> None:
        """Wait until the receipt shows an answer that contains `text`."""
        expect(self.line(call, "answer")).to_contain_text(text, timeout=PATIENCE * 1000)

    def stored(self, contains: str | None = None) -> list[StoredLog]:
        """What has arrived so far with the note, or with `contains`, oldest first."""
        return self.stack.sls.store.query(contains=contains or self.note, limit=1000)[::-1]

    def wait_for_logs(self, count: int, contains: str | None = None) -> list[StoredLog]:
        """Wait until `count` logs have arrived; more than that is a failure too."""
        wait_until(lambda: len(self.stored(contains)) >= count)
        logs = self.stored(contains)
        assert len(logs) == count
        return logs


def wait_until(happened: Callable[[], bool]) -> bool:
    """Wait for something outside the browser; False if it has not happened in `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _query(options: Mapping[str, str]) -> str:
    return f"?{urlencode(options)}" if options else ""
