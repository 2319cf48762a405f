from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.fc.function import ROOT
from local.run import read_ports
from local.stack import Ports
from shared.settings import SettingError

FREE = {f"{part}_PORT": "0" for part in ("SITE", "FUNCTIONS", "SLS", "STS", "OSS")}


def start(**variables: str) -> subprocess.Popen[str]:
    settings = (
        "FUNCTION_RUNTIME",
        "CONCURRENCY",
        "SLS_",
        "STS_",
        "SPOOL_",
        "OSS_",
        "REQUEST_",
        "ALLOWED_",
        "ORIGIN_",
        "MISSING_",
        "CLIENT_",
        "TOKEN_",
        "ALIBABA_",
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env={**inherited, **FREE, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def announced(process: subprocess.Popen[str]) -> str:
    """Its output until it is ready, when it prints how to stop it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    return "".join(lines)


def address(text: str, name: str) -> str:
    (line,) = (line for line in text.splitlines() if line.startswith(f"{name} "))
    return line.split()[-1]


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with start() as process:
        yield process
        process.kill()


def children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


@pytest.mark.parametrize(
    ("number", "runtime"),
    [(signal.SIGINT, "builtin"), (signal.SIGTERM, "builtin"), (signal.SIGTERM, "custom")],
)
def test_it_answers_where_it_says_and_stops_without_a_trace(number: signal.Signals, runtime: str) -> None:
    with start(FUNCTION_RUNTIME=runtime) as process:
        said = announced(process)
        for name in ("page", "console", "token", "health"):
            assert httpx.get(address(said, name)).status_code == 200, name
        assert "origins    any" in said
        assert "spool      oss://webtracking-demo-spool/webtracking-spool/\n" in said
        assert httpx.get(address(said, "OSS")).status_code == 403
        assert f"runtime    {'custom, up to 64 requests' if runtime == 'custom' else 'built-in'}" in said
        instances = children(process.pid)
        assert len(instances) >= 2

        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, "stopped\n")
    assert "Traceback" not in err
    assert not [pid for pid in instances if Path(f"/proc/{pid}").exists()]


def catches(pid: int, number: signal.Signals) -> bool:
    (mask,) = (
        line.split()[1]
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("SigCgt:")
    )
    return bool(int(mask, 16) >> (number - 1) & 1)


def test_an_interrupt_while_it_starts_is_as_quiet(process: subprocess.Popen[str]) -> None:
    while not catches(process.pid, signal.SIGTERM):
        assert process.poll() is None
        time.sleep(0.005)

    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "Traceback" not in err


def test_the_example_it_prints_reads_what_was_written(process: subprocess.Popen[str]) -> None:
    said = announced(process)
    example = textwrap.dedent("".join(line for line in said.splitlines(True) if line.startswith("    ")))
    httpx.get(f"{address(said, 'track')}?APIVersion=0.6.0&marker=for-the-example").raise_for_status()

    read = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True)

    assert "'marker': 'for-the-example'" in read.stdout


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(STS_PORT=str(port)) as process:
            out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"cannot start: cannot listen on port {port}: ")
    assert "STS_PORT=" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLS_PROJECT", "No Project"),
        ("SLS_WRITE", "loudly"),
        ("SPOOL_OSS_BUCKET", "No_Bucket"),
        ("ALLOWED_ORIGINS", "https://shop.example.com/path"),
        ("TOKEN_DURATION_SECONDS", "5"),
        ("SITE_PORT", "eighty"),
        ("FUNCTION_RUNTIME", "both"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_and_what_it_holds(name: str, value: str) -> None:
    with start(**{name: value}) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (1, "")
    assert err.startswith("cannot start: ")
    assert name in err
    assert value in err
    assert err.count("\n") == 1


def test_ports_come_from_the_environment_each_with_its_usual_number() -> None:
    assert read_ports({}) == Ports(site=8080, functions=9000, sls=9001, sts=9002, oss=9003)
    assert read_ports({"SLS_PORT": "0", "SITE_PORT": "18080"}) == Ports(18080, 9000, 0, 9002, 9003)
    with pytest.raises(SettingError, match="STS_PORT has the value '65536'"):
        read_ports({"STS_PORT": "65536"})
