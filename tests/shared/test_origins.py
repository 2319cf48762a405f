"""The allowlist's grammar, what it lets through, and the attacks on lists like it."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.origins import Allowlist, origin_of
from shared.settings import SettingError

LIST = Allowlist(
    (
        "https://shop.example.com",
        "https://*.example.org",
        "https://*.example.net:8443",
        "http://localhost:*",
        "http://[::1]:*",
    )
)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example.com",
        "https://a.example.org",
        "https://a.b-c.example.org",
        "https://a.example.net:8443",
        "http://localhost",
        "http://localhost:5173",
        "http://[::1]:80",
        "http://[::1]",
    ],
)
def test_a_listed_origin_is_allowed(origin: str) -> None:
    assert origin in LIST


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "https://example.com",
        "http://shop.example.com",
        "https://shop.example.com.",
        "https://shop.example.com/",
        "https://shop.example.com:443",
        "https://shop.example.com\n",
        "https://shop.example.com, https://shop.example.com",
        "https://SHOP.example.com",
        "https://evilshop.example.com",
        "https://shop.example.com.evil.io",
        "https://evil.io\\@shop.example.com",
        "https://user@shop.example.com",
        "https://example.org",
        "https://evilexample.org",
        "https://.example.org",
        "https://a..example.org",
        "https://a.example.org:8443",
        "https://a.example.org\n",
        "https://evil.io\\@a.example.org",
        "https://evil.io/.example.org",
        "https://evil.io?.example.org",
        "https://evil.io#.example.org",
        "https://evil.io:80.example.org",
        "https://evil.io\x00.example.org",
        "https://é.example.org",
        "http://a.example.org",
        "https://" + "a" * 64 + ".example.org",
        "https://" + "a." * 5000 + "example.org",
        "http://localhost:",
        "http://localhost:5173.evil.io",
        "http://localhost:evil.io",
        "http://localhost.evil.io",
        "http://localhost:123456",
        "https://localhost:5173",
    ],
)
def test_an_origin_that_only_looks_listed_is_refused(origin: str) -> None:
    assert origin not in LIST


@pytest.mark.parametrize(
    ("entry", "instead"),
    [
        ("*", "leave the setting empty"),
        ("null", "leave the setting empty"),
        ("shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        ("https://shop.example.com/path?x#y", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("http://shop.example.com:80", "http://shop.example.com"),
        ("https://Shop.Example.com", "https://shop.example.com"),
        ("https://bücher.example", "punycode"),
        ("https://*", "https://*.example.com"),
        ("https://*.com", "https://*.example.com"),
        ("https://shop*.example.com", "https://*.example.com"),
        ("https://shop.*.com", "https://*.example.com"),
        ("https://*.*.example.com", "https://*.example.com"),
        ("https://shop.example.com:*", "http://localhost:*"),
        ("https://*.example.com:*", "http://localhost:*"),
        ("https://user@shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com:99999", "65535"),
        ("https://", "https://shop.example.com"),
        ("ftp://shop.example.com", "https://"),
        ("https://shop .example.com", "https://shop.example.com"),
    ],
)
def test_a_bad_entry_is_refused_with_what_to_write_instead(entry: str, instead: str) -> None:
    with pytest.raises(SettingError) as caught:
        Allowlist((entry,))
    assert "ALLOWED_ORIGINS" in str(caught.value)
    assert repr(entry) in str(caught.value)
    assert instead in str(caught.value)


def test_no_entries_are_no_allowlist() -> None:
    assert not Allowlist(())
    assert Allowlist(("https://a.example.com",))


@pytest.mark.parametrize(
    ("referer", "origin"),
    [
        ("https://shop.example.com/cart?x=1#y", "https://shop.example.com"),
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com?x", "https://shop.example.com"),
        ("https://evil.io\\@shop.example.com/", "https://evil.io\\@shop.example.com"),
        ("https://user@shop.example.com/", "https://user@shop.example.com"),
        ("android-app://com.example/", ""),
        ("about:blank", ""),
        ("x https://shop.example.com/", ""),
    ],
)
def test_a_referers_origin_is_cut_off_and_not_interpreted(referer: str, origin: str) -> None:
    assert origin_of(referer) == origin


labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join)


@given(st.sampled_from(["http", "https"]), hosts, st.none() | st.integers(1024, 65535))
def test_every_sound_origin_can_be_listed_and_then_matches_only_itself(
    scheme: str, host: str, port: int | None
) -> None:
    origin = f"{scheme}://{host}" + (f":{port}" if port else "")
    allowlist = Allowlist((origin,))
    assert origin in allowlist
    for other in (origin + "/", origin + ".", "x" + origin, origin[:-1], origin.upper(), origin + ":1"):
        assert other not in allowlist


@given(hosts, st.lists(labels, min_size=1, max_size=3))
def test_a_wildcard_covers_whole_labels_and_nothing_else(host: str, more: list[str]) -> None:
    allowlist = Allowlist((f"https://*.{host}",))
    assert f"https://{'.'.join(more)}.{host}" in allowlist
    assert f"https://{host}" not in allowlist
    assert f"https://x{host}" not in allowlist
    assert f"https://{'.'.join(more)}.{host}.evil.io" not in allowlist


@given(st.text(alphabet=string.printable, max_size=60))
def test_what_a_wildcard_takes_is_always_a_plain_host_name(junk: str) -> None:
    origin = f"https://{junk}.example.org"
    if origin in LIST:
        assert re.fullmatch(r"https://[a-z0-9_.-]+\.example\.org", origin)


@given(st.text(max_size=80))
def test_any_entry_is_either_taken_or_refused_with_a_setting_error(entry: str) -> None:
    try:
        allowlist = Allowlist((entry,))
    except SettingError:
        return
    assert allowlist
    assert "*" in entry or entry in allowlist
