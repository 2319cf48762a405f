from __future__ import annotations

import json
import re
import threading
import time

import pytest

from local.fc.errors import FunctionFailed
from local.timer import Timer, event, without_idle_runs
from tests.support.waiting import until

Lines = list[tuple[str, str, str]]


class Calls:
    """What a timer called; `takes` seconds each."""

    def __init__(self, *, takes: float = 0, error: Exception | None = None) -> None:
        self.events: list[bytes] = []
        self.most = 0
        self._running = 0
        self._takes, self._error = takes, error

    def __call__(self, function: str, payload: bytes) -> bytes:
        assert function == "replay"
        self._running += 1
        self.most = max(self.most, self._running)
        self.events.append(payload)
        time.sleep(self._takes)
        self._running -= 1
        if self._error:
            raise self._error
        return b"{}"


def lines_of(calls: Calls, times: int) -> Lines:
    lines: Lines = []
    with Timer(calls, "replay", lambda *line: lines.append(line), interval=0.01):
        assert until(lambda: len(calls.events) >= times)
    return lines


def test_it_calls_again_and_again_with_the_timers_event() -> None:
    calls = Calls()

    lines_of(calls, 3)

    for payload in calls.events:
        fields = json.loads(payload)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fields.pop("triggerTime"))
        assert fields == {"triggerName": "minute", "payload": ""}


def test_the_events_time_is_when_it_fired() -> None:
    assert json.loads(event(1_700_000_000.9))["triggerTime"] == "2023-11-14T22:13:20Z"


def test_a_call_that_takes_longer_than_the_interval_is_the_only_one() -> None:
    calls = Calls(takes=0.05)

    lines_of(calls, 3)

    assert calls.most == 1


@pytest.mark.parametrize("error", [FunctionFailed("it ran out of time"), OSError("no process")])
def test_a_call_that_fails_is_logged_and_the_next_one_comes(error: Exception) -> None:
    lines = lines_of(Calls(error=error), 2)

    assert lines[0] == ("replay", "timer", f"{type(error).__name__}: {error}")


def test_it_is_silent_about_a_call_that_its_end_cuts_short() -> None:
    lines: Lines = []
    begun, cut = threading.Event(), threading.Event()

    def invoke(_function: str, _payload: bytes) -> None:
        begun.set()
        cut.wait()
        raise FunctionFailed("its process ended")

    with Timer(invoke, "replay", lambda *line: lines.append(line), interval=0.01) as timer:
        assert begun.wait(60)
        timer.stop()
        cut.set()

    assert lines == []


def test_nothing_is_called_once_it_has_ended() -> None:
    calls = Calls()
    lines_of(calls, 1)
    before = len(calls.events)

    time.sleep(0.05)

    assert len(calls.events) == before
    assert "timer-replay" not in [thread.name for thread in threading.enumerate()]


def test_runs_that_found_nothing_are_not_shown_and_all_others_are() -> None:
    lines: Lines = []
    log = without_idle_runs(lambda *line: lines.append(line))
    line = (
        '[INFO] {{"event":"replayed","ended":"drained","written":{},"rejected":{},"left":0,"seconds":0.04}}'
    )

    for numbers in ((0, 0), (1, 0), (0, 1)):
        log("replay", "1-64f6", line.format(*numbers))

    assert [shown for _, _, shown in lines] == [line.format(1, 0), line.format(0, 1)]
