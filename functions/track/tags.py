"""The sender's tags, which the proxy adds and a client cannot set (`names`)."""

from __future__ import annotations

import socket

from shared.http.request import Request
from shared.network.address import pack


class SenderTags:
    """Reads the tags from a request, according to CLIENT_IP and CLIENT_IP_HEADER."""

    def __init__(self, client_ip: str, header: str | None) -> None:
        """`client_ip` is `full`, `truncate` or `off`; `header` is where a CDN writes the address."""
        self._client_ip = client_ip
        self._header = header.lower() if header else None

    def read(self, request: Request) -> dict[str, str]:
        """Return the tags for which the request has a value."""
        found = {
            "client_ip": self._address(request),
            "user_agent": request.headers.get("user-agent"),
            "referer": request.headers.get("referer"),
            "subject": request.subject,
        }
        return {name: value for name, value in found.items() if value}

    def _address(self, request: Request) -> str | None:
        if self._client_ip == "off":
            return None
        address = request.client_address(self._header)
        return truncated(address) if address and self._client_ip == "truncate" else address


def truncated(address: str) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 address, None for any other text."""
    packed = pack(address)
    if packed is None:
        return None
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed[:3] + bytes(1))
    return socket.inet_ntop(socket.AF_INET6, packed[:6] + bytes(10))
