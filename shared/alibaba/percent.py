"""Percent-encoding for Alibaba Cloud's signatures (RFC 3986).

Implemented here because importing urllib.parse costs a cold start more than the signatures themselves.
"""

from __future__ import annotations

_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def percent_encode(text: str) -> str:
    """Return the text with everything but letters, digits and `-._~` encoded, by its UTF-8 bytes."""
    data = text.encode()
    if not data.translate(None, _UNRESERVED):
        return text
    return "".join([chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data])
