"""A served custom runtime."""

from __future__ import annotations

import pytest

from tests.local.fc.triggers import CREDENTIALS, Serve, Trigger, server


@pytest.fixture
def trigger(serve: Serve) -> Trigger:
    return serve(server(credentials=lambda: CREDENTIALS))
