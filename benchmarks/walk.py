"""`python -m benchmarks.walk`: the functions of this project that one request calls, in order, by file.

A trace of one POST through track and one GET through token, on a started built-in runtime: what a reader of
the code has to follow. docs/architecture.md contains the output.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks import bodies
from benchmarks.lab import SETTINGS
from benchmarks.processes import ROOT, stand_in

DOCS = ROOT / "docs" / "architecture.md"
START, END = "<!-- walk -->", "<!-- /walk -->"

_TRACED = (f"{ROOT}/functions/", f"{ROOT}/shared/")
_CONTEXT = SimpleNamespace(request_id="1-walk", function=SimpleNamespace(timeout=10))

Walk = list[tuple[str, str]]  # file and function, in the order in which each is first called


def walk(call: Callable[[], object]) -> Walk:
    """Return the project's functions that `call` calls; comprehensions count as part of their function."""
    found: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(_TRACED) or code.co_name.startswith("<"):
            return
        found[str(Path(code.co_filename).relative_to(ROOT)), _name(frame)] = None

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return list(found)


def _name(frame: FrameType) -> str:
    """Return a function's name with its class; code objects of Python 3.10 have no qualified name."""
    owner = frame.f_locals.get("self")
    name = frame.f_code.co_name
    return f"{type(owner).__name__}.{name}" if owner is not None else name


def measure(function: str, upstream: str, **settings: str) -> Walk:
    """Return the walk of one request through a function that has answered one before."""
    os.environ.update({**SETTINGS, "SLS_ENDPOINT": upstream, "STS_ENDPOINT": upstream, **settings})
    for name in [name for name in sys.modules if name.startswith(f"functions.{function}.")]:
        del sys.modules[name]
    index = importlib.import_module(f"functions.{function}.index")
    event = bodies.post(bodies.small()) if function == "track" else bodies.token()
    # At one moment: the first request of a second calls one function more, which formats the date.
    with patch("time.time", return_value=time.time()):
        index.initialize(_CONTEXT)
        if function == "track":
            index.handler(event, _CONTEXT)  # opens the connection
        else:
            _renewal_is_due(index)
        return walk(lambda: index.handler(event, _CONTEXT))


def _renewal_is_due(index: Any) -> None:
    """Have token renew its credential with the next request, which is its longest code path."""
    index._function._service.warm_up.__self__._cache._renew_at = 0.0


def report(walk: Walk) -> str:
    """Return the walk as lines, one per file, and the counts."""
    files: dict[str, list[str]] = {}
    for file, name in walk:
        files.setdefault(file, []).append(name)
    lines = [f"{file}: {', '.join(names)}" for file, names in files.items()]
    return "\n".join((*lines, f"{len(walk)} functions in {len(files)} files"))


def both() -> str:
    """Return both walks in the form of docs/architecture.md."""
    with stand_in(sys.executable, {**os.environ, "PYTHONPATH": str(ROOT)}, 0.0) as upstream:
        walks = [f"{function}:\n{report(measure(function, upstream))}" for function in ("track", "token")]
    return "\n\n".join(walks)


def main() -> None:
    """Print both walks, and write them into docs/architecture.md."""
    logging.basicConfig(level=logging.INFO, stream=io.StringIO())  # log lines are part of the walk
    walks = both()
    print(walks)
    page = DOCS.read_text()
    before, _, rest = page.partition(START)
    DOCS.write_text(f"{before}{START}\n```\n{walks}\n```\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
