"""Runs a package in isolation: only its folder and the runtime's CPython are on the path."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.package.bytecode import interpreter
from ops.package.contents import RUNTIMES

# -I and -S exclude this directory, PYTHONPATH and site-packages: only the standard library stays.
_ISOLATED = ["-I", "-S", "-B", "-c"]

_HOST = """
import json, sys
from types import SimpleNamespace
sys.path.insert(0, ".")
import index
function = SimpleNamespace(name="f", handler="index.handler", memory=512, timeout=10)
context = SimpleNamespace(request_id="r-1", region="cn-hangzhou", account_id="1", function=function)
index.initialize(context)
answers = [index.handler(json.dumps(event).encode(), context) for event in json.load(sys.stdin)]
json.dump({"answers": answers, "modules": sorted(sys.modules)}, sys.stdout)
"""


def python_of(runtime: str) -> str:
    """Return the runtime's CPython; skips the test if it is not installed."""
    found = interpreter(RUNTIMES[runtime])
    if found is None:
        pytest.skip(f"CPython {RUNTIMES[runtime]} is not installed here")
    return found


def invoke(
    python: str, package: Path, events: list[dict[str, Any]], environ: dict[str, str]
) -> dict[str, Any]:
    """The package's answer to each event, and the modules loaded by then."""
    done = subprocess.run(
        [python, *_ISOLATED, _HOST],
        cwd=package,
        env={"FC_FUNCTION_NAME": "f", "FC_REGION": "cn-hangzhou", **environ},
        input=json.dumps(events),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def event(
    path: str, body: str = "", *, base64: bool = False, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return an HTTP trigger's event: a POST if there is a body, else a GET."""
    http = {
        "method": "POST" if body else "GET",
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "203.0.113.77",
    }
    return {
        "version": "v1",
        "rawPath": path,
        "body": body,
        "isBase64Encoded": base64,
        "headers": headers or {},
        "queryParameters": {},
        "requestContext": {"http": http, "requestId": "r-1", "domainName": "d", "accountId": "1"},
    }
