"""Deployed functions run as configured: triggers, updates, limits, timers."""

from __future__ import annotations

import base64
import json
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.fc import interpreters
from local.fc.control.properties import BUILT_IN
from local.ram import AccessKey
from ops.provision.clients import Credentials
from ops.verify.trigger import Answer, Trigger
from tests.local.fc.control.cloud import CODE, Cloud, running_cloud, zipped
from tests.support.waiting import gone, until

FUNCTION = "/2023-03-30/functions/sample"
SLOW = """
import time
def handler(event, context):
    time.sleep(0.3)
    print("done")
    return {"statusCode": 200, "headers": {}, "isBase64Encoded": False, "body": "old"}
"""
WAITS = """
import os, time
def handler(event, context):
    print("begun")
    while not os.path.exists(os.environ["A_GATE"]):
        time.sleep(0.01)
    return {"statusCode": 200, "headers": {}, "isBase64Encoded": False, "body": ""}
"""
FAILS = """
def handler(event, context):
    print("tried")
    raise ValueError("always")
"""


def _look(answer: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    return said


def _timer(cloud: Cloud, name: str = "sample", *, enable: bool = True) -> None:
    config = json.dumps({"cronExpression": "@every 1m", "enable": enable, "payload": "p"})
    body = {"triggerName": "minute", "triggerType": "timer", "triggerConfig": config}
    assert cloud.call("POST", f"/2023-03-30/functions/{name}/triggers", body).status_code == 200


def _printed(cloud: Cloud, line: str) -> int:
    return sum(one == line for _, _, one in cloud.printed)


def test_each_function_has_its_own_address(cloud: Cloud) -> None:
    cloud.create("one", environment_variables={"A_NAME": "one"})
    cloud.create("two", environment_variables={"A_NAME": "two"})
    urls = {name: cloud.trigger(name) for name in ("one", "two")}
    assert cloud.fc.addresses() == urls
    for name, url in urls.items():
        assert _look(cloud.client.get(url))["environment"]["A_NAME"] == name


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_the_interpreter_is_the_runtime_s(cloud: Cloud, name: str) -> None:
    cloud.create(runtime=name)
    answer = json.loads(json.loads(cloud.invoke().body.read())["body"])
    found = interpreters.find(BUILT_IN[name])
    wanted = (
        list(sys.version_info[:2]) if found == sys.executable else [int(x) for x in BUILT_IN[name].split(".")]
    )
    assert answer["version"] == wanted


def test_a_runtime_without_its_python_is_refused_with_a_reason(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "find", lambda version: None if version == "3.12" else sys.executable)
    code = {"zipFile": base64.b64encode(zipped(index=CODE)).decode()}
    body = {"functionName": "sample", "runtime": "python3.12", "handler": "index.handler", "code": code}
    answer = cloud.call("POST", "/2023-03-30/functions", body)
    assert answer.status_code == 400
    assert "needs CPython 3.12, which is not installed here" in answer.json()["Message"]
    assert "python3.10" in answer.json()["Message"]


def test_a_method_that_is_not_listed_is_refused_preflights_too(cloud: Cloud) -> None:
    cloud.create()
    url = cloud.trigger(methods=["GET", "POST"])
    for method in ("OPTIONS", "PUT"):
        answer = cloud.client.request(method, url)
        assert (answer.status_code, answer.json()["Code"]) == (403, "AccessDenied")
        assert answer.headers["x-fc-error-type"] == "FCCommonError"


def test_an_address_can_be_closed(cloud: Cloud) -> None:
    cloud.create()
    assert cloud.client.get(cloud.trigger(disableURLInternet=True)).status_code == 403


def test_a_trigger_for_signed_calls_refuses_unsigned_ones(cloud: Cloud) -> None:
    cloud.create()
    url = cloud.trigger(authType="function")
    assert cloud.client.get(url).json()["Code"] == "MissingRequiredHeader"
    wrong = _signed(url + "/a?b=c", cloud.key._replace(secret="wrong"))
    assert (wrong.status, wrong.json()["Code"]) == (403, "SignatureNotMatch")
    assert _signed(url + "/a?b=c", cloud.key).status == 200


def _signed(url: str, key: AccessKey) -> Answer:
    """With Alibaba Cloud's client for signed HTTP triggers."""
    return Trigger(15, Credentials(*key)).call("GET", url, "https://shop.example.com")


def test_an_update_loses_no_request(cloud: Cloud) -> None:
    cloud.create(code=SLOW)
    url = cloud.trigger()
    statuses: list[int] = []
    over = threading.Event()

    def visitor() -> None:
        with httpx.Client(timeout=20) as client:
            while not over.is_set():
                statuses.append(client.get(url).status_code)

    visitors = [threading.Thread(target=visitor) for _ in range(4)]
    for thread in visitors:
        thread.start()
    assert until(lambda: len(statuses) >= 4)
    zip_file = base64.b64encode(zipped(index=CODE)).decode()
    assert cloud.call("PUT", FUNCTION, {"code": {"zipFile": zip_file}}).status_code == 200
    seen = len(statuses)
    assert until(lambda: len(statuses) >= seen + 8)
    over.set()
    for thread in visitors:
        thread.join()
    assert set(statuses) == {200}
    assert _look(cloud.client.get(url))["code"] == 1


def test_an_update_replaces_settings_and_keeps_the_code(cloud: Cloud) -> None:
    cloud.create(environment_variables={"A_B": "before"})
    url = cloud.trigger()
    before = _look(cloud.client.get(url))
    cloud.call("PUT", FUNCTION, {"environmentVariables": {"A_B": "after"}})
    after = _look(cloud.client.get(url))
    assert (before["environment"]["A_B"], after["environment"]["A_B"]) == ("before", "after")
    assert until(lambda: gone(before["pid"]))


def test_nothing_is_left_of_a_function_that_is_removed(cloud: Cloud) -> None:
    cloud.create()
    url = cloud.trigger()
    pid = _look(cloud.client.get(url))["pid"]
    cloud.call("DELETE", f"{FUNCTION}/triggers/http")
    assert cloud.call("DELETE", FUNCTION).status_code == 204
    assert gone(pid)
    with pytest.raises(httpx.ConnectError):
        cloud.client.get(url)


def test_reserved_concurrency_is_how_many_run_at_once(cloud: Cloud, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    cloud.create(code=WAITS, environment_variables={"A_GATE": str(gate)})
    cloud.call("PUT", f"{FUNCTION}/concurrency", {"reservedConcurrency": 1})
    url = cloud.trigger()
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(httpx.get(url, timeout=20).status_code))
    first.start()
    assert until(lambda: _printed(cloud, "begun") == 1)
    busy = cloud.client.get(url)
    assert (busy.status_code, busy.json()["Code"]) == (429, "ResourceExhausted")
    gate.touch()
    first.join()
    assert statuses == [200]
    cloud.call("PUT", f"{FUNCTION}/concurrency", {"reservedConcurrency": 0})
    assert cloud.client.get(url).status_code == 429


def test_a_timer_fires_until_it_is_deleted(cloud: Cloud) -> None:
    cloud.create(code="def handler(event, context):\n    print(event.decode())\n")
    _timer(cloud)

    def ticks() -> list[dict[str, str]]:
        return [json.loads(line) for _, _, line in cloud.printed if line.startswith("{")]

    assert until(lambda: len(ticks()) >= 2)
    assert {name: ticks()[0][name] for name in ("triggerName", "payload")} == {
        "triggerName": "minute",
        "payload": "p",
    }
    cloud.call("DELETE", f"{FUNCTION}/triggers/minute")
    assert cloud.call("DELETE", FUNCTION).status_code == 204


def test_a_disabled_timer_does_not_fire() -> None:
    with running_cloud(minute=0.01) as cloud:
        cloud.create(code=SLOW)
        _timer(cloud, enable=False)
        cloud.invoke(x_fc_invocation_type="Async")
        assert until(lambda: _printed(cloud, "done") == 1)
        assert _printed(cloud, "done") == 1


@pytest.mark.parametrize("retries", [0, 1])
def test_an_asynchronous_call_is_retried_as_often_as_configured(cloud: Cloud, retries: int) -> None:
    cloud.create(code=FAILS)
    cloud.call("PUT", f"{FUNCTION}/async-invoke-config", {"maxAsyncRetryAttempts": retries})
    assert cloud.invoke(x_fc_invocation_type="Async").status_code == 202
    given_up = f"given up after {retries + 1} failures: always"
    assert until(lambda: _printed(cloud, given_up) == 1)
    # A function's output comes another way than its answer, and may come later.
    assert until(lambda: _printed(cloud, "tried") >= retries + 1)
    assert _printed(cloud, "tried") == retries + 1


def test_an_asynchronous_call_that_finds_no_instance_waits(cloud: Cloud) -> None:
    cloud.create(code=SLOW)
    cloud.call("PUT", f"{FUNCTION}/concurrency", {"reservedConcurrency": 1})
    for _ in range(2):
        assert cloud.invoke(x_fc_invocation_type="Async").status_code == 202
    assert until(lambda: _printed(cloud, "done") == 2)


def test_one_that_waits_too_long_is_dropped(cloud: Cloud) -> None:
    cloud.create(code=SLOW)
    cloud.call("PUT", f"{FUNCTION}/concurrency", {"reservedConcurrency": 0})
    cloud.call("PUT", f"{FUNCTION}/async-invoke-config", {"maxAsyncEventAgeInSeconds": 1})
    cloud.invoke(x_fc_invocation_type="Async")
    assert until(lambda: any(line.startswith("dropped") for _, _, line in cloud.printed))
    assert _printed(cloud, "done") == 0
