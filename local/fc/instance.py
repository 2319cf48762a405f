"""One instance of a function: ``python -m local.fc.instance FD`` serves the socket with that number.

Only the host starts it. It serves one request at a time, and ends on a STOP frame or when the host
is gone.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.fc.context import Context, Description
from local.fc.frames import Frame, Kind, receive, send
from local.fc.function import ROOT


def main() -> int:
    """Serve until STOP; returns 1 if the function could not be started."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    _leave_the_host_behind()
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(levelname)s] %(message)s")
    frames = _frames(channel)
    try:
        served = Served(json.loads(frames.get().payload))
    except BaseException as error:  # noqa: BLE001 - whatever the function's code raises is reported
        send(channel, Kind.FAILURE, report(error))
        return 1
    send(channel, Kind.READY)
    while (frame := frames.get()).kind is not Kind.STOP:
        send(channel, *served.invoke(frame.payload))
    served.pre_stop()
    return 0


class Served:
    """The function's code, imported and initialized."""

    def __init__(self, start: dict[str, Any]) -> None:
        self._description: Description = start["description"]
        self._handler = find(start["handler"])
        self._pre_stop = find(start["pre_stop"]) if start["pre_stop"] else None
        if start["initializer"]:
            find(start["initializer"])(Context(self._description, start["request_id"]))

    def invoke(self, payload: bytes) -> Frame:
        """Call the handler with an event; the payload is the request id, a line feed and the event."""
        request_id, _, event = payload.partition(b"\n")
        context = Context(self._description, request_id.decode())
        try:
            return Frame(Kind.RESULT, serialize(self._handler(event, context)))
        except Exception as error:  # noqa: BLE001 - the runtime shows what escapes, whatever it is
            traceback.print_exc()
            return Frame(Kind.FAILURE, report(error))

    def pre_stop(self) -> None:
        """Call the function's pre_stop, if any."""
        if self._pre_stop:
            self._pre_stop(Context(self._description, "pre-stop"))


def find(dotted: str) -> Callable[..., Any]:
    """Import `package.module.name`. Raises ImportError or AttributeError."""
    module, _, name = dotted.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def serialize(result: object) -> bytes:
    """Bytes and text stay unchanged, other values become JSON. Raises TypeError for non-JSON values."""
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode("utf-8", "replace")
    return json.dumps(result).encode()


def report(error: BaseException) -> bytes:
    """Describe an exception as the Python runtime does (its documentation, "Error handling")."""
    stack = [
        [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) != Path(__file__)
    ]
    said = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}
    return json.dumps(said).encode()


def _frames(channel: socket.socket) -> queue.SimpleQueue[Frame]:
    """Read in a thread, so that this process ends with the host even while a handler runs."""
    frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()

    def read() -> None:
        while frame := receive(channel):
            frames.put(frame)
        os._exit(1)

    threading.Thread(target=read, name="host", daemon=True).start()
    return frames


def _leave_the_host_behind() -> None:
    """Let the function import only from its own folder, as on Function Compute."""
    os.environ.pop("PYTHONPATH", None)
    if Path.cwd() != ROOT:
        sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]


if __name__ == "__main__":
    sys.exit(main())
