"""The form of an upstream's address."""

from __future__ import annotations

import pytest

from shared.network.address import Address, pack, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:9001", Address(False, "127.0.0.1", 9001, "127.0.0.1:9001")),
        ("http://localhost", Address(False, "localhost", 80, "localhost")),
        ("https://a-b.c_d.example/", Address(True, "a-b.c_d.example", 443, "a-b.c_d.example")),
        ("https://a.example:443", Address(True, "a.example", 443, "a.example")),
        ("https://a.example:80", Address(True, "a.example", 80, "a.example:80")),
        ("http://a.example:1", Address(False, "a.example", 1, "a.example:1")),
        ("http://a.example:65535", Address(False, "a.example", 65535, "a.example:65535")),
        ("http://[::1]:9001", Address(False, "::1", 9001, "[::1]:9001")),
        ("https://[FE80::1]", Address(True, "FE80::1", 443, "[FE80::1]")),
        ("http://[::ffff:127.0.0.1]", Address(False, "::ffff:127.0.0.1", 80, "[::ffff:127.0.0.1]")),
        (f"http://{'a' * 63}.b", Address(False, f"{'a' * 63}.b", 80, f"{'a' * 63}.b")),
    ],
)
def test_a_sound_address_is_taken_apart(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example",
        "a.example:80",
        "//a.example",
        "ftp://a.example",
        "HTTP://a.example",
        "http://",
        "http:///",
        "http://:80",
        "http://a.example:",
        "http://a.example:0",
        "http://a.example:65536",
        "http://a.example:99999",
        "http://a.example:100000",
        "http://a.example:-1",
        "http://a.example:８０",
        "http://a.example//",
        "http://a.example/path",
        "http://a.example?x",
        "http://a.example#x",
        "http://a.example\n",
        "http://a.example\r\nHost: evil",
        " http://a.example",
        "http://user@a.example",
        "http://user:secret@a.example",
        "http://a..example",
        "http://.a.example",
        "http://a.example.",
        "http://-a.example",
        "http://a-.example",
        f"http://{'a' * 64}.b",
        "http://bücher.example",
        "http://a%2eexample",
        "http://a.example,b.example",
        "http://*.example",
        "http://::1",
        "http://[::1",
        "http://::1]",
        "http://[]",
        "http://[:]",
        "http://[....]",
        "http://[1:2]",
        "http://[127.0.0.1]",
        "http://[fe80::1%eth0]",
        "http://[::1]x",
    ],
)
def test_what_could_not_be_connected_to_is_no_address(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("203.0.113.7", bytes([203, 0, 113, 7])),
        ("::ffff:203.0.113.7", bytes([203, 0, 113, 7])),
        ("::FFFF:cb00:7107", bytes([203, 0, 113, 7])),
        ("::", bytes(16)),
        ("2001:db8::1", bytes.fromhex("20010db8") + bytes(11) + b"\x01"),
        ("::fffe:203.0.113.7", bytes(10) + b"\xff\xfe" + bytes([203, 0, 113, 7])),
    ],
)
def test_an_ip_address_is_packed(text: str, packed: bytes) -> None:
    assert pack(text) == packed


@pytest.mark.parametrize(
    "text", ["", "203.0.113", "203.0.113.256", "2001:db8::g", "[::1]", "::1%lo", "a:b", "1\x00", "１.2.3.4"]
)
def test_what_is_no_ip_address_is_not_packed(text: str) -> None:
    assert pack(text) is None
