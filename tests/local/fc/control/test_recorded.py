"""Replays the recorded calls of the real fc3 component: each gets the recorded status and code."""

from __future__ import annotations

import json
from typing import Any

import alibabacloud_oss_v2 as oss
import httpx

from tests.local.fc.control.cloud import BUCKET, CODE, REGION, Cloud, recorded, zipped


class Replay:
    """Sends recorded calls; what was uploaded goes by the names that the stand-in gave."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._token: dict[str, Any] = {}

    def send(self, call: dict[str, Any]) -> httpx.Response | None:
        if call["signature"] == "FC":
            answer = self._cloud.token()
            self._token = answer.json()
            return answer
        if call["signature"] == "OSS":
            self._upload()
            return None
        body = call.get("body")
        if body and "code" in body:
            body = {**body, "code": {"ossBucketName": BUCKET, "ossObjectName": self._name}}
        return self._cloud.call(call["method"], call["path"], body, call.get("query"))

    @property
    def _name(self) -> str:
        return f"{self._cloud.ram.account_id}/{self._token['objectName']}"

    def _upload(self) -> None:
        keys = oss.credentials.StaticCredentialsProvider(
            *(
                self._token["credentials"][name]
                for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken")
            )
        )
        config = oss.Config(
            region=REGION,
            endpoint=self._cloud.oss_url,
            credentials_provider=keys,
            use_path_style=True,
            signature_version="v1",
        )
        body = zipped(index=CODE)
        answer = oss.Client(config).put_object(oss.PutObjectRequest(BUCKET, self._name, body=body))
        assert answer.status_code == 200
        assert answer.hash_crc64


def test_every_recorded_call_is_answered_as_recorded(cloud: Cloud) -> None:
    replay = Replay(cloud)
    for run in ("plan", "deploy-first", "deploy-again"):
        for number, call in enumerate(recorded(run)):
            answer = replay.send(call)
            if answer is not None:
                code = answer.json().get("Code") if answer.status_code >= 400 else None
                where = f"{run} {number}: {call['method']} {call['path']}: {answer.text}"
                assert (answer.status_code, code) == (call["status"], call.get("code")), where


def test_properties_are_read_back_as_they_were_sent(cloud: Cloud) -> None:
    replay = Replay(cloud)
    for call in recorded("deploy-first"):
        replay.send(call)
    for call in recorded("deploy-first"):
        if call["method"] == "POST" and call["path"].endswith("/functions"):
            sent = {name: value for name, value in call["body"].items() if name not in ("code", "layers")}
            shown = cloud.call("GET", f"{call['path']}/{sent['functionName']}").json()
            assert {name: shown[name] for name in sent} == sent
        if call["method"] == "POST" and call["path"].endswith("/triggers"):
            shown = cloud.call("GET", f"{call['path']}/{call['body']['triggerName']}").json()
            assert {name: shown[name] for name in call["body"]} == call["body"]
            assert json.loads(shown["triggerConfig"]) == json.loads(call["body"]["triggerConfig"])
