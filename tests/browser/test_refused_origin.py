"""A page whose origin is not in the allowlist: the same page, under a name that is not."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Response, expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def refused(visitor: Visitor, call: str, path: str) -> Response:
    """Press `call` on the refused page and return how the request to `path` was answered."""
    visitor.open(site=visitor.refused_site)
    with visitor.page.expect_response(lambda answer: path in answer.url) as caught:
        visitor.press(call)
    return caught.value


@pytest.mark.parametrize(
    ("call", "path"), [("sendImmediate", "/track?"), ("img", "/track_ua.gif?"), ("get", "/track?")]
)
def test_nothing_of_a_refused_page_is_stored(visitor: Visitor, call: str, path: str) -> None:
    answer = refused(visitor, call, path)

    assert answer.status == 403
    assert answer.header_value("access-control-allow-origin") == "https://origin-not-allowed.invalid"
    assert visitor.stored() == []


def test_a_refused_upload_by_xhr_is_shown_as_unanswered(visitor: Visitor) -> None:
    visitor.open(site=visitor.refused_site)
    visitor.write(visitor.note + "x" * 40_960)

    visitor.press("sendImmediate")

    visitor.expect_answer("sendImmediate", "no answer that the browser lets the page see")
    assert visitor.stored() == []


def test_a_refused_page_gets_no_credential_and_shows_why(visitor: Visitor) -> None:
    with visitor.page.expect_response("**/get_sts_token") as caught:
        visitor.open(site=visitor.refused_site, mode="sts")

    assert caught.value.status == 403
    expect(visitor.page.locator("#status")).to_contain_text("does not allow this page’s origin")
    expect(visitor.page.locator("#retry")).to_be_visible()


def test_a_refused_page_is_sent_no_secret_that_a_script_could_ever_read(visitor: Visitor) -> None:
    visitor.open(site=visitor.refused_site)
    origin = visitor.page.evaluate("origin")

    answer = httpx.get(f"{visitor.stack.functions_url}/get_sts_token", headers={"origin": origin})

    assert answer.status_code == 403
    assert set(answer.json()) == {"errorCode", "errorMessage"}
    assert answer.json()["errorCode"] == "OriginNotAllowed"
