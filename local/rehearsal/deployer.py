"""Chooses what deploys: Serverless Devs with its component fc3, or the official SDK instead."""

from __future__ import annotations

import os
import shlex
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

REGISTRY = "api.devsapp.cn"  # where Serverless Devs fetches fc3
REAL = "Serverless Devs with its component fc3"
SDK = "Function Compute's official SDK, with the calls of fc3: its registry cannot be reached from here"
_TIMEOUT = 3  # seconds

# `s deploy` and `s remove` use the SDK; other commands, such as `s preview`, run Serverless Devs.
_IN_PLACE = """\
s() {{
    case "${{1:-}}" in
        deploy|remove) {python} -m local.deployer "$@" ;;
        *) command s "$@" ;;
    esac
}}
"""


def choose(environ: Mapping[str, str] = os.environ) -> str:
    """Return REAL if fc3 is installed or can be downloaded, else SDK."""
    home = Path(environ.get("serverless_devs_config_home") or Path.home())
    if (home / ".s/components/devsapp.cn/v3/fc3/.s.lock").is_file():
        return REAL
    try:
        with socket.create_connection((REGISTRY, 443), timeout=_TIMEOUT):
            return REAL
    except OSError:
        return SDK


def prelude(deployer: str) -> str:
    """Return shell code that makes `s` use this deployer."""
    return _IN_PLACE.format(python=shlex.quote(sys.executable)) if deployer == SDK else ""
