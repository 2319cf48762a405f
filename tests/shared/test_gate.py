"""The verdict on a request's origin, in each mode, and the CORS headers that follow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline
from shared.events import Request
from shared.gate import NOBODY, Gate, Verdict, cors_headers, preflight_headers
from shared.origins import Allowlist
from shared.settings import Environment, SettingError

GOOD = "https://shop.example.com"
EVIL = "https://evil.example"
LIST = Allowlist((GOOD, "https://*.example.org", "http://localhost:*"))
MISSING = ("allow", "deny", "deny-all")
METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT")


def request(method: str = "POST", **headers: str | None) -> Request:
    given_ones = {name: value for name, value in headers.items() if value is not None}
    return Request(method, "/", {}, given_ones, b"", "203.0.113.7", "1", Deadline(9))


def judged(gate: Gate, method: str = "POST", *, pixels: bool = True, **headers: str | None) -> Verdict:
    return gate.judge(request(method, **headers), pixels=pixels)


@pytest.mark.parametrize("origin", [None, GOOD, EVIL, "null", "", "*", "a" * 10_240])
@pytest.mark.parametrize("referer", [None, GOOD + "/", "about:blank"])
@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize("missing", MISSING)
def test_without_an_allowlist_every_page_may_read(
    origin: str | None, referer: str | None, audit: bool, missing: str
) -> None:
    gate = Gate(Allowlist(()), audit=audit, missing=missing)
    for method, pixels in itertools.product(METHODS, (True, False)):
        assert judged(gate, method, pixels=pixels, origin=origin, referer=referer) == Verdict(True, "*")


@pytest.mark.parametrize("origin", [GOOD, "https://a.b.example.org", "http://localhost:5173"])
@pytest.mark.parametrize("referer", [None, EVIL + "/", GOOD + "/"])
@pytest.mark.parametrize(("audit", "missing"), list(itertools.product((False, True), MISSING)))
def test_a_listed_origin_is_allowed_and_gets_itself_back(
    origin: str, referer: str | None, audit: bool, missing: str
) -> None:
    gate = Gate(LIST, audit=audit, missing=missing)
    for method in METHODS:
        assert judged(gate, method, origin=origin, referer=referer) == Verdict(True, origin)


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
    gate = Gate(LIST, missing=missing)
    for method, pixels in itertools.product(METHODS, (True, False)):
        verdict = judged(gate, method, pixels=pixels, origin=origin, referer=referer)
        assert (verdict.allowed, verdict.reader) == (False, NOBODY)
        assert verdict.refusal
        assert len(verdict.refusal) < 400


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
        assert judged(Gate(LIST, missing=missing), method, referer=referer) == Verdict(True, origin)


@pytest.mark.parametrize(
    "referer",
    [EVIL + "/" + GOOD, "about:blank", f"https://evil.example\\@{GOOD[8:]}/", "x", GOOD + "@evil.example/"],
)
def test_without_an_origin_an_unlisted_referer_is_refused(referer: str) -> None:
    for method, missing in itertools.product(METHODS, MISSING):
        verdict = judged(Gate(LIST, missing=missing), method, referer=referer)
        assert (verdict.allowed, verdict.reader) == (False, NOBODY)


@pytest.mark.parametrize("referer", [None, ""])
@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("missing", MISSING)
def test_a_request_that_names_no_origin_is_judged_by_the_setting(
    missing: str, method: str, pixels: bool, audit: bool, referer: str | None
) -> None:
    verdict = judged(Gate(LIST, audit=audit, missing=missing), method, pixels=pixels, referer=referer)
    fine = missing == "allow" or (missing == "deny" and method == "GET" and pixels)
    assert verdict.allowed == (fine or audit)
    assert (verdict.refusal is None) == fine
    assert verdict.reader == NOBODY


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "chrome-extension://abc", EVIL + ":8443", "a://" + "b" * 300]
)
@pytest.mark.parametrize("missing", MISSING)
def test_in_audit_mode_an_unlisted_origin_gets_itself_back_with_what_would_have_been_refused(
    origin: str, missing: str
) -> None:
    verdict = judged(Gate(LIST, audit=True, missing=missing), origin=origin)
    assert (verdict.allowed, verdict.reader) == (True, origin)
    assert verdict.refusal


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
    verdict = judged(Gate(LIST, audit=True), origin=origin)
    assert (verdict.allowed, verdict.reader) == (True, NOBODY)


def test_in_audit_mode_a_referers_origin_counts_too() -> None:
    verdict = judged(Gate(LIST, audit=True), referer=EVIL + "/page")
    assert (verdict.allowed, verdict.reader) == (True, EVIL)


@given(st.text(max_size=60) | st.from_regex(r"https?://.{0,40}"), st.booleans())
def test_whatever_the_origin_no_answer_names_it_unless_it_is_allowed(origin: str, audit: bool) -> None:
    verdict = judged(Gate(LIST, audit=audit), origin=origin)
    assert verdict.reader in (origin, NOBODY)
    assert verdict.reader == NOBODY or verdict.allowed
    assert verdict.reader not in ("", "*")
    assert verdict.reader.isascii()
    assert verdict.reader.isprintable()
    assert verdict.allowed == (audit or origin in LIST)


def test_where_any_origin_may_read_nothing_varies() -> None:
    headers = cors_headers(Verdict(True, "*"))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in headers


@pytest.mark.parametrize(
    "verdict", [Verdict(True, GOOD), Verdict(True, "null"), Verdict(False, NOBODY, "no")]
)
def test_where_the_origin_matters_the_answer_says_so(verdict: Verdict) -> None:
    headers = cors_headers(verdict)
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (verdict.reader, "Origin")


def test_no_answer_allows_credentials_and_scripts_may_read_what_they_need() -> None:
    headers = cors_headers(Verdict(True, GOOD))
    assert "Access-Control-Allow-Credentials" not in headers
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert set(exposed) == {"x-log-requestid", "x-log-errorcode", "retry-after"}


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
def test_the_settings_make_the_gate(variables: dict[str, str], nameless: bool, unlisted: bool) -> None:
    gate = Gate.from_environment(
        Environment({"ALLOWED_ORIGINS": f"{GOOD} , https://*.example.org", **variables})
    )
    assert judged(gate, origin=GOOD).allowed
    assert judged(gate).allowed == nameless
    assert judged(gate, origin=EVIL).allowed == unlisted
    assert judged(gate, "GET").allowed == (variables.get("MISSING_ORIGIN") != "deny-all")


def test_by_default_there_is_no_allowlist() -> None:
    assert judged(Gate.from_environment(Environment({"ALLOWED_ORIGINS": " "}))) == Verdict(True, "*")


@pytest.mark.parametrize("name", ["ALLOWED_ORIGINS", "ORIGIN_MODE", "MISSING_ORIGIN"])
def test_a_bad_setting_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} holds 'nonsense'"):
        Gate.from_environment(Environment({name: "nonsense"}))
