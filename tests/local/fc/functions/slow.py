"""A function whose import takes too long."""

import time
from typing import Any

time.sleep(30)


def handler(_event: bytes, _context: Any) -> None:
    """Never called."""
