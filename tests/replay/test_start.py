"""The function's start: its settings, what it says where one is bad, what a tick needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from functions.replay.order import Part
from functions.replay.settings import ReplaySettings
from functions.replay.timer import part_of
from shared.settings import SettingError
from shared.spool.format import DIGITS
from tests.replay.support import LOGSTORE, OTHER, PROJECT, SETTINGS, fresh_index, lines
from tests.support.fc import context

ROOT = Path(__file__).parents[2]
KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5t", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}


def _set(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in {**SETTINGS, **settings}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLS_PROJECT", ""),
        ("SLS_LOGSTORES", "ok-store,../x"),
        ("SLS_REGION", "cn hangzhou"),
        ("SLS_ENDPOINT", "ftp://host"),
        ("SPOOL_OSS_BUCKET", ""),
        ("SPOOL_OSS_BUCKET", "Not_A_Bucket"),
        ("SPOOL_OSS_ENDPOINT", "https://user@host"),
        ("SPOOL_PREFIX", "no-slash"),
    ],
)
def test_a_bad_setting_stops_the_start_and_no_tick_escapes(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _set(monkeypatch, **KEYS, **{name: value})
    index = fresh_index()
    with pytest.raises(SettingError, match=name):
        index.initialize(context())
    answer = index.handler(b"{}", context())
    assert answer["ended"] == "failed"
    assert name in answer["detail"]
    (line,) = lines(caplog, "replayed")
    assert line["level"] == "ERROR"


def test_without_credentials_a_tick_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _set(monkeypatch)
    index = fresh_index()
    index.initialize(context())
    assert index.handler(b"{}", context())["ended"] == "failed"
    (line,) = lines(caplog, "replayed")
    assert "no credentials" in line["detail"]


def test_a_bug_is_logged_with_its_stack_and_does_not_escape(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _set(monkeypatch, **KEYS)
    index = fresh_index()
    monkeypatch.setattr("functions.replay.timer.OssSpool", lambda *_: 1 / 0)
    answer = index.handler(b"{}", context())
    assert answer["ended"] == "failed"
    assert answer["detail"].endswith("ZeroDivisionError")
    (line,) = lines(caplog, "replayed")
    assert line["level"] == "ERROR"


@pytest.mark.parametrize("event", [b"", b"\xff", b"[]", b"{}", b'{"triggerName":5}', b'{"payload":""}'])
def test_without_a_payload_the_whole_spool_is_replayed(monkeypatch: pytest.MonkeyPatch, event: bytes) -> None:
    _set(monkeypatch, **KEYS, SPOOL_OSS_ENDPOINT="http://127.0.0.1:1", SLS_ENDPOINT="http://127.0.0.1:1")
    monkeypatch.setattr("functions.replay.pace.PAUSES", ())
    answer = fresh_index().handler(event, context(2))
    json.dumps(answer)
    assert answer["ended"] == "busy"
    assert "parts" not in answer


@pytest.mark.parametrize(
    ("payload", "part"), [({"part": 0, "parts": 1}, Part(0, 1)), ({"part": 15, "parts": 16}, Part(15, 16))]
)
def test_a_payload_names_a_part(payload: dict[str, int], part: Part) -> None:
    assert part_of(json.dumps({"triggerName": "a", "payload": json.dumps(payload)}).encode()) == part


@pytest.mark.parametrize(
    "payload",
    [
        "4",
        "part",
        '{"part":0}',
        '{"part":0,"parts":0}',
        '{"part":4,"parts":4}',
        '{"part":-1,"parts":4}',
        '{"part":0,"parts":17}',
        '{"part":0,"parts":4,"more":1}',
        '{"part":"0","parts":"4"}',
    ],
)
def test_a_payload_of_another_kind_fails_the_run_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, payload: str
) -> None:
    _set(monkeypatch, **KEYS)
    answer = fresh_index().handler(json.dumps({"payload": payload}).encode(), context(2))
    assert answer["ended"] == "failed"
    assert answer["detail"].startswith("the timer's payload has the value ")


@pytest.mark.parametrize("parts", range(1, 17))
def test_parts_share_the_digits_and_leave_none_out(parts: int) -> None:
    shared = [Part(number, parts).digits for number in range(parts)]
    assert sorted("".join(shared)) == list(DIGITS)
    assert [Part(number, parts).has(None) for number in range(parts)] == [True] + [False] * (parts - 1)


@pytest.mark.parametrize("timeout", [None, "10", 0, -1, 0.5])
def test_a_missing_or_short_timeout_is_accepted(
    monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    _set(monkeypatch, **KEYS, SPOOL_OSS_ENDPOINT="http://127.0.0.1:1")
    monkeypatch.setattr("functions.replay.pace.PAUSES", ())
    assert fresh_index().handler(b"", context(timeout))["ended"] in ("busy", "out of time")


def test_the_defaults_are_the_regions_own() -> None:
    settings = ReplaySettings.read(SETTINGS)
    assert settings.address == f"https://{PROJECT}.cn-hangzhou.log.aliyuncs.com"
    assert settings.logstores == {LOGSTORE, OTHER}
    assert settings.spool.endpoint == "https://oss-cn-hangzhou-internal.aliyuncs.com"


def test_replay_imports_no_other_function_and_nothing_of_the_local_cloud() -> None:
    code = "import json, sys; import functions.replay.index; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(json.loads(run.stdout))
    strangers = {"local", "tests", "ops", "aliyun", "alibabacloud_oss_v2", "requests"}
    assert not {name.partition(".")[0] for name in modules} & strangers
    assert not [name for name in modules if name.startswith(("functions.track", "functions.token"))]
