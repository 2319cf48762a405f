"""How the tests of a run have it go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.replay import drain, pace
from tests.replay.cloud import Cloud, connected


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it pause for a moment only."""
    monkeypatch.setattr(pace, "PAUSES", (0.001,) * len(pace.PAUSES))


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one read and one write under way at a time, so that each answer has its batch."""
    monkeypatch.setattr(drain, "WRITES", 1)
    monkeypatch.setattr(drain, "READS", 1)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Both stand-ins, which the function uses."""
    with connected(monkeypatch) as both:
        yield both
