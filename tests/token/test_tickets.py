"""token behind page tickets: the guide's "after validating the request"."""

from __future__ import annotations

import time

import pytest

from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from tests.fakes.account import FakeAccount
from tests.fakes.sts import FakeSts
from tests.token.vendor import PATH, Vendor

KEY = b"k" * 32
BOTH = ["web-tracking-logstore", "checkout"]


def ticket(**claims: object) -> str:
    return f"/t/{issue('a', KEY, {'exp': time.time() + 100, **claims})}{PATH}"


@pytest.fixture(params=["enforce", "audit", "off"])
def mode(request: pytest.FixtureRequest, fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> str:
    settings = {"TICKETS": request.param, "TICKET_KEYS": f"a:{to_base64url(KEY)}"}
    usual = fake_account.variables(fake_account.token_role)
    for name, value in {**usual, **settings, "SLS_LOGSTORES": ",".join(BOTH)}.items():
        monkeypatch.setenv(name, value)
    return str(request.param)


@pytest.mark.usefixtures("fake_sts")
@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({}, True),
        ({"logstores": [*BOTH, "more"]}, True),
        ({"logstores": BOTH[:1]}, False),
        ({"logstores": []}, False),
        ({"exp": 1}, False),
        (None, False),
    ],
)
def test_only_a_page_with_a_ticket_for_all_of_it_gets_a_credential(
    claims: dict[str, object] | None, good: bool, mode: str
) -> None:
    reply = Vendor().send(path=PATH if claims is None else ticket(**claims))
    if good or mode != "enforce":
        assert reply.status == 200
        assert len(reply.json()) == 4
    else:
        assert (reply.status, reply.json()["errorCode"]) == (403, "TicketInvalid")


def test_a_refused_page_costs_no_call_of_sts(mode: str, fake_sts: FakeSts) -> None:
    Vendor().send()
    assert bool(fake_sts.calls) == (mode != "enforce")
