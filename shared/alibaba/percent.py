"""Percent-encoding for Alibaba Cloud's signatures (RFC 3986).

Implemented here because importing urllib.parse costs a cold start more than the signatures themselves.
"""

from __future__ import annotations

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]


def percent_encode(text: str) -> str:
    """Return the text with everything but letters, digits and `-._~` encoded, by its UTF-8 bytes."""
    return "".join([_ENCODED[byte] for byte in text.encode()])
