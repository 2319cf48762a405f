"""The fakes as fixtures, for a conftest.py to import; only services that a test requests exist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_mock import MockerFixture

from shared.network.client import HttpClient
from tests.fakes.account import FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.oss import FakeOss
from tests.fakes.sls import FakeSls
from tests.fakes.sts import FakeSts


@pytest.fixture
def fake_account() -> FakeAccount:
    """The account and its roles."""
    return FakeAccount()


@pytest.fixture
def fake_network(mocker: MockerFixture) -> FakeNetwork:
    """Replaces the network of every `HttpClient`; without a service, no host is reachable."""
    network = FakeNetwork()
    mocker.patch.object(HttpClient, "exchange", autospec=True, side_effect=network.exchange)
    return network


@pytest.fixture
def fake_sts(fake_account: FakeAccount, fake_network: FakeNetwork) -> FakeSts:
    """STS, at its usual addresses."""
    return FakeSts(fake_account, fake_network)


@pytest.fixture
def fake_sls(fake_account: FakeAccount, fake_network: FakeNetwork) -> Iterator[FakeSls]:
    """SLS, at its usual addresses, with the account's Project and Logstores."""
    sls = FakeSls(fake_account, fake_network)
    yield sls
    sls.close()


@pytest.fixture
def fake_oss(fake_account: FakeAccount, fake_network: FakeNetwork) -> Iterator[FakeOss]:
    """OSS, at its usual addresses, with the spool's bucket."""
    oss = FakeOss(fake_account, fake_network)
    yield oss
    oss.close()
