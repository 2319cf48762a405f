"""Whose address a request counts as coming from; tags, filters and limits all go by it."""

from __future__ import annotations

import pytest

from shared.deadline import Deadline
from shared.http.request import Request

CDN = "x-forwarded-for"


def request(source_ip: str, entries: str | None = None) -> Request:
    headers = {} if entries is None else {CDN: entries}
    return Request("GET", "/", {}, headers, b"", 0, source_ip, "id", Deadline(10))


@pytest.mark.parametrize(
    ("source_ip", "entries", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.9", "198.51.100.9"),
        ("203.0.113.7", "10.0.0.1, 198.51.100.9 ", "198.51.100.9"),
        ("203.0.113.7", "198.51.100.9,", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.9, unknown", "203.0.113.7"),
        ("203.0.113.7", "2001:DB8::1", "2001:DB8::1"),
        ("::ffff:203.0.113.7", None, "::ffff:203.0.113.7"),
        ("", "198.51.100.9", "198.51.100.9"),
        ("", None, None),
        ("a client's word", "another", None),
    ],
)
def test_the_last_entry_of_the_header_counts_else_the_connection(
    source_ip: str, entries: str | None, address: str | None
) -> None:
    assert request(source_ip, entries).client_address(CDN) == address


def test_without_a_header_to_trust_only_the_connection_counts() -> None:
    assert request("203.0.113.7", "198.51.100.9").client_address(None) == "203.0.113.7"
