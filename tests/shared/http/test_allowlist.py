"""The allowlist's grammar, the origins it allows, and attacks on such lists."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.allowlist import Allowlist, origin_of
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


@pytest.mark.parametrize(
    ("entry", "instead"),
    [
        ("*", "origins; * is not one. To allow every origin, leave the setting empty"),
        ("https://bücher.example", "names in punycode (xn--…), as a browser writes them in Origin"),
        ("https://A.example", "lower case, as a browser writes it: https://a.example"),
        ("a.example", "a scheme in front: https://a.example"),
        ("ftp://a.example", "origins that start with https:// or http://"),
        ("https://a.example/b/c", "an origin only, without a path: https://a.example"),
        ("https://a://b", "an origin only, without a path: https://a:"),
        ("https://a*.example", "a wildcard for whole labels only: https://*.example.com"),
        (
            "https://*.com",
            "a wildcard below your own domain (https://*.example.com), not below a public suffix",
        ),
        (
            "https://a b",
            "origins such as https://shop.example.com, https://*.example.com or http://localhost:*",
        ),
        ("https://a.example:65536", "a port of at most 65535"),
        ("http://[::1]:65536", "a port of at most 65535"),
        ("https://a.example:443", "no default port, as a browser writes it: https://a.example"),
        ("http://*.a.example:80", "no default port, as a browser writes it: http://*.a.example"),
        ("https://[::1]:443", "no default port, as a browser writes it: https://[::1]"),
    ],
)
def test_a_refusal_ends_with_what_to_write(entry: str, instead: str) -> None:
    with pytest.raises(SettingError) as caught:
        Allowlist((entry,))
    assert str(caught.value).endswith(f" {instead}")


@pytest.mark.parametrize(
    "entry",
    [
        "https://a.example:65535",
        "http://a.example:443",
        "https://a.example:80",
        "https://a.example:1",
        "http://99999",  # a name of only digits, not a port
        "http://[::1]",
        "https://" + ".".join(["a" * 63] * 3),
        "https://_dmarc.a-b_.example",
    ],
)
def test_an_entry_at_a_limit_is_accepted_and_matches(entry: str) -> None:
    assert entry in Allowlist((entry,))


@pytest.mark.parametrize(
    "entry",
    [
        "https://" + "a" * 64,
        "https://-a.example",
        "https://a-.example",
        "https://a.example:0",
        "https://a..b",
    ],
)
def test_an_entry_past_a_limit_is_refused(entry: str) -> None:
    with pytest.raises(SettingError, match=r"origins such as https://shop\.example\.com"):
        Allowlist((entry,))


@pytest.mark.parametrize(("length", "allowed"), [(300, True), (301, False)])
def test_an_origin_under_a_wildcard_has_300_characters_at_most(length: int, allowed: bool) -> None:
    ends = ("https://", ".example.org")
    covered = ("a" * 49 + ".") * 5
    origin = ends[0] + covered + "b" * (length - sum(map(len, ends)) - len(covered)) + ends[1]
    assert len(origin) == length
    assert (origin in LIST) == allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:1", True),
        ("http://localhost:99999", True),  # no browser has such a port
        ("http://localhost:0", False),
        ("http://localhost:05173", False),
        ("http://localhost:100000", False),
        ("https://" + "a" * 63 + ".example.org", True),
        ("https://" + "a" * 64 + ".example.org", False),
        ("https://-.example.org", False),
        ("https://a-.example.org", False),
        ("https://_a.0.example.org", True),
    ],
)
def test_the_text_matched_by_a_star_is_limited(origin: str, allowed: bool) -> None:
    assert (origin in LIST) == allowed


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
