"""The form of an upstream's address: `http(s)://host[:port]`, and nothing after it but a slash.

Taken apart without patterns: a cold start would pay for compiling them.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_LABEL = 63  # characters, as the resolver takes them
_LONGEST_PORT = 5  # digits


class Address(NamedTuple):
    """Where to connect to, and how to name it in the Host header."""

    tls: bool
    name: str  # to resolve; an IPv6 address without its brackets
    port: int
    host: str  # with brackets, and with the port unless it is the scheme's own


def parse_address(text: str) -> Address | None:
    """Return the address, None where `text` is none that could be connected to."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _DEFAULT_PORTS:
        return None
    host, digits = _split_port(rest.removesuffix("/"))
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not (is_host_name(host) if name is host else _is_ipv6(name)):
        return None
    default = _DEFAULT_PORTS[scheme]
    port = default if digits is None else _port(digits)
    if port is None:
        return None
    return Address(scheme == "https", name, port, host if port == default else f"{host}:{port}")


def is_host_name(text: str) -> bool:
    """Whether `text` is labels of letters, digits, `-` and `_` (not DNS's, but met in practice)."""
    return all(_is_label(label) for label in text.split("."))


def _is_label(label: str) -> bool:
    letters = label.replace("-", "").replace("_", "x")
    inner = label[:1] != "-" and label[-1:] != "-"
    return inner and letters.isalnum() and label.isascii() and len(label) <= _LONGEST_LABEL


def _split_port(text: str) -> tuple[str, str | None]:
    """Return host and port of `host[:port]`; a port of None where there is no colon after the host."""
    end = text.rfind("]") + 1
    host, colon, digits = text[end:].partition(":")
    return text[:end] + host, digits if colon else None


def _port(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_PORT):
        return None
    port = int(digits)
    return port if 0 < port < 65536 else None


def _is_ipv6(literal: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, literal)
    except (OSError, ValueError):
        return False
    return True
