"""A client's address, for rate limits and filters."""

from __future__ import annotations

import socket

from shared.http.request import Request

_MAPPED_IPV4 = bytes(10) + b"\xff\xff"


def client_address(request: Request, header: str | None) -> bytes | None:
    """Return the client's address, packed: 4 bytes for IPv4 or 16 for IPv6; None if it has none.

    `header`, in lower case, is the one in which a CDN passes it; its last entry is used, if it is an address.
    An IPv4-mapped IPv6 address counts as IPv4.
    """
    if header and (entries := request.headers.get(header)):
        last = pack(entries.rpartition(",")[2].strip())
        if last is not None:
            return last
    return pack(request.source_ip)


def pack(address: str) -> bytes | None:
    """Return an address in bytes, None if it is not an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        return None
    return packed[12:] if len(packed) == 16 and packed.startswith(_MAPPED_IPV4) else packed
