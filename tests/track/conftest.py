"""Fixtures that start track."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.support.raw_server import RawServer
from tests.track.support import Start, Track, running


@pytest.fixture
def start() -> Iterator[Start]:
    """Start track with additional settings, in front of a server with the given scripts."""
    with contextlib.ExitStack() as stack:

        def start(*scripts: bytes, server: type[RawServer] = RawServer, **settings: str) -> Track:
            return stack.enter_context(running(*scripts, server=server, **settings))

        yield start


@pytest.fixture
def track(start: Start) -> Track:
    """Track with the usual settings, in front of a server that confirms every write."""
    return start()


@pytest.fixture(scope="module")
def steady() -> Iterator[Track]:
    """One instance for many examples; its credentials must come with the context."""
    with running() as track:
        yield track
