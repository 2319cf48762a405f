from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from local.stack import FREE_PORTS, Stack
from ops.__main__ import main
from tests.ops.verify.proxy import Proxy, serving

ORIGIN = "https://shop.example.com"
RUNTIME = {"FUNCTION_RUNTIME": os.getenv("FUNCTION_RUNTIME", "")}  # of the functions: custom, or builtin
PROJECT, LOGSTORE = "webtracking-demo", "checkout"


class Run(NamedTuple):
    """What one run of the command came to."""

    status: int
    out: str
    err: str

    def checks(self, result: str) -> dict[str, str]:
        """Names and details of the checks with that result; for runs with --json."""
        report: dict[str, Any] = json.loads(self.out)
        return {check["name"]: check["detail"] for check in report["checks"] if check["result"] == result}


class Verify:
    """`python -m ops verify` in this process, on one stack, straight or through a proxy."""

    def __init__(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.stack = stack
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def options(self) -> list[str]:
        """What an operator of that stack would give, beside the URL."""
        known = {
            "project": PROJECT,
            "logstore": LOGSTORE,
            "region": "cn-hangzhou",
            "origin": ORIGIN,
            "sls-endpoint": self.stack.sls_url,
            "sts-endpoint": self.stack.sts_url,
            "other-project": "other-project",
            "other-logstore": "other-store",
            "wait": "60",
        }
        return [part for name, value in known.items() for part in (f"--{name}", value)]

    def __call__(self, *arguments: str, reader: bool = True) -> Run:
        """Run it; keys of a reader are in the environment unless told otherwise."""
        if reader:
            identifier, secret = self.stack.reader_key
            self._monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", identifier)
            self._monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret)
        status = main(["verify", *self.options(), *arguments])
        out, err = self._capsys.readouterr()
        assert self.stack.reader_key.secret not in out + err
        return Run(status, out, err)

    def through(self, proxy: Proxy, *arguments: str) -> Run:
        """Run it on the proxy, with --json; no secret that came by may be printed."""
        with serving(proxy) as server:
            run = self(server.url, "--json", *arguments)
        assert proxy.secrets
        assert not [secret for secret in proxy.secrets if secret in run.out + run.err]
        return run


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """A sound deployment with an allowlist; a test that changes it changes it back."""
    environ = {"ALLOWED_ORIGINS": ORIGIN, **RUNTIME}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        stack.sls.create("other-project", LOGSTORE)
        stack.sls.create(PROJECT, "other-store")
        yield stack


@pytest.fixture
def verify(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    return Verify(stack, monkeypatch, capsys)
