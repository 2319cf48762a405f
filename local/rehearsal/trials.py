"""What is tried beside the page's commands: an outage, an update under load, the page in a browser."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from local.cloud import Cloud
from local.rehearsal.visitors import LOGSTORE, Traffic, stored, upload
from local.serving import Server
from local.site import create_site
from local.site.outage import Outage
from local.stack import WEB_DIST

PROJECT, BUCKET, PENDING = "shop-logs", "shop-logs-spool", "webtracking-spool/pending/"
BATCHES, AT_ONCE = 20, 5
PATIENCE = 60.0  # seconds until something that should happen has not
_POLL = 0.1
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Failed(Exception):
    """Something did not come out as it should; the message says what."""


class LeftOut(Exception):
    """Something cannot be tried on this machine; the message says why."""


def outage(cloud: Cloud, track: str) -> str:
    """Take SLS down, upload, take it up: each log has to be there in the end. Raises Failed."""
    switch, run = Outage(cloud.sls.faults), f"outage{uuid.uuid4().hex}"
    marks = {f"{run}-{number}" for number in range(BATCHES)}
    switch.switch(up=False)
    try:
        # At once: each waits until track has given SLS up.
        with httpx.Client(timeout=30) as client, ThreadPoolExecutor(AT_ONCE) as visitors:
            answers = list(visitors.map(lambda mark: upload(client, track, mark), sorted(marks)))
    finally:
        switch.switch(up=True)
    if refused := [answer for answer in answers if answer.status != 200 or not answer.spooled]:
        raise Failed(f"{len(refused)} of {BATCHES} uploads were not spooled; the first: {refused[0]}")
    began = time.monotonic()
    while pending(cloud) or stored(cloud, run) != marks:
        if time.monotonic() - began > PATIENCE:
            missing = len(marks - stored(cloud, run))
            raise Failed(f"after {PATIENCE:g} s {missing} logs are missing, {pending(cloud)} batches wait")
        time.sleep(_POLL)
    seconds = time.monotonic() - began
    return f"{BATCHES} uploads answered 200 while SLS was down, all in SLS {seconds:.0f} s after it was up"


def pending(cloud: Cloud) -> int:
    """Return how many batches wait in the spool."""
    return sum(key.startswith(PENDING) for key in cloud.oss.objects(BUCKET))


def nothing_lost(cloud: Cloud, traffic: Traffic) -> str:
    """Compare what was sent meanwhile with what is there. Raises Failed."""
    deadline = time.monotonic() + PATIENCE
    while (missing := traffic.sent - stored(cloud, traffic.run)) and time.monotonic() < deadline:
        time.sleep(_POLL)
    others = {status: count for status, count in traffic.statuses.items() if status != "200"}
    if others or missing:
        raise Failed(f"of {len(traffic.sent)} uploads {len(missing)} are missing; answers: {others}")
    return f"{len(traffic.sent)} uploads meanwhile, all answered 200 and in SLS"


def browser(cloud: Cloud, track: str, token: str) -> str:
    """Send from the built sample page by both ways. Raises Failed, LeftOut."""
    executable = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if executable is None:
        raise LeftOut("no Chromium on the PATH")
    if not (WEB_DIST / "index.html").is_file():
        raise LeftOut("the sample page is not built: it takes Node.js (make web)")
    for mode, functions in (("anonymous", track), ("sts", token)):
        _send(cloud, executable, mode, functions)
    return "the SDK in Chromium, through track and with a token straight to SLS"


def _send(cloud: Cloud, executable: str, mode: str, functions_url: str) -> None:
    from playwright.sync_api import sync_playwright  # costs its time only where there is a browser

    site = create_site(
        cloud.sls.store,
        functions_url=functions_url,
        sls_url=cloud.sls_url,
        project=PROJECT,
        logstores=[LOGSTORE],
        web_dist=WEB_DIST,
    )
    note = f"note{uuid.uuid4().hex}"
    options = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with Server(site) as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=options)
        page = chromium.new_page()
        page.goto(f"{server.url}/?mode={mode}")
        page.locator("body[data-ready]").wait_for()
        page.locator("#note").fill(note)
        page.locator("#call-sendImmediate").click()
        arrived = _until_stored(cloud, note)
        chromium.close()
    if not arrived:
        raise Failed(f"nothing arrived of what the page sent ({mode})")


def _until_stored(cloud: Cloud, note: str) -> bool:
    deadline = time.monotonic() + PATIENCE / 4
    while not cloud.sls.store.query(LOGSTORE, contains=note):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
