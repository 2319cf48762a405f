"""The command line of `python -m ops application`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.application.assemble import ROOT, ApplicationError, assemble


def main(arguments: Sequence[str]) -> int:
    """Put the application together; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ops application",
        description="Put together what `s registry publish` uploads, so that `s init` can hand it out.",
    )
    parser.add_argument("--into", type=Path, default=ROOT / "build/application", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        assemble(options.into)
    except ApplicationError as error:
        print(f"application: {error}", file=sys.stderr)
        return 1
    print(f"{options.into}: now `s registry publish` in there")
    return 0
