"""token with a rate limit: a credential counts as one log."""

from __future__ import annotations

import pytest

from tests.fakes.account import FakeAccount
from tests.token.vendor import PATH, Vendor


@pytest.mark.usefixtures("fake_sts")
def test_a_client_gets_so_many_credentials(
    fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = fake_account.variables(fake_account.token_role)
    for name, value in {**usual, "RATE_LIMIT": "client 1/h burst 2, logstore 1/h burst 1"}.items():
        monkeypatch.setenv(name, value)
    vendor = Vendor()
    assert [vendor.send().status for _ in range(2)] == [200, 200]
    reply = vendor.send(path=f"/x{PATH}")
    assert (reply.status, reply.json()["errorCode"]) == (429, "RequestRateExceeded")
    assert int(reply.headers["retry-after"]) > 3590
    assert vendor.send("GET", "/healthz").status == 200
