"""The command line of `python -m ops package`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.package.build import Built, build
from ops.package.contents import LIMITED, RECIPES, ROOT, RUNTIMES, recipes
from ops.package.errors import PackageError


def main(arguments: Sequence[str]) -> int:
    """Build the requested packages; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        for name in options.functions or recipes(options.runtime):
            recipe = RECIPES[name]
            if options.rate_limit_store and name in LIMITED:
                recipe = recipe.with_store()
            _report(build(recipe, options.runtime, options.into / name), options.runtime)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


def _report(built: Built, runtime: str) -> None:
    print(f"{built.directory}: {built.size:,} bytes for {runtime}")
    if not built.bytecode:
        print(f"  without bytecode: no CPython {RUNTIMES[runtime]} found on the PATH or in pyenv")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops package", description="Build each function's package for Function Compute."
    )
    add = parser.add_argument
    add(
        "functions",
        nargs="*",
        choices=[[], *RECIPES],
        metavar="FUNCTION",
        help="track, token, replay; default: all",
    )
    add("--runtime", choices=RUNTIMES, default="python3.12", help="default: %(default)s")
    add("--rate-limit-store", action="store_true", help="with redis-py, which RATE_LIMIT_STORE needs")
    add("--into", type=Path, default=ROOT / "build", help="default: build/ in the repository")
    return parser
