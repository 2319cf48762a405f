"""Which of two deploys: Serverless Devs with its own component, or the official SDK in its place."""

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
_PATIENCE = 3  # seconds

# `s deploy` and `s remove` by the SDK; all else, such as `s preview`, stays Serverless Devs'.
_IN_PLACE = """\
s() {{
    case "${{1:-}}" in
        deploy|remove) {python} -m local.deployer "$@" ;;
        *) command s "$@" ;;
    esac
}}
"""


def choose(environ: Mapping[str, str] = os.environ) -> str:
    """Return REAL where fc3 is on this machine or can be fetched, else SDK."""
    home = Path(environ.get("serverless_devs_config_home") or Path.home())
    if (home / ".s/components/devsapp.cn/v3/fc3/.s.lock").is_file():
        return REAL
    try:
        with socket.create_connection((REGISTRY, 443), timeout=_PATIENCE):
            return REAL
    except OSError:
        return SDK


def prelude(deployer: str) -> str:
    """Return what a shell has to know for `s` to be that deployer."""
    return _IN_PLACE.format(python=shlex.quote(sys.executable)) if deployer == SDK else ""
