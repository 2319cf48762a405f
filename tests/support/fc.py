"""Events and contexts of FC's HTTP trigger, and modules as a new instance loads them."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


def event(
    method: str,
    path: str,
    body: str | bytes = "",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    source_ip: str = "203.0.113.77",
) -> bytes:
    """Return an HTTP trigger's event; a body of bytes is encoded in base64, as by FC for binary content."""
    binary = isinstance(body, bytes)
    return json.dumps(
        {
            "version": "v1",
            "rawPath": path,
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": binary,
            "headers": dict(headers or {}),
            "queryParameters": dict(query or {}),
            "requestContext": {
                "accountId": "123456789",
                "domainName": "track-abc.cn-hangzhou.fcapp.run",
                "domainPrefix": "track-abc",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source_ip,
                    "userAgent": (headers or {}).get("User-Agent", ""),
                },
                "requestId": "1-64f6cd87-event",
                "time": "2026-11-23T06:41:11Z",
                "timeEpoch": "1795416071895",
                "triggerId": "t-1",
            },
        }
    ).encode()


def context(timeout: float | None = 10, **more: Any) -> SimpleNamespace:
    """Return a handler's context; `more` adds attributes such as `credentials`."""
    function = SimpleNamespace(name="track", handler="index.handler", memory=512, timeout=timeout)
    return SimpleNamespace(request_id="1-64f6cd87-context", region="cn-hangzhou", function=function, **more)


def fresh(name: str) -> Any:
    """Return a module as a new process would load it, sharing nothing with one that is loaded."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
