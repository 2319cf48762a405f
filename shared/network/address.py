"""Addresses of upstreams, `http(s)://host[:port]` with at most a slash after it, and IP addresses.

Parsed without regular expressions, which would cost compile time in a cold start.
"""

from __future__ import annotations

import socket

import msgspec

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_LABEL = 63  # characters, the resolver's limit
_LONGEST_PORT = 5  # digits
_MAPPED_IPV4 = bytes(10) + b"\xff\xff"  # before an IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2)


class Address(msgspec.Struct, frozen=True):
    """The address to connect to, and its value for the Host header."""

    tls: bool
    name: str  # to resolve; an IPv6 address without its brackets
    port: int
    host: str  # with brackets, and with the port unless it is the scheme's default


def parse_address(text: str) -> Address | None:
    """Return the address, None if `text` is not valid."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _DEFAULT_PORTS:
        return None
    host, digits = _split_port(rest.removesuffix("/"))
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not (is_host_name(host) if name is host else _packed(socket.AF_INET6, name) is not None):
        return None
    default = _DEFAULT_PORTS[scheme]
    port = default if digits is None else _port(digits)
    if port is None:
        return None
    return Address(scheme == "https", name, port, host if port == default else f"{host}:{port}")


def is_host_name(text: str) -> bool:
    """Whether `text` consists of labels of letters, digits, `-` and `_` (not in DNS, but it occurs)."""
    return all(_is_label(label) for label in text.split("."))


def pack(text: str) -> bytes | None:
    """Return an IP address as 4 bytes (IPv4) or 16 bytes (IPv6); None for any other text.

    An IPv4-mapped IPv6 address becomes the IPv4 address.
    """
    packed = _packed(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    return packed[12:] if packed and len(packed) == 16 and packed.startswith(_MAPPED_IPV4) else packed


def _packed(family: socket.AddressFamily, text: str) -> bytes | None:
    try:
        return socket.inet_pton(family, text)
    except (OSError, ValueError):
        return None


def _is_label(label: str) -> bool:
    letters = label.replace("-", "").replace("_", "x")
    inner = label[:1] != "-" and label[-1:] != "-"
    return inner and letters.isalnum() and label.isascii() and len(label) <= _LONGEST_LABEL


def _split_port(text: str) -> tuple[str, str | None]:
    """Return host and port of `host[:port]`; a port of None if there is no colon after the host."""
    end = text.rfind("]") + 1
    host, colon, digits = text[end:].partition(":")
    return text[:end] + host, digits if colon else None


def _port(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_PORT):
        return None
    port = int(digits)
    return port if 0 < port < 65536 else None
