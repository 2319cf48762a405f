"""The real `s` command line, rendering a template offline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import install

ROOT = Path(__file__).parents[3]
HOME = ROOT / "ops/serverless-devs"
COMMAND = HOME / "node_modules/.bin/s"

VARIABLES = {
    "DEPLOY_REGION": "cn-hangzhou",
    "SLS_PROJECT": "shop-logs",
    "SLS_LOGSTORES": "web-tracking-logstore,checkout",
    "TRACK_ROLE_ARN": "acs:ram::1234567890123456:role/sls-webtracking-track",
    "TOKEN_ROLE_ARN": "acs:ram::1234567890123456:role/sls-webtracking-token",
    "STS_ROLE_ARN": "acs:ram::1234567890123456:role/sls-web-tracking",
    "ALLOWED_ORIGINS": "https://shop.example.com",
}
SPOOL = {
    "SPOOL_OSS_BUCKET": "shop-spool",
    "SPOOL_PREFIX": "shop/",
    "REPLAY_ROLE_ARN": "acs:ram::1234567890123456:role/sls-webtracking-replay",
}


def command() -> Path:
    """Return `s`, installed from its lock file if missing.

    Skips the test without npm or a registry to install from; with
    REQUIRE_SERVERLESS_DEVS=1 it fails instead.
    """
    npm = shutil.which("npm")
    reason = "npm is not installed" if npm is None else install(npm, HOME)
    if reason and os.environ.get("REQUIRE_SERVERLESS_DEVS") == "1":
        pytest.fail(f"Serverless Devs is required here: {reason}")
    if reason:
        pytest.skip(f"without Serverless Devs: {reason}")
    return COMMAND


def preview(
    s: Path, template: str, directory: Path, variables: dict[str, str], dotenv: str = "", way: str = "s.yaml"
) -> subprocess.CompletedProcess[str]:
    """Run `s preview -o json -t WAY` in a temporary directory and HOME.

    `template` stands for s.yaml there; the other files that can be deployed are the repository's.
    """
    for path in ROOT.glob("s.*.yaml"):
        shutil.copy(path, directory)
    (directory / "s.yaml").write_text(template)
    (directory / ".env").write_text(dotenv)
    environ = {"PATH": os.environ["PATH"], "HOME": str(directory), **variables}
    return subprocess.run(
        [str(s), "preview", "-o", "json", "-t", way],
        cwd=directory,
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def rendered(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON in what `s preview` printed, after its warnings."""
    assert done.returncode == 0, done.stdout + done.stderr
    start = done.stdout.index("{\n")
    outcome: dict[str, Any] = json.loads(done.stdout[start:])
    return outcome
