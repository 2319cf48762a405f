"""Fixtures: an account, the command on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ops.provision.cloud import Cloud, Provision, running_cloud


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture
def provision(cloud: Cloud) -> Provision:
    return Provision(cloud)


@pytest.fixture(scope="package")
def provisioned() -> Iterator[Provision]:
    """An account on which the command was applied once; tests must not change it."""
    with running_cloud() as running:
        command = Provision(running)
        command("--apply", "--retention-days", "7")
        yield command
