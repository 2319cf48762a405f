"""Alibaba Cloud's official clients for Node.js work with the stand-ins, in both signatures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.support.node import install

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js, with the packages of the lock file; without them the tests are skipped."""
    found, npm = shutil.which("node"), shutil.which("npm")
    reason = "" if found and npm else "Node.js is not installed"
    if npm:
        reason = reason or install(npm, HERE, "--ignore-scripts")
    if reason and os.environ.get("REQUIRE_SERVERLESS_DEVS") == "1":
        pytest.fail(reason)
    if reason or found is None:
        pytest.skip(reason)
    return found


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


def _run(node: str, script: str, cloud: Cloud, **options: object) -> Any:
    given = json.dumps({"id": cloud.key.id, "secret": cloud.key.secret, **options})
    done = subprocess.run(
        [node, "--no-warnings", "-r", "./local.js", script, given],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("v4", [False, True])
def test_ali_oss_by_both_signatures(node: str, cloud: Cloud, v4: bool) -> None:
    cloud.oss.create("shop-spool")
    said = _run(node, "oss.js", cloud, endpoint=cloud.oss_url, v4=v4)
    assert said == {"body": "hello", "names": ["a b/ü.txt"], "note": "kept", "left": 0}


def test_both_clients_of_sls_manage_write_and_read(node: str, cloud: Cloud) -> None:
    """@alicloud/log signs with V1, @alicloud/sls20201230 with V4."""
    cloud.sls.create("shop-logs", "first")
    endpoint = cloud.sls_url.replace("http://127.0.0.1", "localhost")
    said = _run(node, "sls.js", cloud, endpoint=endpoint)
    seen = {"names": ["first", "web"], "ttl": 7, "token": [","], "logs": ["b"]}
    assert said["older"] == {**seen, "project": "shop-logs", "counted": 1}
    assert said["newer"] == {**seen, "logsV2": ["b"]}
