"""Each package by itself answers real requests: what is left out of its wheels is not needed."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path

import alibabacloud_oss_v2 as oss
import lz4.block
import pytest

from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn
from ops.package.build import Built
from ops.package.contents import BUILT_IN
from ops.provision.clients import Credentials, oss_client
from shared.spool.format import Spooled, object_name, pack
from tests.ops.package.alone import event, invoke, python_of
from tests.support.policies import policy

TRACK = "/logstores/web/track"
LOGS = '{"__logs__":[{"n":"%s"}]}'
NAMES = {"SLS_PROJECT": "shop-logs", "SLS_LOGSTORES": "web"}


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_track_by_itself_forwards_plain_and_lz4_logs(runtime: str, packages: dict[str, Built]) -> None:
    ram = Ram()
    key = ram.add_user("function", [policy("log:PostLogStoreLogs")])
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


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_token_by_itself_hands_out_a_credential(runtime: str, packages: dict[str, Built]) -> None:
    ram = Ram()
    key = ram.add_user("function", [policy("sts:AssumeRole")])
    role = ram.add_role(
        "page", trusted=[f"acs:ram::{ram.account_id}:root"], policies=[policy("log:PostLogStoreLogs")]
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
    assert not [
        name for name in ran["modules"] if name.endswith(".client") and name.startswith("alibabacloud")
    ]


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_the_replay_package_writes_batches_and_rejects_other_objects(
    runtime: str, packages: dict[str, Built]
) -> None:
    ram = Ram()
    key = ram.add_user("function", [policy("*")])
    sls, spool = SlsStandIn(ram), OssStandIn(ram)
    sls.create("shop-logs", "web")
    spool.create("shop-spool")
    now = int(time.time())
    body = b'{"__logs__":[{"n":"1","__time__":%d}]}' % now
    good = pack([Spooled("shop-logs", "web", now, body)])
    with Server(sls.app) as sls_server, Server(spool.app) as oss_server:
        client = oss_client(Credentials(key.id, key.secret), "cn-hangzhou", oss_server.url)
        for digit, content in (("1", good), ("2", b"not a batch")):
            name = object_name("webtracking-spool/", now, digit * 32)
            client.put_object(oss.PutObjectRequest("shop-spool", name, body=content))
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret}
        addresses = {"SLS_ENDPOINT": sls_server.url, "SPOOL_OSS_ENDPOINT": oss_server.url}
        environ = {**NAMES, **keys, **addresses, "SPOOL_OSS_BUCKET": "shop-spool"}
        ran = invoke(python_of(runtime), packages["replay"].directory, [{"triggerName": "minute"}], environ)
    stored = [log.fields for log in sls.store.query("web")]
    left = [name.rpartition("/")[0] for name in spool.objects("shop-spool")]
    sls.close()
    spool.close()
    (line,) = ran["answers"]
    assert (line["ended"], line["written"], line["rejected"], line["left"]) == ("drained", 1, 1, 0)
    assert stored == [{"n": "1"}]
    assert left == ["webtracking-spool/rejected"]


def test_track_and_replay_hold_no_alibaba_sdk(packages: dict[str, Built]) -> None:
    sdks = {"alibabacloud_sts20150401", "darabonba", "Tea", "aliyun", "alibabacloud_oss_v2", "requests"}
    for name in packages.keys() & {"track", "replay"}:
        assert not _top_level(packages[name]) & sdks


def test_token_holds_no_default_chain_and_nothing_that_the_sdks_client_needs(
    packages: dict[str, Built],
) -> None:
    needed = {"alibabacloud_credentials", "alibabacloud_tea_openapi", "aiohttp", "requests"}
    assert not _top_level(packages["token"]) & needed


def test_a_package_can_import_each_of_its_modules(runtime: str, packages: dict[str, Built]) -> None:
    for name, built in packages.items():
        rooms = [f"functions/{name}", "shared"]
        own = [path for room in rooms for path in (built.directory / room).rglob("*.py")]
        modules = [".".join(path.relative_to(built.directory).with_suffix("").parts) for path in own]
        code = f"import sys; sys.path.insert(0, '.'); [__import__(name) for name in {modules!r}]"
        command = [python_of(runtime), "-I", "-S", "-B", "-c", code]
        done = subprocess.run(
            command, cwd=built.directory, capture_output=True, text=True, timeout=60, check=False
        )
        assert len(modules) > 10
        assert done.returncode == 0, done.stderr


def _top_level(built: Built) -> set[str]:
    return {path.name for path in Path(built.directory).iterdir()}
