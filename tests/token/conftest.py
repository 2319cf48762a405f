"""The fakes, and a check of all output: no secret may be in a log line or on a stream."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pytest_mock import MockerFixture

from local.ram import Ram
from tests.fakes.fixtures import fake_account, fake_network, fake_sls, fake_sts

__all__ = ["fake_account", "fake_network", "fake_sls", "fake_sts", "secrets"]


@pytest.fixture(autouse=True)
def secrets(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[set[str]]:
    """Every secret and security token created during a test; at its end none may have been written."""
    seen: set[str] = set()
    for name in ("issue", "add_user"):
        mocker.patch.object(Ram, name, autospec=True, side_effect=_watched(getattr(Ram, name), seen))
    caplog.set_level(logging.DEBUG)
    yield seen
    written = "".join((caplog.text, *capfd.readouterr()))
    assert not [secret for secret in seen if secret in written]


def _watched(make: object, seen: set[str]) -> object:
    assert callable(make)

    def made(*positional: object, **named: object) -> object:
        key = make(*positional, **named)
        seen.update(filter(None, (key.secret, getattr(key, "security_token", None))))
        return key

    return made
