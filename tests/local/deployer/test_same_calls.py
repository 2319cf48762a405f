"""The deployer makes the same changes as the recorded calls of fc3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from local.deployer.actions import deploy, remove
from local.deployer.api import Account, Api
from local.deployer.resources import Resource
from local.serving import Server
from tests.local.fc.control.cloud import REGION, Cloud, recorded


class Recorder:
    """Passes calls to the control plane, and records those that change something."""

    def __init__(self, cloud: Cloud) -> None:
        self._app = cloud.fc
        self.changes: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def listen() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def note_and_send(message: Message) -> None:
            # Before the answer: the client continues as soon as it is answered.
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                call = {"method": scope["method"], "path": scope["path"]}
                self.changes.append({**call, **({"body": json.loads(body)} if body else {})})
            await send(message)

        await self._app(scope, listen, note_and_send)


def _resources(tmp_path: Path) -> dict[str, Resource]:
    """The functions as `s preview` gave them when fc3's calls were recorded, by their names."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/index.py").write_text("")
    rendered = json.loads(Path(__file__).with_name("rendered.json").read_text())
    return {name: Resource(name, {**one, "code": "code"}, ()) for name, one in rendered.items()}


def _changes(run: str, function: str) -> list[dict[str, Any]]:
    """The recorded changes of fc3 for one function; an upload is not a call of this API."""
    kept = []
    for call in recorded(run):
        if not call["signature"].startswith("ACS3") or call["method"] == "GET":
            continue
        named = call["body"].get("functionName") or call["path"].split("/")[3]
        if named == function:
            kept.append({name: call[name] for name in ("method", "path", "body")})
    return kept


def _comparable(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for call in calls:
        body = dict(call["body"])
        assert body.pop("tags", []) == []  # added by the Python SDK
        if "code" in body:
            body["code"] = sorted(body["code"])
        made.append({**call, "body": body})
    return made


@pytest.fixture
def api(cloud: Cloud) -> Any:
    recorder = Recorder(cloud)
    with Server(recorder) as server:
        account = Account(
            cloud.ram.account_id, *cloud.key, endpoint=server.url, oss_endpoint=cloud.oss_url, region=REGION
        )
        yield Api(account), recorder


def test_a_first_and_a_second_deployment_change_what_fc3_changed(
    api: tuple[Api, Recorder], tmp_path: Path
) -> None:
    cloud_api, recorder = api
    resources = _resources(tmp_path)
    assert len(resources) == 5
    for function, resource in resources.items():
        recorder.changes.clear()
        deploy(cloud_api, resource, tmp_path)
        assert _comparable(recorder.changes) == _comparable(_changes("deploy-first", function)), function
    again = [function for function in resources if _changes("deploy-again", function)]
    assert len(again) == 3
    for function in again:
        recorder.changes.clear()
        variables = resources[function].properties["environmentVariables"]
        if "ORIGIN_MODE" in variables:
            variables["ORIGIN_MODE"] = "audit"  # changed before the second run
        deploy(cloud_api, resources[function], tmp_path)
        assert _comparable(recorder.changes) == _comparable(_changes("deploy-again", function)), function


def test_unchanged_code_is_not_uploaded_again(api: tuple[Api, Recorder], tmp_path: Path) -> None:
    cloud_api, recorder = api
    resource = _resources(tmp_path)["sls-webtracking-track-prod"]
    for text, sent in (("", True), ("", False), ("changed = 1", True)):
        (tmp_path / "code/index.py").write_text(text)
        recorder.changes.clear()
        deploy(cloud_api, resource, tmp_path)
        assert ("code" in recorder.changes[0]["body"]) is sent


def test_removing_leaves_nothing_and_can_be_repeated(
    cloud: Cloud, api: tuple[Api, Recorder], tmp_path: Path
) -> None:
    cloud_api, _ = api
    resource = _resources(tmp_path)["sls-webtracking-replay-prod"]
    deploy(cloud_api, resource, tmp_path)
    for _ in range(2):
        remove(cloud_api, resource)
        assert cloud.fc.registry.functions == {}
