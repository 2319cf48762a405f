"""verify on a deployment that enforces page tickets: its addresses carry one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.stack import FREE_PORTS, Stack
from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from tests.ops.verify.conftest import LOGSTORE, ORIGIN, PROJECT, RUNTIME, Verify

KEY = b"k" * 32


@pytest.fixture
def guarded() -> Iterator[Stack]:
    settings = {"TICKETS": "enforce", "TICKET_KEYS": f"a:{to_base64url(KEY)}"}
    environ = {"ALLOWED_ORIGINS": ORIGIN, **settings, **RUNTIME}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        stack.sls.create("other-project", LOGSTORE)
        stack.sls.create(PROJECT, "other-store")
        yield stack


def test_with_a_ticket_in_the_address_all_of_it_is_checked(
    guarded: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = Verify(guarded, monkeypatch, capsys)
    ticket = issue("a", KEY, {"exp": time.time() + 3600})
    run = verify(f"{guarded.functions_url}/t/{ticket}")
    assert run.status == 0, run.out
    assert verify(guarded.functions_url).status != 0
