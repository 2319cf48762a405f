"""What the functions have logged, read back."""

from __future__ import annotations

import json
from typing import Any

import pytest


def log_lines(caplog: pytest.LogCaptureFixture, event: str = "") -> list[dict[str, Any]]:
    """Return the functions' log lines, oldest first; with `event` only those of that name."""
    texts = [record.getMessage() for record in caplog.records]
    lines: list[dict[str, Any]] = [json.loads(text) for text in texts if text.startswith("{")]
    return [line for line in lines if event in ("", line["event"])]
