"""A function whose import does not end in time."""

import time
from typing import Any

time.sleep(30)


def handler(_event: bytes, _context: Any) -> None:
    """Never reached."""
