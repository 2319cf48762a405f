"""Each package of the custom runtime serves by itself: what is left out of its wheels is not needed."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import lz4.block
import pytest

from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn
from ops.package.build import Built
from ops.package.contents import CUSTOM
from tests.ops.package.alone import python_of
from tests.ops.package.serving import serving
from tests.support.policies import policy

pytestmark = pytest.mark.parametrize("runtime", [CUSTOM], indirect=True, scope="package")

TRACK = "/logstores/web/track"
NAMES = {"SLS_PROJECT": "shop-logs", "SLS_LOGSTORES": "web"}


def _own_call(keys: dict[str, str], path: str) -> dict[str, str]:
    return {**keys, "x-fc-control-path": path}


def _log(number: int) -> bytes:
    return b'{"__logs__":[{"n":"%d"}]}' % number


def test_the_track_package_forwards_plain_and_lz4_logs_many_at_once(
    runtime: str, packages: dict[str, Built]
) -> None:
    ram = Ram()
    key = ram.add_user("function", [policy("log:PostLogStoreLogs")])
    keys = {"x-fc-access-key-id": key.id, "x-fc-access-key-secret": key.secret}
    packed = lz4.block.compress(_log(20), store_size=False)
    sls = SlsStandIn(ram)
    sls.create("shop-logs", "web")
    with Server(sls.app) as server:
        environ = {**NAMES, "SLS_ENDPOINT": server.url, "CONCURRENCY": "32"}
        with serving(python_of(runtime), packages["track"].directory, "track", environ) as running:
            started = running.ask("POST", "/initialize", headers=_own_call(keys, "/initialize"))
            with ThreadPoolExecutor(10) as clients:
                plain = [clients.submit(running.ask, "POST", TRACK, _log(n), keys) for n in range(20)]
                statuses = {answer.result().status for answer in plain}
            compressed = running.ask("POST", TRACK, packed, {**keys, "x-log-compresstype": "lz4"})
            stopping = running.ask("GET", "/pre-stop", headers=_own_call(keys, "/pre-stop"))
            printed = running.stop()
    stored = sorted(int(log.fields["n"]) for log in sls.store.query("web"))
    sls.close()
    assert (started.status, statuses, compressed.status, stopping.status) == (200, {200}, 200, 200)
    assert stored == list(range(21))
    assert key.secret not in printed


def test_token_by_itself_hands_out_a_credential(runtime: str, packages: dict[str, Built]) -> None:
    ram = Ram()
    key = ram.add_user("function", [policy("sts:AssumeRole")])
    keys = {"x-fc-access-key-id": key.id, "x-fc-access-key-secret": key.secret}
    trusted = [f"acs:ram::{ram.account_id}:root"]
    role = ram.add_role("page", trusted=trusted, policies=[policy("log:PostLogStoreLogs")])
    with Server(StsStandIn(ram).app) as server:
        environ = {**NAMES, "STS_ENDPOINT": server.url, "STS_ROLE_ARN": role}
        with serving(python_of(runtime), packages["token"].directory, "token", environ) as running:
            answer = running.ask("GET", "/get_sts_token", headers=keys)
    assert answer.status == 200
    assert set(json.loads(answer.body)) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}


def test_a_bad_setting_stops_the_start_with_its_name(runtime: str, packages: dict[str, Built]) -> None:
    done = subprocess.run(
        [python_of(runtime), "-E", "-s", "-S", "-B", "-m", "functions.track"],
        cwd=packages["track"].directory,
        env={**NAMES, "SLS_REGION": "cn-hangzhou", "CONCURRENCY": "201"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "CONCURRENCY" in json.loads(done.stdout)["detail"]
    assert done.stderr == ""
