"""Checks between the page's commands: an outage, an update under load, the sample page in a browser."""

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
from local.sls.errors import SlsError
from local.sls.projects import Logstore
from local.sls.reads import Search
from local.stack import WEB_DIST

PROJECT, BUCKET, PENDING = "shop-logs", "shop-logs-spool", "webtracking-spool/pending/"
BATCHES, AT_ONCE = 20, 5
TIMEOUT = 60.0  # seconds to wait for an expected event
_POLL = 0.1
_LAUNCH = 180.0  # seconds for a browser to start; it took 81 s on a busy machine
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Failed(Exception):
    """A check failed; the message has the reason."""


class LeftOut(Exception):
    """A check cannot run on this machine; the message has the reason."""


def outage(cloud: Cloud, track: str) -> str:
    """Stop SLS, upload, start SLS: every log must be in SLS in the end. Raises Failed."""
    switch, run = Outage(cloud.sls.faults), f"outage{uuid.uuid4().hex}"
    marks = {f"{run}-{number}" for number in range(BATCHES)}
    switch.switch(up=False)
    try:
        # In parallel: each waits until track's attempts to reach SLS have failed.
        with httpx.Client(timeout=TIMEOUT) as client, ThreadPoolExecutor(AT_ONCE) as visitors:
            answers = list(visitors.map(lambda mark: upload(client, track, mark), sorted(marks)))
    finally:
        switch.switch(up=True)
    if refused := [answer for answer in answers if answer.status != 200 or not answer.spooled]:
        raise Failed(f"{len(refused)} of {BATCHES} uploads were not spooled; the first: {refused[0]}")
    began = time.monotonic()
    while pending(cloud) or stored(cloud, run) != marks:
        if time.monotonic() - began > TIMEOUT:
            missing = len(marks - stored(cloud, run))
            raise Failed(f"after {TIMEOUT:g} s {missing} logs are missing, {pending(cloud)} batches wait")
        time.sleep(_POLL)
    seconds = time.monotonic() - began
    return f"{BATCHES} uploads answered 200 while SLS was down, all in SLS {seconds:.0f} s after it was back"


def pending(cloud: Cloud) -> int:
    """Return how many batches wait in the spool."""
    return sum(key.startswith(PENDING) for key in cloud.oss.objects(BUCKET))


def nothing_lost(cloud: Cloud, traffic: Traffic) -> str:
    """Compare the logs sent during the update with those in SLS. Raises Failed."""
    deadline = time.monotonic() + TIMEOUT
    while (missing := traffic.sent - stored(cloud, traffic.run)) and time.monotonic() < deadline:
        time.sleep(_POLL)
    others = {status: count for status, count in traffic.statuses.items() if status != "200"}
    if others or missing:
        raise Failed(f"of {len(traffic.sent)} uploads {len(missing)} are missing; answers: {others}")
    return f"{len(traffic.sent)} uploads during the update, all answered 200 and in SLS"


def browser(cloud: Cloud, track: str, token: str) -> str:
    """Send logs from the built sample page in both modes. Raises Failed, LeftOut."""
    executable = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if executable is None:
        raise LeftOut("no Chromium on the PATH")
    if not (WEB_DIST / "index.html").is_file():
        raise LeftOut("the sample page is not built: run make web (needs Node.js)")
    for mode, functions in (("anonymous", track), ("sts", token)):
        _send(cloud, executable, mode, functions)
    return "the SDK in Chromium, through track and with a token straight to SLS"


def dashboards(cloud: Cloud) -> str:
    """Run every query of the dashboards that the Project has, where the dashboard would. Raises Failed."""
    now, rows = int(time.time()), {}
    found = cloud.sls.management.views.of("dashboard", PROJECT)
    for chart in [chart for board in found.values() for chart in board["charts"]]:
        search = chart["search"]
        asked = Search(now + int(search["start"].rstrip("s")), now + 60, search["query"])
        try:
            answer = cloud.sls.reader.find(Logstore(PROJECT, search["logstore"]), asked)
        except SlsError as error:
            raise Failed(f"{chart['display']['displayName']}: {error}") from None
        rows[chart["title"].removeprefix("webtracking-")] = answer.rows
    for title in (f"{LOGSTORE}-events-over-time", "function-logs-told"):
        if not rows.get(title):
            raise Failed(f"nothing in {title}, after uploads that were answered")
    return f"{len(rows)} charts on {len(found)} dashboards, each query run over what has arrived"


def _send(cloud: Cloud, executable: str, mode: str, functions_url: str) -> None:
    from playwright.sync_api import (
        sync_playwright,  # imported late: it is slow, and needed only with a browser
    )

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
        chromium = playwright.chromium.launch(
            executable_path=executable, args=options, timeout=1000 * _LAUNCH
        )
        page = chromium.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        page.goto(f"{server.url}/?mode={mode}")
        page.locator("body[data-ready]").wait_for()
        page.locator("#note").fill(note)
        page.locator("#call-sendImmediate").click()
        arrived = _until_stored(cloud, note)
        chromium.close()
    if not arrived:
        raise Failed(f"no log of the page arrived in SLS ({mode})")


def _until_stored(cloud: Cloud, note: str) -> bool:
    deadline = time.monotonic() + TIMEOUT
    while not cloud.sls.store.query(LOGSTORE, contains=note):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
