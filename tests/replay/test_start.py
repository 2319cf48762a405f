"""The function's start: its settings, what it says where one is bad, what a tick needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from functions.replay.settings import ReplaySettings
from shared.settings import SettingError
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


@pytest.mark.parametrize("event", [b"", b"\xff", b"[]", b'{"triggerName":5}'])
def test_what_the_timer_says_makes_no_difference(monkeypatch: pytest.MonkeyPatch, event: bytes) -> None:
    _set(monkeypatch, **KEYS, SPOOL_OSS_ENDPOINT="http://127.0.0.1:1", SLS_ENDPOINT="http://127.0.0.1:1")
    monkeypatch.setattr("functions.replay.drain.PAUSES", ())
    answer = fresh_index().handler(event, context(2))
    json.dumps(answer)
    assert answer["ended"] == "busy"


@pytest.mark.parametrize("timeout", [None, "10", 0, -1, 0.5])
def test_a_timeout_that_is_none_or_short_is_lived_with(
    monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    _set(monkeypatch, **KEYS, SPOOL_OSS_ENDPOINT="http://127.0.0.1:1")
    monkeypatch.setattr("functions.replay.drain.PAUSES", ())
    assert fresh_index().handler(b"", context(timeout))["ended"] == "busy"


def test_the_defaults_are_the_regions_own() -> None:
    settings = ReplaySettings.read(SETTINGS)
    assert settings.address == f"https://{PROJECT}.cn-hangzhou.log.aliyuncs.com"
    assert settings.logstores == {LOGSTORE, OTHER}
    assert settings.spool.endpoint == "https://oss-cn-hangzhou-internal.aliyuncs.com"


def test_replay_loads_neither_another_function_nor_what_is_the_laptops() -> None:
    code = "import json, sys; import functions.replay.index; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(json.loads(run.stdout))
    assert "alibabacloud_oss_v2.client" in modules
    assert not {name.partition(".")[0] for name in modules} & {"local", "tests", "ops", "aliyun"}
    assert not [name for name in modules if name.startswith(("functions.track", "functions.token"))]
