"""Chromium, Firefox and WebKit behind one small interface, as far as tests of the SDK need one."""

from __future__ import annotations

from tests.browser.engines.tab import LAUNCH_SECONDS, Engine, Tab

__all__ = ["LAUNCH_SECONDS", "Engine", "Tab"]
