"""A function for a timer: logs its event, or fails if the event says so."""

import os
import sys
import time
from typing import Any


def handler(event: bytes, context: Any) -> dict[str, Any]:
    sys.stdout.write("called\n")
    if event == b"raise":
        raise LookupError("no such thing")
    if event == b"sleep":
        time.sleep(60)
    return {"event": event.decode(), "request_id": context.request_id, "pid": os.getpid()}
