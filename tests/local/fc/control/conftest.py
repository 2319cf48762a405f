from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from local.fc import interpreters
from tests.local.fc.control.cloud import Cloud, running_cloud

_find = interpreters.find


@pytest.fixture(autouse=True)
def any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use this interpreter for one that is not installed."""
    monkeypatch.setattr(interpreters, "find", lambda version: _find(version) or sys.executable)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running_cloud() as running:
        yield running
