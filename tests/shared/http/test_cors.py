"""The check on a request's origin, in each mode, and the CORS headers that follow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline
from shared.http.allowlist import Allowlist
from shared.http.cors import NO_READER, OriginCheck, OriginPolicy, cors_headers, preflight_headers
from shared.http.request import Request
from shared.settings import Environment, SettingError

GOOD = "https://shop.example.com"
EVIL = "https://evil.example"
LIST = Allowlist((GOOD, "https://*.example.org", "http://localhost:*"))
MISSING = ("allow", "deny", "deny-all")
METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT")


def request(method: str = "POST", **headers: str | None) -> Request:
    given_ones = {name: value for name, value in headers.items() if value is not None}
    return Request(method, "/", {}, given_ones, b"", 0, "203.0.113.7", "1", Deadline(9))


def readable_by(origin: str) -> OriginCheck:
    return OriginCheck(True, cors_headers(origin))


def reader(found: OriginCheck) -> str:
    return found.headers["Access-Control-Allow-Origin"]


def check(
    policy: OriginPolicy, method: str = "POST", *, pixels: bool = True, **headers: str | None
) -> OriginCheck:
    return policy.check(request(method, **headers), pixels=pixels)


@pytest.mark.parametrize("origin", [None, GOOD, EVIL, "null", "", "*", "a" * 10_240])
@pytest.mark.parametrize("referer", [None, GOOD + "/", "about:blank"])
@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize("missing", MISSING)
def test_without_an_allowlist_every_page_may_read(
    origin: str | None, referer: str | None, audit: bool, missing: str
) -> None:
    policy = OriginPolicy(Allowlist(()), audit=audit, missing=missing)
    for method, pixels in itertools.product(METHODS, (True, False)):
        assert check(policy, method, pixels=pixels, origin=origin, referer=referer) == OriginCheck(
            True, cors_headers("*")
        )


@pytest.mark.parametrize("origin", [GOOD, "https://a.b.example.org", "http://localhost:5173"])
@pytest.mark.parametrize("referer", [None, EVIL + "/", GOOD + "/"])
@pytest.mark.parametrize(("audit", "missing"), list(itertools.product((False, True), MISSING)))
def test_a_listed_origin_is_allowed_and_gets_itself_back(
    origin: str, referer: str | None, audit: bool, missing: str
) -> None:
    policy = OriginPolicy(LIST, audit=audit, missing=missing)
    for method in METHODS:
        assert check(policy, method, origin=origin, referer=referer) == OriginCheck(
            True, cors_headers(origin)
        )


REFUSED = [
    EVIL,
    "null",
    "",
    "*",
    GOOD + "/",
    GOOD + ":443",
    GOOD.upper(),
    f"{GOOD}, {GOOD}",
    GOOD + "\n",
    "é",
]


@pytest.mark.parametrize("origin", [*REFUSED, GOOD + "." + "a" * 10_240, "a" * 10_240])
@pytest.mark.parametrize("referer", [None, GOOD + "/cart"])
@pytest.mark.parametrize("missing", MISSING)
def test_an_unlisted_origin_is_refused_whatever_the_referer_says(
    origin: str, referer: str | None, missing: str
) -> None:
    policy = OriginPolicy(LIST, missing=missing)
    for method, pixels in itertools.product(METHODS, (True, False)):
        found = check(policy, method, pixels=pixels, origin=origin, referer=referer)
        assert (found.allowed, reader(found)) == (False, NO_READER)
        assert found.refusal
        assert len(found.refusal) < 400


@pytest.mark.parametrize(
    ("referer", "origin"),
    [
        (GOOD + "/cart?x=" + EVIL, GOOD),
        (GOOD, GOOD),
        ("http://localhost:5173/", "http://localhost:5173"),
    ],
)
def test_without_an_origin_a_listed_referer_is_allowed(referer: str, origin: str) -> None:
    for method, missing in itertools.product(METHODS, MISSING):
        assert check(OriginPolicy(LIST, missing=missing), method, referer=referer) == OriginCheck(
            True, cors_headers(origin)
        )


@pytest.mark.parametrize(
    "referer",
    [EVIL + "/" + GOOD, "about:blank", f"https://evil.example\\@{GOOD[8:]}/", "x", GOOD + "@evil.example/"],
)
def test_without_an_origin_an_unlisted_referer_is_refused(referer: str) -> None:
    for method, missing in itertools.product(METHODS, MISSING):
        found = check(OriginPolicy(LIST, missing=missing), method, referer=referer)
        assert (found.allowed, reader(found)) == (False, NO_READER)


@pytest.mark.parametrize("referer", [None, ""])
@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("missing", MISSING)
def test_a_request_that_names_no_origin_is_judged_by_the_setting(
    missing: str, method: str, pixels: bool, audit: bool, referer: str | None
) -> None:
    found = check(OriginPolicy(LIST, audit=audit, missing=missing), method, pixels=pixels, referer=referer)
    fine = missing == "allow" or (missing == "deny" and method == "GET" and pixels)
    assert found.allowed == (fine or audit)
    assert (found.refusal is None) == fine
    assert reader(found) == NO_READER


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "chrome-extension://abc", EVIL + ":8443", "a://" + "b" * 300]
)
@pytest.mark.parametrize("missing", MISSING)
def test_in_audit_mode_an_unlisted_origin_gets_itself_back_with_what_would_have_been_refused(
    origin: str, missing: str
) -> None:
    found = check(OriginPolicy(LIST, audit=True, missing=missing), origin=origin)
    assert (found.allowed, reader(found)) == (True, origin)
    assert found.refusal


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        " ",
        "a",
        "é",
        "https://é",
        EVIL + "\n",
        EVIL + "\r\nx: y",
        f"{EVIL}, {GOOD}",
        "a://" + "b" * 301,
    ],
)
def test_in_audit_mode_what_no_browser_sends_is_let_through_and_not_given_back(origin: str) -> None:
    found = check(OriginPolicy(LIST, audit=True), origin=origin)
    assert (found.allowed, reader(found)) == (True, NO_READER)


def test_in_audit_mode_a_referers_origin_counts_too() -> None:
    found = check(OriginPolicy(LIST, audit=True), referer=EVIL + "/page")
    assert (found.allowed, reader(found)) == (True, EVIL)


@given(st.text(max_size=60) | st.from_regex(r"https?://.{0,40}"), st.booleans())
def test_whatever_the_origin_no_answer_names_it_unless_it_is_allowed(origin: str, audit: bool) -> None:
    found = check(OriginPolicy(LIST, audit=audit), origin=origin)
    assert reader(found) in (origin, NO_READER)
    assert reader(found) == NO_READER or found.allowed
    assert reader(found) not in ("", "*")
    assert reader(found).isascii()
    assert reader(found).isprintable()
    assert found.allowed == (audit or origin in LIST)


def test_where_any_origin_may_read_nothing_varies() -> None:
    headers = cors_headers("*")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in headers


@pytest.mark.parametrize("origin", [GOOD, "null", NO_READER])
def test_where_the_origin_matters_the_answer_says_so(origin: str) -> None:
    headers = cors_headers(origin)
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (origin, "Origin")


def test_no_answer_allows_credentials_and_scripts_may_read_what_they_need() -> None:
    headers = cors_headers(GOOD)
    assert "Access-Control-Allow-Credentials" not in headers
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    own = {"x-log-requestid", "x-log-errorcode", "x-log-spooled", "x-log-dropped"}
    assert set(exposed) == {*own, "retry-after"}


def test_the_preflight_names_what_the_sdks_send() -> None:
    headers = preflight_headers(("GET", "POST", "OPTIONS"))
    assert headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert set(headers["Access-Control-Allow-Headers"].split(", ")) >= {
        "authorization",
        "content-md5",
        "content-type",
        "x-acs-security-token",
        "x-log-apiversion",
        "x-log-bodyrawsize",
        "x-log-compresstype",
        "x-log-date",
        "x-log-signaturemethod",
    }
    assert int(headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize(
    ("variables", "nameless", "unlisted"),
    [
        ({}, False, False),
        ({"ORIGIN_MODE": "enforce", "MISSING_ORIGIN": "deny"}, False, False),
        ({"MISSING_ORIGIN": "allow"}, True, False),
        ({"MISSING_ORIGIN": "deny-all"}, False, False),
        ({"ORIGIN_MODE": "audit"}, True, True),
    ],
)
def test_the_settings_make_the_policy(variables: dict[str, str], nameless: bool, unlisted: bool) -> None:
    policy = OriginPolicy.from_environment(
        Environment({"ALLOWED_ORIGINS": f"{GOOD} , https://*.example.org", **variables})
    )
    assert check(policy, origin=GOOD).allowed
    assert check(policy).allowed == nameless
    assert check(policy, origin=EVIL).allowed == unlisted
    assert check(policy, "GET").allowed == (variables.get("MISSING_ORIGIN") != "deny-all")


def test_by_default_there_is_no_allowlist() -> None:
    assert check(OriginPolicy.from_environment(Environment({"ALLOWED_ORIGINS": " "}))) == OriginCheck(
        True, cors_headers("*")
    )


@pytest.mark.parametrize("name", ["ALLOWED_ORIGINS", "ORIGIN_MODE", "MISSING_ORIGIN"])
def test_a_bad_setting_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} has the value 'nonsense'"):
        OriginPolicy.from_environment(Environment({name: "nonsense"}))
