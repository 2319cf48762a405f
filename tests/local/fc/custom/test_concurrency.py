"""Many requests at once in an instance of a custom runtime, and its connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.local.fc.triggers import Serve, Trigger, at_once, server
from tests.support.waiting import until


def test_64_requests_that_wait_overlap_in_one_instance(trigger: Trigger) -> None:
    trigger.host.warm()

    answers = at_once(trigger, "/crowd?64", 64)  # each waits for the 63 others

    assert {got.json() for got in answers} == trigger.host.pids("server")
    assert len(trigger.host.pids("server")) == 1


def test_requests_that_come_during_a_cold_start_wait_for_the_one_instance(serve: Serve) -> None:
    trigger = serve(server(environment={"SLOW": "0.3"}))

    answers = at_once(trigger, "/pause?0", 8)

    assert len({got.json() for got in answers}) == 1


def test_full_instances_make_room_for_another_up_to_the_cap(serve: Serve, tmp_path: Path) -> None:
    trigger = serve(server(instances=2, instance_concurrency=2))
    signs = [tmp_path / str(number) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        waiting = []
        for number, sign in enumerate(signs, start=1):
            waiting.append(threads.submit(trigger.get, f"/wait?{sign}"))
            assert until(sign.exists)
            assert len(trigger.host.pids("server")) == (1 if number <= 2 else 2)

        fifth = trigger.get("/echo")

        for sign in signs:
            sign.unlink()
        pids = {answer.result().json() for answer in waiting}
    assert (fifth.status_code, fifth.json()["Code"]) == (429, "ResourceExhausted")
    assert pids == trigger.host.pids("server")
    assert trigger.get("/echo").status_code == 200


def test_connections_to_the_instance_are_kept(trigger: Trigger) -> None:
    for _ in range(5):
        trigger.get("/echo")

    assert trigger.get("/starts").json()["connections"] == 1


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again(
    trigger: Trigger, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    first = trigger.get(f"/last?{closed}").json()
    assert until(closed.exists)

    assert trigger.get("/starts").json() == {"pid": first, "calls": [], "connections": 2}
