"""One running function: its code in a folder, its instances, its address, its timers."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.fc import event
from local.fc.control.access import ControlAccess
from local.fc.control.address import Address, Current
from local.fc.control.queue import Queue, Timer
from local.fc.control.records import FunctionRecord
from local.fc.function import Function
from local.fc.host import Host
from local.fc.logs import Log
from local.serving import Server

_TAIL = 4096  # bytes of a call's log that its caller can request
_BEHIND = 0.1  # seconds: output arrives through a pipe, shortly after the answer
_LINES = 500  # lines of output kept for it


class Deployed:
    """A running function. Not thread-safe: the control plane calls one method at a time."""

    def __init__(
        self,
        record: FunctionRecord,
        function: Function,
        folder: Path,
        gate: ControlAccess,
        log: Log,
        minute: float,
    ) -> None:
        """No instance starts before the first call."""
        self._record, self._gate, self._sink, self._minute = record, gate, log, minute
        self.folder = folder
        self._function = function
        self._lines: deque[tuple[str, str]] = deque(maxlen=_LINES)
        self._current = Current(Host(function, log=self._log))
        self._server: Server | None = None
        self._timers: dict[str, Timer] = {}
        self._queue = Queue(record.name, self.invoke, lambda: record.async_config, self._log)
        self._former: list[threading.Thread] = []

    @property
    def url(self) -> str | None:
        """The address of the HTTP trigger, None if there is none."""
        return self._server.url if self._server and self._record.http else None

    def replace(self, function: Function, folder: Path, removed: Callable[[], None]) -> None:
        """Send new calls to new instances; `removed` is called when the old instances have stopped."""
        former = self._current.replace(Host(function, log=self._log))
        patience = self._function.timeout + self._function.initializer_timeout
        self._function, self.folder = function, folder

        def leave() -> None:
            self._current.retire(former, patience)
            removed()

        thread = threading.Thread(target=leave, name=f"update-{self._record.name}", daemon=True)
        self._former.append(thread)
        thread.start()

    def start_trigger(self, name: str) -> None:
        """Apply a new or changed trigger."""
        trigger = self._record.triggers[name]
        if trigger.kind == "http":
            self._listen()
            return
        self.stop_trigger(name)
        if trigger.config.get("enable"):
            self._timers[name] = Timer(name, trigger.config, self._queue.put, minute=self._minute).start()

    def stop_trigger(self, name: str) -> None:
        """Stop a timer. A deleted HTTP trigger answers 404."""
        if timer := self._timers.pop(name, None):
            timer.stop()

    def invoke(self, payload: bytes, request_id: str = "") -> bytes:
        """Call the function with an event. Raises Refused, FunctionFailed."""
        host = self._current.enter()
        try:
            return host.invoke(self._record.name, payload, request_id or event.new_request_id(time.time()))
        finally:
            self._current.leave(host)

    def put(self, payload: bytes) -> None:
        """Call the function asynchronously; its answer is discarded."""
        self._queue.put(payload)

    def tail(self, request_id: str) -> str:
        """Return the last 4 KB that a call printed, in base64."""
        time.sleep(_BEHIND)
        text = "\n".join(line for identifier, line in tuple(self._lines) if identifier == request_id)
        return base64.b64encode(text.encode()[-_TAIL:]).decode()

    @property
    def pids(self) -> set[int]:
        """The process ids of its instances."""
        host = self._current.enter()
        try:
            return host.pids(self._record.name)
        finally:
            self._current.leave(host)

    def stop(self) -> None:
        """Stop timers, address and instances."""
        for name in list(self._timers):
            self.stop_trigger(name)
        self._queue.stop()
        host = self._current.enter()
        host.stop()
        if self._server:
            self._server.stop()
        for thread in self._former:
            thread.join()
        self._queue.join(self._function.timeout)

    def _listen(self) -> None:
        if self._server is None:
            self._server = Server(Address(self._current, self._http, self._gate)).start()

    def _http(self) -> dict[str, Any] | None:
        trigger = self._record.http
        return trigger.config if trigger else None

    def _log(self, function: str, request_id: str, line: str) -> None:
        self._lines.append((request_id, line))
        self._sink(function, request_id, line)
