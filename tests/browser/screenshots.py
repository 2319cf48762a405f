"""`make screenshots`: pictures of the sample page, the console and its charts, into docs/images.

A minute in the life of a shop, with an outage in it, on everything that `make run` starts.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from local.sls.store import NewLog
from local.stack import FREE_PORTS, Stack
from tests.browser.conftest import CHROMIUM_NAMES, CHROMIUM_OPTIONS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT, PHONE = 1200, 640, 390
MINUTES = 14  # before now, in which something came
EVENTS = ("view_product", "view_product", "view_product", "add_to_cart", "checkout")
BROWSERS = ("Chrome/130.0 Safari/537.36", "Chrome/130.0 Safari/537.36", "Firefox/132.0", "Edg/130.0")
SITES = ("https://search.example.org/q", "https://news.example.net/a")


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    with Stack(ports=FREE_PORTS, environ={}, log=lambda *_: None) as stack, sync_playwright() as playwright:
        options = [*CHROMIUM_OPTIONS, "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        chance = random.Random(7)
        console = f"{stack.site_url}/console"
        _live(stack, chance)
        _take(browser, stack.site_url, "page-light", dark=False)
        _take(browser, f"{console}?f.eventType=checkout", "console-light", dark=False)
        _take(browser, f"{console}?view=charts&board=events", "charts-light", dark=False)
        _outage(stack, chance)
        _take(browser, f"{console}?view=charts&board=health", "health-dark", dark=True)
        _take(browser, f"{console}?view=charts&board=events", "charts-phone", dark=True, width=PHONE)
        _take(browser, console, "console-phone", dark=False, width=PHONE)
        browser.close()


def _live(stack: Stack, chance: random.Random) -> None:
    now, project, logstore = int(time.time()), stack.deployment.project, stack.deployment.logstores[0]
    stack.sls.store.append(
        NewLog(project, logstore, now - 60 * age, now - 60 * age, "", "", _tags(chance), _fields(chance))
        for age in range(MINUTES, 0, -1)
        for _ in range(chance.randint(20, 90))
    )
    for _ in range(40):
        _send(stack, chance)


def _outage(stack: Stack, chance: random.Random) -> None:
    stack.outage.switch(up=False)
    for _ in range(6):
        _send(stack, chance)


def _send(stack: Stack, chance: random.Random) -> None:
    url = f"{stack.functions_url}/logstores/{chance.choice(stack.deployment.logstores)}/track"
    logs = [_fields(chance) for _ in range(chance.randint(1, 5))]
    tags = _tags(chance)
    headers = {"Referer": tags["referer"], "User-Agent": tags["user_agent"]}
    httpx.post(url, json={"__logs__": logs}, headers=headers, timeout=30).raise_for_status()


def _fields(chance: random.Random) -> dict[str, str]:
    return {"eventType": chance.choice(EVENTS), "referrer": chance.choice(SITES)}


def _tags(chance: random.Random) -> dict[str, str]:
    return {
        "client_ip": f"203.0.113.{chance.randint(1, 40)}",
        "user_agent": f"Mozilla/5.0 {chance.choice(BROWSERS)}",
        "referer": f"https://shop.example.com/p/{int(chance.random() ** 2 * 6)}",
    }


def _take(browser: Browser, url: str, name: str, *, dark: bool, width: int = WIDTH) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": HEIGHT}, color_scheme="dark" if dark else "light"
    )
    page.goto(url)
    if "view=charts" in url:
        page.locator("figure.chart").first.wait_for()
    page.wait_for_timeout(2000)  # for the first look at the charts
    page.screenshot(path=IMAGES / f"{name}.png")
    page.close()


if __name__ == "__main__":
    main()
