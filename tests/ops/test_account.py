"""`python -m ops account`, and ops/keys.sh, which uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ram import AccessKey, Ram
from local.serving import Server
from local.sts import StsStandIn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def account() -> Iterator[tuple[str, AccessKey]]:
    ram = Ram("42")
    with Server(StsStandIn(ram).app) as server:
        yield server.url, ram.add_user("ops", [])


def _run(command: list[str], given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": path, "HOME": "/nonexistent", **environ},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_whose_key_it_is(account: tuple[str, AccessKey]) -> None:
    url, (identifier, secret) = account
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": identifier, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
    command = [sys.executable, "-m", "ops", "account"]
    done = _run(command, OPS_STS_ENDPOINT=url, **keys)
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")
    wrong = _run(command, OPS_STS_ENDPOINT=url, **{**keys, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"})
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("account: SignatureDoesNotMatch")
    assert _run(command).stderr.startswith("account: no credentials")


def test_the_key_is_requested_and_exported_under_all_names(account: tuple[str, AccessKey]) -> None:
    url, (identifier, secret) = account
    names = "$ALIBABA_CLOUD_ACCESS_KEY_ID $AccessKeyID $AccountID ${#AccessKeySecret}"
    script = f'. ops/keys.sh && env | grep -c "^AccessKeySecret=" && echo "{names}"'
    asked = _run(["bash", "-c", script], f"{identifier}\n{secret}\n", OPS_STS_ENDPOINT=url)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout == f"account 42\n1\n{identifier} {identifier} 42 {len(secret)}\n"
    assert secret not in asked.stdout + asked.stderr


def test_a_key_that_is_set_is_not_requested(account: tuple[str, AccessKey]) -> None:
    url, (identifier, secret) = account
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": identifier, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
    done = _run(["bash", "-c", ". ops/keys.sh"], OPS_STS_ENDPOINT=url, **keys)
    assert (done.returncode, done.stdout, done.stderr) == (0, "account 42\n", "")
