from __future__ import annotations

from tests.fakes.fixtures import fake_account, fake_network, fake_oss, fake_sls, fake_sts

__all__ = ["fake_account", "fake_network", "fake_oss", "fake_sls", "fake_sts"]
