"""What still arrives of a queue when its tab closes or goes elsewhere, in each engine: see docs/browsers.md.

The server is some way off: on loopback, a page that is being left may still get the answer to its preflight,
which it does not get from a server in another city.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from local.site.tickets import SUBJECT
from tests.browser.engines import Engine
from tests.browser.sdk_page import SdkUser
from tests.support.latency import distant

pytestmark = pytest.mark.browser

NEAR = 0.05  # seconds one way
FAR = 1.0  # longer than a busy machine takes to close a tab
BIG = "x" * 32_768  # the SDK sends this by XHR, not as a beacon

Leave = Callable[[SdkUser], None]


def close(user: SdkUser) -> None:
    user.close()


def go_elsewhere(user: SdkUser) -> None:
    user.tab.open(f"{user.allowed_site}/elsewhere")


ways = pytest.mark.parametrize("leave", [close, go_elsewhere])


@pytest.fixture
def track(sdk_user: SdkUser) -> Iterator[SdkUser]:
    """A page in track mode, the function `NEAR`."""
    with distant(sdk_user.stack.functions_url, one_way=NEAR) as host:
        sdk_user.track(host=host)
        yield sdk_user


def arrived(user: SdkUser, earlier: int, expected: int) -> int:
    """How many logs have come beside `earlier` ones, after as long as any that were sent could need."""
    deadline = time.monotonic() + 40 * NEAR
    while len(user.stored()) < earlier + expected and time.monotonic() < deadline:
        time.sleep(NEAR)
    return len(user.stored()) - earlier


@ways
def test_track_loses_nothing(track: SdkUser, leave: Leave) -> None:
    track.queue_four()

    leave(track)

    track.wait_for_logs(4)


@ways
def test_a_ticket_is_sent_along_with_what_is_left(sdk_user: SdkUser, leave: Leave) -> None:
    sdk_user.ticket()
    sdk_user.queue_four()

    leave(sdk_user)

    assert {log.tags["subject"] for log in sdk_user.wait_for_logs(4)} == {SUBJECT}


@ways
def test_track_loses_32_kb_whole_or_not_at_all(track: SdkUser, engine: Engine, leave: Leave) -> None:
    track.queue_four()
    track.call("send", {"note": track.note + BIG})

    leave(track)

    if engine.name == "chromium":
        track.wait_for_logs(5)
    else:
        assert arrived(track, 0, 5) in {0, 5}


@ways
def test_sts_loses_the_first_upload(sdk_user: SdkUser, leave: Leave) -> None:
    with distant(sdk_user.stack.sls_url, one_way=FAR) as host:
        sdk_user.sts(host=host)
        sdk_user.queue_four()

        leave(sdk_user)

        time.sleep(4 * FAR)  # there, back, there, and a rest
    assert sdk_user.stored() == []


@ways
def test_sts_after_an_upload_loses_all_or_nothing(sdk_user: SdkUser, engine: Engine, leave: Leave) -> None:
    with distant(sdk_user.stack.sls_url, one_way=NEAR) as host:
        sdk_user.sts(host=host)
        sdk_user.observe_xhr()
        sdk_user.call("sendImmediate", {"note": sdk_user.note})
        sdk_user.wait_for_xhr()  # the preflight's answer is kept now, and the connection open
        sdk_user.queue_four()

        leave(sdk_user)

        if engine.name == "chromium":
            sdk_user.wait_for_logs(5)
        else:
            assert arrived(sdk_user, 1, 4) in {0, 4}
