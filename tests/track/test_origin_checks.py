"""The allowlist in front of track, and the order of the checks."""

from __future__ import annotations

import pytest

from tests.support.log_lines import log_lines
from tests.track.support import TRACK, Start, Track

ONE = '{"__logs__":[{"a":"1"}]}'
NOBODY = "https://origin-not-allowed.invalid"
SHOP = "https://shop.example.com"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "*",
        "https://shop.example.com.evil.example",
        r"https://evil.example\@shop.example.com",
        "https://shop.example.com\n",
        "https://" + "a" * 10_240 + ".example.com",
        "https://a." * 2_000 + "shop.example.com",
        "x" * 10_240,
        "\r\nSet-Cookie: x=1",
        "https://shöp.example.com",
    ],
    ids=lambda origin: repr(origin[:30]),
)
@pytest.mark.parametrize("mode", ["enforce", "audit"])
def test_a_hostile_origin_is_refused_or_noted_and_never_breaks_an_answer(
    origin: str, mode: str, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    track = start(ALLOWED_ORIGINS=SHOP, ORIGIN_MODE=mode)
    reply = track.post(ONE, Origin=origin)
    assert reply.status == (403 if mode == "enforce" else 200)
    assert reply.headers["access-control-allow-origin"] in (NOBODY, origin if mode == "audit" else NOBODY)
    assert not {"\r", "\n", "*"} & set(reply.headers["access-control-allow-origin"])
    assert reply.headers["vary"] == "Origin"
    assert len(track.forwarded) == (0 if mode == "enforce" else 1)
    assert len(log_lines(caplog, "would refuse")) == (0 if mode == "enforce" else 1)
    assert all(len(record.getMessage()) < 2000 for record in caplog.records)
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_the_allowlist_comes_before_everything_else(start: Start) -> None:
    track = start(ALLOWED_ORIGINS=SHOP)
    for method, path in (
        ("POST", TRACK),
        ("PUT", TRACK),
        ("GET", "/nowhere"),
        ("OPTIONS", TRACK),
        ("POST", "/logstores/x/track"),
    ):
        reply = track.send(method, path, "x" * 4_000_000, headers={"Origin": "https://evil.example"})
        assert (reply.status, reply.code) == (403, "OriginNotAllowed")


def test_method_and_path_come_before_the_limits_and_those_before_the_body(track: Track) -> None:
    large = "x" * 4_000_000
    assert track.send("PUT", TRACK, large).status == 405
    assert track.send("POST", "/logstores/other/track", large).status == 404
    assert track.send("POST", TRACK, large).status == 413
    assert (
        track.send("POST", TRACK, "x", headers={"x-log-compresstype": "zstd"}).code == "InvalidCompressType"
    )


@pytest.mark.parametrize(
    ("missing", "method", "status"),
    [
        ("deny", "POST", 403),
        ("deny", "GET", 200),
        ("allow", "POST", 200),
        ("allow", "GET", 200),
        ("deny-all", "POST", 403),
        ("deny-all", "GET", 403),
    ],
)
def test_a_request_that_names_no_origin_is_judged_by_the_setting(
    missing: str, method: str, status: int, start: Start
) -> None:
    track = start(ALLOWED_ORIGINS=SHOP, MISSING_ORIGIN=missing)
    reply = track.send(method, TRACK, ONE if method == "POST" else "", query={"a": "1"})
    assert reply.status == status
    assert reply.headers["access-control-allow-origin"] == NOBODY


def test_the_referer_stands_in_for_an_origin(start: Start) -> None:
    track = start(ALLOWED_ORIGINS=SHOP)
    assert track.post(ONE, Referer=f"{SHOP}/cart").status == 200
    assert track.post(ONE, Referer=f"{SHOP}.evil.example/cart").status == 403
    assert track.post(ONE, Referer=f"{SHOP}/cart", Origin="https://evil.example").status == 403
