"""The measured requests: bodies like a shop's events, in events of the HTTP trigger."""

from __future__ import annotations

import base64
import json
import random

MAX_BODY, MAX_LOGS = 3 * 1024 * 1024, 4096
SITE = "https://shop.example.com"
TRACK, TOKEN = "/logstores/benchmark-logs/track", "/get_sts_token"

_WORDS = ("view", "cart", "search", "click", "order", "product", "category", "summer", "sale", "tablet")


def body_of(logs: int, size: int, pairs: int) -> bytes:
    """Return a body of `logs` different logs with `pairs` pairs each, of `size` bytes or slightly fewer."""
    chance = random.Random(logs)
    overhead = len(_compact({"__logs__": [dict.fromkeys(_names(pairs), "")] * logs}))
    length = (size - overhead) // (logs * pairs)
    return _compact({"__logs__": [_log(chance, pairs, length) for _ in range(logs)]})


def small() -> bytes:
    """1 KB, 10 logs."""
    return body_of(10, 1024, 4)


def large() -> bytes:
    """3 MB, 4,096 logs: just below both limits."""
    return body_of(MAX_LOGS, MAX_BODY, 12)


def many_fields() -> bytes:
    """3 MB of 4,096 logs of the shortest fields: the most objects for its size, 15 KB compressed."""
    log = ",".join(f'"{chr(97 + at // 26)}{chr(97 + at % 26)}":"{at:02}"' for at in range(76))
    return ('{"__logs__":[' + ",".join(["{" + log + "}"] * MAX_LOGS) + "]}").encode()


def post(body: bytes, ticket: str = "") -> bytes:
    """Return the event of a POST to track, with a page ticket in its path if there is one."""
    return _event("POST", f"/t/{ticket}{TRACK}" if ticket else TRACK, body.decode(), {})


def get() -> bytes:
    """Return the event of a GET to track with twelve pairs."""
    query = {name: f"value {name}" for name in _names(12)}
    return _event("GET", TRACK, "", {"APIVersion": "0.6.0", **query})


def token() -> bytes:
    """Return the event of a GET of a credential."""
    return _event("GET", TOKEN, "", {})


def _event(method: str, path: str, body: str, query: dict[str, str]) -> bytes:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}
    headers = {"User-Agent": "Mozilla/5.0", "Origin": SITE, "Referer": f"{SITE}/"}
    event = {
        "version": "v1",
        "rawPath": path,
        "body": body,
        "isBase64Encoded": False,
        "headers": headers,
        "queryParameters": query,
        "requestContext": {"http": http, "requestId": "1-benchmark"},
    }
    return json.dumps(event).encode()


def _names(pairs: int) -> list[str]:
    return [f"field{number:02}" for number in range(pairs)]


def _log(chance: random.Random, pairs: int, length: int) -> dict[str, str]:
    return {name: _text(chance, length) for name in _names(pairs)}


def _text(chance: random.Random, length: int) -> str:
    """Return words with some identifiers: about as compressible as real logs of pages."""
    text = base64.b32encode(chance.randbytes(5)).decode()
    while len(text) < length:
        text += " " + chance.choice(_WORDS)
    return text[:length]


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
