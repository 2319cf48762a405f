"""What the functions print, of which there is too much to show: what must not be in it is kept."""

from __future__ import annotations

import threading
from collections import Counter

from tests.soak.plan import PRIVATE

_KEPT = 5  # lines
# A bug, whatever it did to the answer.
_ALARMS = ('"errorCode":"InternalServerError"', "Traceback", '"event":"unforeseen"')


class Output:
    """Takes each line, from many threads; `lines` counts them by function."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        self.suspicious: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, function: str, request_id: str, line: str) -> None:
        with self._lock:
            self.lines[function] += 1
            if len(self.suspicious) >= _KEPT:
                return
            if PRIVATE in line:
                self.suspicious.append(f"{function} logged what a page had sent, request {request_id}")
            elif any(alarm in line for alarm in _ALARMS):
                self.suspicious.append(f"{function} logged: {line}")
