"""The timer trigger of one function: calls it repeatedly, as Function Compute does every minute."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType

from local.fc.logs import Log

INTERVAL = 5.0  # seconds from the end of a call to the next; on Function Compute it is a minute
NAME = "minute"  # of the trigger, as in s.replay.yaml

_IDLE = '"ended":"drained","written":0,"rejected":0,"left":0'
Invoke = Callable[[str, bytes], object]


class Timer:
    """Calls `function` every `interval` seconds, never two at once, inside a ``with`` block.

    A failed call is logged; the next one follows as usual.
    """

    def __init__(
        self, invoke: Invoke, function: str, log: Log, *, interval: float = INTERVAL, payload: str = ""
    ) -> None:
        """`invoke` takes the function's name and an event that contains the payload. Nothing runs yet."""
        self._invoke, self._function, self._log, self._interval = invoke, function, log, interval
        self._payload = payload
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"timer-{function}", daemon=True)

    def stop(self) -> None:
        """Start no more calls and log nothing more of the running one; leaving the block waits for it."""
        self._stopping.set()

    def __enter__(self) -> Timer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            self._tick()

    def _tick(self) -> None:
        try:
            self._invoke(self._function, event(time.time(), self._payload))
        except Exception as error:  # noqa: BLE001 - the next call follows after any error
            if not self._stopping.is_set():
                self._log(self._function, "timer", f"{type(error).__name__}: {error}")


def without_idle_runs(log: Log) -> Log:
    """Drop replay's line of a run with nothing to do: one every few seconds would hide all others."""

    def show(function: str, request_id: str, line: str) -> None:
        if _IDLE not in line:
            log(function, request_id, line)

    return show


def part(number: int, parts: int) -> str:
    """Return the payload of a trigger for one part of the spool, as in s.replay.yaml."""
    return json.dumps({"part": number, "parts": parts}, separators=(",", ":"))


def event(now: float, payload: str = "") -> bytes:
    """Return the timer's event at `now`, seconds since the epoch ("Timer trigger", event format, FC 3.0)."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return json.dumps({"triggerTime": moment, "triggerName": NAME, "payload": payload}).encode()
