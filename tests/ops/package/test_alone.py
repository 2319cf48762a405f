"""Each package by itself answers real requests: what its lists leave out is not needed."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import lz4.block
import pytest

from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn
from ops.package.build import Built
from tests.ops.package.alone import event, invoke, python_of

TRACK = "/logstores/web/track"
LOGS = '{"__logs__":[{"n":"%s"}]}'
NAMES = {"SLS_PROJECT": "shop-logs", "SLS_LOGSTORES": "web"}


def _allow(action: str) -> dict[str, object]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def test_track_by_itself_forwards_plain_and_lz4_logs(runtime: str, packages: dict[str, Built]) -> None:
    ram = Ram()
    key = ram.add_user("function", [_allow("log:PostLogStoreLogs")])
    sls = SlsStandIn(ram)
    sls.create("shop-logs", "web")
    packed = base64.b64encode(lz4.block.compress((LOGS % "2").encode(), store_size=False)).decode()
    events = [
        event("/healthz"),
        event(TRACK, LOGS % "1", headers={"Content-Type": "text/plain"}),
        event(TRACK, packed, base64=True, headers={"x-log-compresstype": "lz4"}),
    ]
    with Server(sls.app) as server:
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret}
        environ = {**NAMES, **keys, "SLS_ENDPOINT": server.url}
        ran = invoke(python_of(runtime), packages["track"].directory, events, environ)
    stored = [log.fields for log in sls.store.query("web")]
    sls.close()
    assert [answer["statusCode"] for answer in ran["answers"]] == [200, 200, 200]
    assert stored == [{"n": "2"}, {"n": "1"}]


def test_token_by_itself_hands_out_a_credential(runtime: str, packages: dict[str, Built]) -> None:
    ram = Ram()
    key = ram.add_user("function", [_allow("sts:AssumeRole")])
    role = ram.add_role(
        "page", trusted=[f"acs:ram::{ram.account_id}:root"], policies=[_allow("log:PostLogStoreLogs")]
    )
    with Server(StsStandIn(ram).app) as server:
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret}
        environ = {**NAMES, **keys, "STS_ENDPOINT": server.url, "STS_ROLE_ARN": role}
        ran = invoke(python_of(runtime), packages["token"].directory, [event("/get_sts_token")], environ)
    (answer,) = ran["answers"]
    assert answer["statusCode"] == 200
    assert set(json.loads(answer["body"])) == {
        "AccessKeyId",
        "AccessKeySecret",
        "SecurityToken",
        "Expiration",
    }


def test_track_holds_no_alibaba_sdk(packages: dict[str, Built]) -> None:
    assert not _top_level(packages["track"]) & {"alibabacloud_sts20150401", "darabonba", "Tea", "aliyun"}


def test_token_holds_no_client_and_no_default_chain(packages: dict[str, Built]) -> None:
    assert "alibabacloud_credentials" not in _top_level(packages["token"])
    assert not list(packages["token"].directory.rglob("client.py"))


@pytest.mark.parametrize("name", ["track", "token"])
def test_a_package_imports_every_one_of_its_own_modules(
    runtime: str, packages: dict[str, Built], name: str
) -> None:
    directory = packages[name].directory
    own = [*(directory / "functions" / name).rglob("*.py"), *(directory / "shared").rglob("*.py")]
    modules = [".".join(path.relative_to(directory).with_suffix("").parts) for path in own]
    code = f"import sys; sys.path.insert(0, '.'); [__import__(name) for name in {modules!r}]"
    command = [python_of(runtime), "-I", "-S", "-B", "-c", code]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert len(modules) > 10
    assert done.returncode == 0, done.stderr


def _top_level(built: Built) -> set[str]:
    return {path.name for path in Path(built.directory).iterdir()}
