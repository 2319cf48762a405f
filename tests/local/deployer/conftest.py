from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from local.fc import interpreters
from tests.local.fc.control.cloud import Cloud, running_cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A control plane whose functions are deployed and never called."""
    monkeypatch.setattr(interpreters, "find", lambda _: sys.executable)
    with running_cloud(minute=600) as running:
        yield running
