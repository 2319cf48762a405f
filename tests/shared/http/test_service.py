"""Routes behind the origin check; every failure becomes an answer."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from shared.deadline import Deadline
from shared.http.allowlist import Allowlist
from shared.http.cors import NO_READER, OriginPolicy
from shared.http.errors import POST_BODY_INVALID, SERVER_BUSY, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from shared.network.blocking import run

GOOD = "https://shop.example.com"
EVIL = "https://evil.example"
OPEN = OriginPolicy(Allowlist(()))
CLOSED = OriginPolicy(Allowlist((GOOD,)), missing="deny-all")


async def echo(_: Request, match: re.Match[str]) -> Response:
    return Response(200, {"Cache-Control": "no-store"}, match["name"].encode())


async def fail(_: Request, match: re.Match[str]) -> Response:
    if match["how"] == "bug":
        raise KeyError("SECRET")
    if match["how"] == "busy":
        raise ApiError(SERVER_BUSY, "try again", detail="the upstream says SECRET", retry_after=3)
    raise ApiError(POST_BODY_INVALID, "no body")


def as_pixel(error: ApiError) -> Response:
    return Response(error.kind.status, {"Content-Type": "image/gif"}, b"GIF89a")


FAILING = re.compile(r"(?:/.*)?/fail/(?P<how>[a-z]+)")
ROUTES = (
    Route(re.compile(r"(?:/.*)?/echo/(?P<name>[^/]*)"), ("GET", "POST"), echo),
    Route(FAILING, ("GET",), fail),
    Route(re.compile(FAILING.pattern + r"\.gif"), ("GET",), fail, error_body=as_pixel),
)


def answer(path: str, method: str = "GET", origins: OriginPolicy = OPEN, **headers: str) -> Response:
    request = Request(method, path, {}, headers, b"", 0, "203.0.113.7", "1-id", Deadline(9))
    return run(Service(origins, ROUTES).answer(request))


def error(response: Response) -> str:
    """Return the error's code, which must be equal in body and header."""
    body: dict[str, Any] = json.loads(response.body)
    assert set(body) == {"errorCode", "errorMessage"}
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["x-log-errorcode"] == body["errorCode"]
    return str(body["errorCode"])


@pytest.mark.parametrize(
    "path", ["/echo/a", "//echo//a", "/any/prefix/echo/a", "/any//prefix///echo/a", "/éch%C3%B6/echo/a"]
)
def test_a_route_is_found_under_any_prefix_with_slashes_collapsed(path: str) -> None:
    response = answer(path)
    assert (response.status, response.body) == (200, b"a")
    assert response.headers == {
        "Cache-Control": "no-store",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": response.headers["Access-Control-Expose-Headers"],
        "x-log-requestid": "1-id",
    }


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "echo/a",
        "/echo",
        "/echo/a/",
        "/xecho/a",
        "/echo/a\n/b",
        "/%65cho/a",
        "/healthz/",
        "/xhealthz",
    ],
)
def test_an_unknown_path_is_not_found_by_any_method(path: str) -> None:
    for method in ("GET", "POST", "DELETE", "HEAD"):
        response = answer(path, method)
        assert (response.status, error(response)) == (404, "NotFound")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "get", "", "TRACE"])
def test_a_method_that_a_route_has_not_is_refused_with_those_it_has(method: str) -> None:
    response = answer("/echo/a", method)
    assert (response.status, error(response)) == (405, "MethodNotSupported")
    assert response.headers["Allow"] == "GET, POST, OPTIONS"


@pytest.mark.parametrize("path", ["/healthz", "/any/prefix/healthz", "//healthz"])
@pytest.mark.parametrize("origin", [{}, {"origin": EVIL}, {"origin": GOOD}])
def test_healthz_answers_under_an_allowlist_that_refuses(path: str, origin: dict[str, str]) -> None:
    response = answer(path, origins=CLOSED, **origin)
    assert (response.status, json.loads(response.body)) == (200, {"status": "ok"})
    assert response.headers["Access-Control-Allow-Origin"] == (
        GOOD if origin.get("origin") == GOOD else NO_READER
    )


def test_healthz_accepts_only_get() -> None:
    response = answer("/healthz", "POST")
    assert (response.status, response.headers["Allow"]) == (405, "GET, OPTIONS")


@pytest.mark.parametrize("path", ["/echo/a", "/fail/bug", "/nowhere", "/healthz"])
def test_a_preflight_is_answered_with_what_may_be_sent(path: str) -> None:
    response = answer(path, "OPTIONS", CLOSED, origin=GOOD)
    assert (response.status, response.body) == (200, b"")
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert response.headers["Access-Control-Allow-Origin"] == GOOD
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("path", ["/echo/a", "/fail/bug", "/nowhere"])
@pytest.mark.parametrize("headers", [{}, {"origin": EVIL}, {"origin": "null"}, {"referer": EVIL + "/"}])
def test_the_allowlist_comes_before_path_and_method(path: str, method: str, headers: dict[str, str]) -> None:
    response = answer(path, method, CLOSED, **headers)
    assert (response.status, error(response)) == (403, "OriginNotAllowed")
    assert response.headers["Access-Control-Allow-Origin"] == NO_READER
    assert response.headers["Vary"] == "Origin"
    assert EVIL.encode() not in response.body


