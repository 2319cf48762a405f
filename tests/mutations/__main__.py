"""`python -m tests.mutations MODULE TESTS…`: change one thing at a time, and see whether a test notices.

In a copy of the repository, which is removed at the end. Prints the changes that no test has noticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutations.mutants import mutants

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Try them; returns 0 where every change was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=(__doc__ or "")[:200])
    parser.add_argument("module", type=Path, help="as in functions/track/batch.py")
    parser.add_argument("tests", nargs="+", help="what pytest is given")
    parser.add_argument("--most", type=int, default=60, help="at most so many, spread evenly")
    parser.add_argument("--seconds", type=float, default=120, help="after which a change counts as noticed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as copy:
        _copy(Path(copy))
        if not _passes(Path(copy), options.tests, options.seconds):
            parser.error("the tests fail without any change")
        return _try_all(Path(copy), options)


def _copy(into: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, into / name)


def _try_all(copy: Path, options: argparse.Namespace) -> int:
    path: Path = copy / options.module
    source = path.read_text()
    possible = list(mutants(source))
    step = max(len(possible) / options.most, 1)
    tried = [possible[int(at * step)] for at in range(min(options.most, len(possible)))]
    left = 0
    for mutant in tried:
        path.write_text(mutant.source)
        if _passes(copy, options.tests, options.seconds):
            left += 1
            print(f"{options.module}:{mutant.line}: {mutant.change[:200]}", flush=True)  # noqa: T201
    print(f"{options.module}: {len(tried)} of {len(possible)} changes, {left} not noticed")  # noqa: T201
    return 1 if left else 0


def _passes(copy: Path, tests: Sequence[str], seconds: float) -> bool:
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    process = subprocess.Popen(
        command, cwd=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


if __name__ == "__main__":
    sys.exit(main())
