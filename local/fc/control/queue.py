"""Asynchronous calls of a function, and the timers that make them ("Asynchronous invocations", FC 3.0)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.fc.control.cron import MINUTE, Schedule
from local.fc.errors import FunctionFailed, Refused
from local.fc.logs import Log

RETRY = 1.0  # seconds before a retry
USUAL_ATTEMPTS, USUAL_AGE = 3, 86400  # retries, seconds: the defaults

Invoke = Callable[[bytes], object]
Limits = Callable[[], "dict[str, Any] | None"]


@dataclass
class Queue:
    """The asynchronous calls of one function, each in its own thread until it succeeds or is dropped.

    A call waits while no instance is free, and is retried after a failure. `limits` returns the
    current configuration: `maxAsyncRetryAttempts`, and `maxAsyncEventAgeInSeconds`.
    """

    function: str
    invoke: Invoke
    limits: Limits
    log: Log
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def put(self, payload: bytes) -> None:
        """Accept a call; returns immediately."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._carry_out, args=[payload, time.monotonic()], daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Start no more calls."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait for running calls, at most `seconds` for each."""
        for thread in self._threads:
            thread.join(seconds)

    def _carry_out(self, payload: bytes, taken: float) -> None:
        failed = 0
        while not self._stopping.is_set():
            limits = self.limits() or {}
            if time.monotonic() - taken > limits.get("maxAsyncEventAgeInSeconds", USUAL_AGE):
                self.log(self.function, "async", "dropped: the call waited too long for an instance")
                return
            try:
                self.invoke(payload)
            except Refused:
                pass  # no instance is free: retry until the maximum age
            except FunctionFailed as error:
                failed += 1
                if failed > limits.get("maxAsyncRetryAttempts", USUAL_ATTEMPTS):
                    self.log(self.function, "async", f"given up after {failed} failures: {error}")
                    return
            else:
                return
            self._stopping.wait(RETRY)


class Timer:
    """One timer trigger: fires until it is stopped, even if calls fail.

    `minute` is the length of a minute of `@every` here, in seconds.
    """

    def __init__(self, name: str, config: dict[str, Any], put: Invoke, *, minute: float = MINUTE) -> None:
        """`config` has been validated. Nothing runs yet."""
        self._name, self._payload = name, str(config.get("payload") or "")
        self._schedule, self._put, self._minute = Schedule.read(config["cronExpression"]), put, minute
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"timer-{name}", daemon=True)

    def start(self) -> Timer:
        """Start the timer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the timer; returns when it will not fire again."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            now = time.time()
            if self._stopping.wait(max(0.0, self._schedule.after(now, self._minute) - now)):
                return
            self._put(self._event(time.time()))

    def _event(self, now: float) -> bytes:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        made = {"triggerTime": moment, "triggerName": self._name, "payload": self._payload}
        return json.dumps(made).encode()
