"""The form of an upstream's address: `http(s)://host[:port]`, and nothing after it but a slash."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

# Labels as the resolver takes them: 1 to 63 characters. The underscore is not DNS's but is met in practice.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS = re.compile(r"(https?)://(?:([A-Za-z0-9_.-]+)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

HOST_NAME = re.compile(_NAME)


class Address(NamedTuple):
    """Where to connect to, and how to name it in the Host header."""

    tls: bool
    name: str  # to resolve; an IPv6 address without its brackets
    port: int
    host: str  # with brackets, and with the port unless it is the scheme's own


def parse_address(text: str) -> Address | None:
    """Return the address, None where `text` is none that could be connected to."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not (match[3] or HOST_NAME.fullmatch(match[2])):
        return None
    scheme, name, literal, digits = match.groups()
    default = _DEFAULT_PORTS[scheme]
    port = int(digits or default)
    if not 0 < port < 65536 or (literal and not _is_ipv6(literal)):
        return None
    host = f"[{literal}]" if literal else name
    return Address(scheme == "https", literal or name, port, host if port == default else f"{host}:{port}")


def _is_ipv6(literal: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, literal)
    except OSError:
        return False
    return True
