"""What a cold start loads, and how long that takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED = "import json, sys; import functions.track.index; print(json.dumps(sorted(sys.modules)))"
CEILING = 12  # times a bare interpreter; generous, since machines that run tests are busy
RUNS = 9


def _run(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout


def _seconds(code: str) -> float:
    """Return the CPU time of a new interpreter, independent of other load."""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def test_importing_track_imports_no_sdk_and_nothing_of_the_local_cloud() -> None:
    modules = json.loads(_run(LOADED))
    assert "functions.track.service" in modules
    tops = {name.partition(".")[0] for name in modules}
    unwanted = ("alibabacloud", "aliyun", "Tea", "darabonba", "requests", "urllib3", "lz4")
    assert not [top for top in tops if top.startswith(unwanted)]
    assert not tops & {"local", "tests", "ops"}
    assert not [name for name in modules if name.startswith(("functions.token", "shared.access"))]
    unneeded = {"functions.track.filters", "functions.track.bots", "shared.network.interface"}
    assert not unneeded & set(modules)


def test_importing_track_costs_little_more_than_an_interpreter() -> None:
    _run("import functions.track.index")  # leaves the compiled files behind
    # In turns, so that a busy moment hits both.
    pairs = [(_seconds("pass"), _seconds("import functions.track.index")) for _ in range(RUNS)]
    bare, track = (min(times) for times in zip(*pairs, strict=True))
    assert track < CEILING * bare
