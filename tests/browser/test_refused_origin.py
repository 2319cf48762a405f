"""A page whose origin is not in the allowlist: the same page, under a name that is not."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FunctionLog
from tests.browser.visitor import Visitor, wait_until

pytestmark = pytest.mark.browser


def refusals(function_log: FunctionLog, path: str, since: int) -> list[str]:
    refused = [line for line in function_log.lines[since:] if "OriginNotAllowed" in line]
    return [line for line in refused if '"status":403' in line and f'/{path}"' in line]


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("sendImmediate", "track"),
        ("sendBatchLogsImmediate", "track"),
        ("img", "track_ua.gif"),
        ("get", "track"),
    ],
)
def test_nothing_of_a_refused_page_is_stored(
    visitor: Visitor, function_log: FunctionLog, call: str, path: str
) -> None:
    visitor.open(site=visitor.refused_site)
    since = len(function_log.lines)

    visitor.press(call)

    assert wait_until(lambda: len(refusals(function_log, path, since)) == 1)
    assert visitor.stored() == []


def test_a_refused_upload_by_xhr_is_shown_as_unanswered(visitor: Visitor) -> None:
    visitor.open(site=visitor.refused_site)
    visitor.write(visitor.note + "x" * 40_960)

    visitor.press("sendImmediate")

    visitor.expect_answer("sendImmediate", "no answer that the browser lets the page see")
    assert visitor.stored() == []


def test_a_refused_page_gets_no_credential_and_shows_why(visitor: Visitor, function_log: FunctionLog) -> None:
    since = len(function_log.lines)

    visitor.open(site=visitor.refused_site, mode="sts")

    assert wait_until(lambda: len(refusals(function_log, "get_sts_token", since)) == 1)
    expect(visitor.page.locator("#status")).to_contain_text("does not allow this page’s origin")
    expect(visitor.page.locator("#retry")).to_be_visible()


def test_a_refused_page_is_sent_no_secret_that_a_script_could_ever_read(visitor: Visitor) -> None:
    visitor.open(site=visitor.refused_site)
    origin = visitor.page.evaluate("origin")

    answer = httpx.get(f"{visitor.stack.functions_url}/get_sts_token", headers={"origin": origin})

    assert answer.status_code == 403
    assert set(answer.json()) == {"errorCode", "errorMessage"}
    assert answer.json()["errorCode"] == "OriginNotAllowed"
