"""The command line of `python -m ops application`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.application.assemble import ROOT, ApplicationError, assemble


def main(arguments: Sequence[str]) -> int:
    """Build the application package; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ops application",
        description="Build the package that `s registry publish` uploads and `s init` downloads.",
    )
    parser.add_argument("--into", type=Path, default=ROOT / "build/application", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        assemble(options.into)
    except ApplicationError as error:
        print(f"application: {error}", file=sys.stderr)
        return 1
    print(f"{options.into}: to publish it, run `s registry publish` there")
    return 0
