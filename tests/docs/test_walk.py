"""docs/architecture.md shows the current walk of a request."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.processes import ROOT
from benchmarks.walk import DOCS, END, START

WALK = (
    "import io, logging; logging.basicConfig(level=logging.INFO, stream=io.StringIO()); "
    "from benchmarks import walk; print(walk.both())"
)


def test_the_page_shows_the_functions_that_a_request_passes() -> None:
    # In a separate process, because it reloads the functions.
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WALK], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    shown = DOCS.read_text().partition(START)[2].partition(END)[0]
    assert done.stdout.strip() == shown.strip().strip("`").strip(), "run python -m benchmarks.walk"
