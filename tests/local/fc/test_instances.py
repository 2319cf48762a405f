from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.fc.errors import FunctionFailed
from local.fc.function import ROOT, Credentials, Function
from local.fc.host import Route
from local.fc.process import InstanceProcess
from tests.support.waiting import gone, until

from .triggers import CODE, Serve, sample

CREDENTIALS = Credentials("STS.id", "secret", "token")


def test_the_environment_is_the_functions_own(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_DEVELOPERS_SECRET", "kept out")
    trigger = serve(sample(environment={"SLS_PROJECT": "demo"}, credentials=lambda: CREDENTIALS))

    seen = trigger.get("/environment").json()

    assert seen["SLS_PROJECT"] == "demo"
    assert seen["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "STS.id"
    assert seen["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "secret"
    assert seen["ALIBABA_CLOUD_SECURITY_TOKEN"] == "token"
    assert (seen["FC_REGION"], seen["FC_FUNCTION_NAME"]) == ("cn-hangzhou", "sample")
    assert seen["FC_ACCOUNT_ID"] == "1234567890123456"
    assert seen["FC_INSTANCE_ID"].startswith("c-")
    assert not {"A_DEVELOPERS_SECRET", "PYTHONPATH", "USER", "VIRTUAL_ENV"} & set(seen)
    assert seen["HOME"] == str(CODE)


@pytest.mark.parametrize("variables", [{"FC_REGION": "mine"}, {"A": "x" * 4096}])
def test_an_environment_that_fc_would_not_take_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"reserved|at most 4096"):
        Function("sample", "sample.handler", environment=variables)


def test_an_environment_of_exactly_4_kb_is_taken() -> None:
    assert Function("sample", "sample.handler", environment={"A": "x" * 4095}).name == "sample"


def test_the_context_has_what_is_documented_and_no_credentials_on_3_12(serve: Serve) -> None:
    trigger = serve(sample(timeout=7, memory=256, credentials=lambda: CREDENTIALS))

    got = trigger.get("/context")

    assert got.json() == {
        "request_id": got.headers["x-fc-request-id"],
        "region": "cn-hangzhou",
        "account_id": "1234567890123456",
        "function": {"name": "sample", "handler": "sample.handler", "memory": 256, "timeout": 7},
    }


def test_on_3_10_the_credentials_are_in_the_context_and_not_in_the_environment(serve: Serve) -> None:
    trigger = serve(sample(runtime="python3.10", credentials=lambda: CREDENTIALS))

    assert trigger.get("/context").json()["credentials"] == vars(CREDENTIALS)
    assert not any(name.startswith("ALIBABA") for name in trigger.get("/environment").json())


def test_an_instance_is_initialized_once_and_used_again(serve: Serve) -> None:
    trigger = serve()

    first, second = trigger.get("/starts").json(), trigger.get("/starts").json()

    assert first == second
    assert len(first["starts"]) == 1


def test_an_expired_instance_makes_room_for_one_with_new_credentials(serve: Serve) -> None:
    numbers = itertools.count(1)
    trigger = serve(
        sample(lifetime=0, credentials=lambda: Credentials(f"STS.{next(numbers)}", "secret", "token"))
    )

    seen = [trigger.get("/environment").json()["ALIBABA_CLOUD_ACCESS_KEY_ID"] for _ in range(2)]

    assert seen == ["STS.1", "STS.2"]
    assert until(lambda: trigger.host.pids("sample") == set())


def test_an_instance_that_expires_while_idle_does_not_block_a_new_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = serve(sample(instances=1, lifetime=3600))
    assert trigger.get("/environment").status_code == 200
    before = trigger.host.pids("sample")
    monkeypatch.setattr(InstanceProcess, "age", 3600.0)

    assert trigger.get("/environment").status_code == 200
    assert len(before) == 1
    assert not before & trigger.host.pids("sample")


def test_a_function_imports_from_its_own_folder_only(serve: Serve) -> None:
    seen = serve().get("/starts").json()

    assert seen["cwd"] == str(CODE)
    assert str(CODE) in seen["path"]
    assert str(ROOT) not in seen["path"]


def test_a_busy_instance_makes_room_for_another_up_to_the_cap(serve: Serve, tmp_path: Path) -> None:
    trigger = serve(sample(instances=2))
    signs = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(trigger.get, "/wait", params={"file": str(sign)}) for sign in signs]
        assert until(lambda: all(sign.exists() for sign in signs))

        third = trigger.get("/echo")

        for sign in signs:
            sign.unlink()
        pids = {answer.result().json() for answer in waiting}
    assert (third.status_code, third.json()["Code"]) == (429, "ResourceExhausted")
    assert pids == trigger.host.pids("sample")
    assert len(pids) == 2
    assert trigger.get("/echo").status_code == 200


def test_a_timeout_kills_the_instance_and_the_next_request_gets_a_new_one(serve: Serve) -> None:
    trigger = serve(sample(timeout=2))
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get("/sleep", headers={"Origin": "https://a.example"})

    assert (got.status_code, got.json()) == (502, {"errorMessage": "Function timed out after 2 seconds"})
    assert got.headers["access-control-allow-origin"] == "https://a.example"
    assert gone(before)
    assert trigger.get("/starts").json()["pid"] != before


def test_a_crash_answers_502_and_the_next_request_gets_a_new_instance(serve: Serve) -> None:
    trigger = serve()
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get("/exit")

    assert (got.status_code, got.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    assert got.json() == {"errorMessage": "Process exited unexpectedly before completing request"}
    assert trigger.get("/starts").json()["pid"] != before


def test_an_instance_killed_while_idle_is_replaced_unnoticed(serve: Serve) -> None:
    trigger = serve()
    before = trigger.get("/starts").json()["pid"]

    os.kill(before, signal.SIGKILL)
    assert until(lambda: gone(before))

    assert trigger.get("/starts").json()["pid"] != before


@pytest.mark.parametrize(
    ("how", "message"),
    [("initializer", "TIMES is 'many', not a number"), ("exit", "no settings at all")],
)
def test_a_failed_start_is_502_for_every_request_and_leaves_no_process(
    serve: Serve, how: str, message: str
) -> None:
    trigger = serve(sample(environment={"BROKEN": how}))

    answers = [trigger.get("/echo") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [502, 502]
    assert {answer.json()["errorMessage"] for answer in answers} == {message}
    assert trigger.host.pids("sample") == set()


def test_a_start_that_hangs_is_given_up(serve: Serve) -> None:
    trigger = serve(Function("slow", "slow.handler", code=CODE, initializer_timeout=0.5))

    assert trigger.get("/echo").json() == {"errorMessage": "Function timed out after 0.5 seconds"}


def test_warming_starts_one_instance_of_each_function_or_says_why_not(serve: Serve) -> None:
    trigger = serve(sample("one"), [Route("/two", sample("two"))])
    broken = serve(sample(environment={"BROKEN": "initializer"}))

    trigger.host.warm()

    assert (len(trigger.host.pids("one")), len(trigger.host.pids("two"))) == (1, 1)
    with pytest.raises(FunctionFailed, match="TIMES is 'many', not a number"):
        broken.host.warm()


def test_requests_go_to_the_first_function_whose_pattern_fits(serve: Serve) -> None:
    trigger = serve(sample("track"), [Route(r"(/.*)?/context", sample("token", methods=("GET",)))])

    assert trigger.get("/any/context").json()["function"]["name"] == "token"
    assert trigger.post("/any/context").status_code == 403
    assert trigger.get("/environment").json()["FC_FUNCTION_NAME"] == "track"


def test_what_a_function_prints_and_logs_is_shown_with_its_name_and_request(serve: Serve) -> None:
    trigger = serve()

    request_id = trigger.get("/talk").headers["x-fc-request-id"]

    expected = {"printed", "[INFO] logged", "to standard error"}
    assert until(lambda: expected <= {line for _, _, line in trigger.lines})
    assert {(name, asked) for name, asked, _ in trigger.lines} == {("sample", request_id)}
    assert not any("quiet" in line for _, _, line in trigger.lines)


def test_an_instance_runs_pre_stop_before_it_ends(serve: Serve, tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    trigger = serve(sample(pre_stop="sample.pre_stop", environment={"FAREWELL": str(farewell)}))
    pid = trigger.get("/starts").json()["pid"]

    trigger.host.stop()

    assert farewell.read_text() == "gone"
    assert gone(pid)


def test_stopping_does_not_wait_for_a_busy_instance(serve: Serve, tmp_path: Path) -> None:
    trigger = serve(sample(timeout=60))
    sign = tmp_path / "sign"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(trigger.get, "/wait", params={"file": str(sign)})
        assert until(lambda: sign.exists() and sign.read_text() != "")

        trigger.host.stop()

        assert waiting.result().status_code == 502
    assert gone(int(sign.read_text()))


HOST = """
import time
from pathlib import Path
from local.fc.function import Function
from local.fc.host import Host
from local.serving import Server

host = Host(Function("sample", "sample.handler", timeout=60, code=Path("tests/local/fc/functions")))
with Server(host) as server:
    print(server.url, flush=True)
    time.sleep(60)
"""


def test_instances_die_with_a_host_that_is_killed_even_in_the_middle_of_a_request(tmp_path: Path) -> None:
    signs = [tmp_path / "one", tmp_path / "two"]
    host = subprocess.Popen([sys.executable, "-c", HOST], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with host, ThreadPoolExecutor(2) as threads:
        assert host.stdout is not None
        url = host.stdout.readline().strip()
        asked = [
            threads.submit(httpx.get, f"{url}/wait", params={"file": str(sign)}, timeout=20) for sign in signs
        ]
        assert until(lambda: all(sign.exists() and sign.read_text() for sign in signs))
        pids = [int(sign.read_text()) for sign in signs]
        signs[0].unlink()
        asked[0].result()
        assert not any(gone(pid) for pid in pids)

        host.kill()

        assert until(lambda: all(gone(pid) for pid in pids))
        assert isinstance(asked[1].exception(), httpx.TransportError)
