"""How instances end, of a custom runtime and beside it of a built-in one."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.fc.function import ROOT, Credentials, Function
from tests.local.fc.triggers import CODE, Serve, Trigger, sample, server
from tests.support.waiting import gone, until


def test_a_death_in_the_middle_fails_what_was_in_flight_and_a_new_instance_takes_over(
    trigger: Trigger, tmp_path: Path
) -> None:
    signs = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(trigger.get, f"/wait?{sign}") for sign in signs]
        assert until(lambda: all(sign.exists() and sign.read_text() for sign in signs))

        killed = trigger.host.kill_one("server")

        answers = [asked.result() for asked in waiting]
    assert killed == int(signs[0].read_text())
    for got in answers:
        assert (got.status_code, got.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
        assert got.json() == {"errorMessage": "Process exited unexpectedly before completing request"}
    assert trigger.get("/starts").json()["pid"] != killed
    assert trigger.host.kills == {"server": 1}


def test_a_crash_is_502_and_the_next_request_gets_a_new_instance(trigger: Trigger) -> None:
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get("/exit")

    assert got.json() == {"errorMessage": "Process exited unexpectedly before completing request"}
    assert trigger.get("/starts").json()["pid"] != before


def test_an_instance_killed_while_idle_is_replaced_unnoticed(trigger: Trigger) -> None:
    before = trigger.get("/starts").json()["pid"]

    os.kill(before, signal.SIGKILL)
    assert until(lambda: gone(before))

    assert trigger.get("/starts").json()["pid"] != before


@pytest.mark.parametrize("function", [sample(), server()])
def test_one_instance_of_either_kind_can_be_killed(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    assert trigger.host.kill_one(function.name) is None
    before = trigger.get("/starts").json()["pid"]

    assert trigger.host.kill_one(function.name) == before

    assert until(lambda: gone(before))
    assert trigger.get("/starts").json()["pid"] != before
    assert trigger.host.kill_one("another") is None
    assert trigger.host.kills == {function.name: 1}


def test_a_timeout_ends_the_instance_once_the_others_have_their_answers(serve: Serve, tmp_path: Path) -> None:
    function = server(timeout=60)
    trigger, sign = serve(function), tmp_path / "sign"
    before = trigger.get("/starts").json()["pid"]
    with ThreadPoolExecutor(2) as threads:
        other = threads.submit(trigger.get, f"/wait?{sign}")
        assert until(sign.exists)
        object.__setattr__(function, "timeout", 1)  # of one call only: the others take as long as they take
        slow = threads.submit(trigger.get, "/pause?60000")

        assert slow.result().json() == {"errorMessage": "Function timed out after 1 seconds"}
        object.__setattr__(function, "timeout", 60)
        assert not gone(before)
        new = trigger.get("/starts").json()["pid"]
        sign.unlink()

        assert (other.result().status_code, other.result().json()) == (200, before)
    assert new != before
    assert trigger.host.pids("server") == {new}


def test_an_instance_runs_pre_stop_and_is_then_terminated(serve: Serve, tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    trigger = serve(server(pre_stop="any", environment={"FAREWELL": str(farewell)}))
    pid = trigger.get("/starts").json()["pid"]

    trigger.host.stop()

    assert farewell.read_text() == "pre-stop\nterminated\n"
    assert gone(pid)


@pytest.mark.parametrize(
    ("how", "patience", "said"),
    [
        ("pre-stop", 20, "pre-stop answered 500"),
        ("pre-stop hangs", 1.5, "pre-stop failed: no answer in time"),
        ("stubborn", 1.5, None),
    ],
)
def test_a_failing_pre_stop_does_not_prevent_the_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str, patience: float, said: str | None
) -> None:
    monkeypatch.setattr("local.fc.http_instance._PATIENCE", patience)
    environment = {"FAREWELL": str(tmp_path / "farewell"), "BROKEN": how}
    trigger = serve(server(pre_stop="any", environment=environment))
    pid = trigger.get("/starts").json()["pid"]

    trigger.host.stop()

    assert gone(pid)
    assert [line for _, _, line in trigger.lines] == ([said] if said else [])
    assert (tmp_path / "farewell").read_text() == "pre-stop\nterminated\n"


def test_stopping_does_not_wait_for_a_busy_instance(trigger: Trigger, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(trigger.get, f"/wait?{sign}")
        assert until(lambda: sign.exists() and sign.read_text() != "")

        trigger.host.stop()

        assert waiting.result().status_code == 502
    assert gone(int(sign.read_text()))


@pytest.mark.parametrize("function", [sample(), server()])
def test_a_host_that_has_stopped_refuses_and_leaves_no_thread(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    assert trigger.get("/starts").status_code == 200

    trigger.host.stop()
    trigger.host.stop()

    assert trigger.get("/starts").status_code == 429
    assert not any(thread.name.startswith("fc-") for thread in threading.enumerate())


@pytest.mark.parametrize("function", [sample(idle_timeout=2), server(idle_timeout=2)])
def test_an_idle_instance_ends_and_a_busy_one_does_not(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    first = trigger.get("/starts").json()["pid"]
    for _ in range(6):
        time.sleep(0.4)
        assert trigger.get("/starts").json()["pid"] == first

    assert until(lambda: trigger.host.pids(function.name) == set())
    assert gone(first)
    assert trigger.get("/starts").json()["pid"] != first


def test_an_expired_instance_makes_room_for_one_with_new_credentials(serve: Serve) -> None:
    numbers = itertools.count(1)
    trigger = serve(server(lifetime=0, credentials=lambda: Credentials(f"STS.{next(numbers)}", "s", "t")))

    seen = [dict(trigger.get("/echo").json()["headers"])["x-fc-access-key-id"] for _ in range(2)]

    assert seen == ["STS.1", "STS.2"]
    assert trigger.host.pids("server") == set()


def test_what_a_server_prints_is_shown_with_its_name_and_instance(trigger: Trigger) -> None:
    trigger.get("/talk")

    expected = {"printed", "to standard error"}
    assert until(lambda: expected <= {line for _, _, line in trigger.lines})
    ((name, instance),) = {(name, instance) for name, instance, _ in trigger.lines}
    assert name == "server"
    assert instance.startswith("c-")


HOST = """
import sys, time
from local.serving import Server
from local.fc.host import Host
sys.path.insert(0, "{tests}")
from triggers import server

with Server(Host(server(timeout=60))) as running:
    print(running.url, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing ends them")
def test_instances_die_with_a_host_that_is_killed() -> None:
    script = HOST.replace("{tests}", str(CODE.parent))
    host = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with host:
        assert host.stdout is not None
        pid = httpx.get(f"{host.stdout.readline().strip()}/starts").json()["pid"]
        assert not gone(pid)

        host.kill()

        assert until(lambda: gone(pid))