@pytest.mark.parametrize("pixels", [True, False])
def test_only_a_service_with_pixels_lets_a_nameless_get_through(pixels: bool) -> None:
    request = Request("GET", "/echo/a", {}, {}, b"", 0, "", "1", Deadline(9))
    service = Service(OriginPolicy(Allowlist((GOOD,))), ROUTES, pixels=pixels)
    assert run(service.answer(request)).status == (200 if pixels else 403)


def test_in_audit_mode_the_answer_is_given_and_the_log_tells(caplog: pytest.LogCaptureFixture) -> None:
    response = answer("/echo/a", origins=OriginPolicy(Allowlist((GOOD,)), audit=True), origin=EVIL)
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, EVIL)
    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert (record.levelno, line["event"], line["requestId"]) == (logging.WARNING, "would refuse", "1-id")
    assert EVIL in line["reason"]


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/echo/a", "PUT", {"origin": GOOD}, 405),
        ("/nowhere", "GET", {"origin": GOOD}, 404),
        ("/fail/busy", "GET", {"origin": GOOD}, 503),
        ("/fail/body", "GET", {"origin": GOOD}, 400),
        ("/fail/bug", "GET", {"origin": GOOD}, 500),
        ("/fail/bug.gif", "GET", {"origin": GOOD}, 500),
        ("/echo/a", "GET", {"origin": EVIL}, 403),
        ("/fail/bug.gif", "GET", {}, 403),
    ],
)
def test_every_error_has_the_headers_of_a_success(
    path: str, method: str, headers: dict[str, str], status: int
) -> None:
    response = answer(path, method, CLOSED, **headers)
    success = answer("/echo/a", "GET", CLOSED, origin=GOOD)
    assert response.status == status
    assert set(response.headers) >= set(success.headers) - {"Cache-Control"} | {"x-log-errorcode"}
    assert response.headers["x-log-requestid"] == "1-id"
    assert response.headers["Access-Control-Allow-Origin"] == (NO_READER if status == 403 else GOOD)


def test_an_errors_detail_is_in_the_log_and_not_in_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    response = answer("/fail/busy")
    assert (error(response), response.headers["Retry-After"]) == ("ServerBusy", "3")
    assert b"SECRET" not in response.body
    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert record.levelno == logging.ERROR
    assert (line["detail"], line["status"], line["path"]) == ("the upstream says SECRET", 503, "/fail/busy")


@pytest.mark.parametrize("path", ["/fail/bug", "/fail/bug.gif"])
def test_a_bug_is_a_500_with_its_stack_in_the_log_and_nothing_in_the_answer(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer(path)
    told = response.body.decode() + str(response.headers)
    assert response.status == 500
    assert not any(word in told for word in ("SECRET", "KeyError", "Traceback", ".py"))
    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert (record.levelno, line["errorCode"]) == (logging.ERROR, "InternalServerError")
    assert line["detail"].endswith("fail > KeyError")
    assert "SECRET" not in line["detail"]


@pytest.mark.parametrize(
    ("path", "method", "headers", "status", "code"),
    [
        ("/fail/body.gif", "GET", {"origin": GOOD}, 400, "PostBodyInvalid"),
        ("/fail/busy.gif", "GET", {"origin": GOOD}, 503, "ServerBusy"),
        ("/fail/bug.gif", "GET", {"origin": GOOD}, 500, "InternalServerError"),
        ("/fail/body.gif", "POST", {"origin": GOOD}, 405, "MethodNotSupported"),
        ("/fail/body.gif", "GET", {"origin": EVIL}, 403, "OriginNotAllowed"),
    ],
)
def test_a_route_with_a_refusal_of_its_own_uses_it_for_every_error(
    path: str, method: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = answer(path, method, CLOSED, **headers)
    assert (response.status, response.body) == (status, b"GIF89a")
    assert (response.headers["Content-Type"], response.headers["x-log-errorcode"]) == ("image/gif", code)


def test_a_route_cannot_override_who_may_read_the_answer() -> None:
    async def careless(_: Request, __: re.Match[str]) -> Response:
        return Response(200, {"Access-Control-Allow-Origin": EVIL, "x-log-requestid": "other"})

    service = Service(OPEN, [Route(re.compile("/"), ("GET",), careless)])
    response = run(service.answer(Request("GET", "/", {}, {}, b"", 0, "", "1-id", Deadline(9))))
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["x-log-requestid"] == "1-id"


def test_a_service_without_a_warm_up_needs_none() -> None:
    service = Service(OPEN, ROUTES)
    run(service.warm_up(None, Deadline(1)))
    assert run(service.answer(Request("GET", "/healthz", {}, {}, b"", 0, "", "1", Deadline(9)))).status == 200
