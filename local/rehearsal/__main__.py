"""`python -m local.rehearsal [--by s|sdk]`: see `local.rehearsal`; `make rehearse` does the set-up first."""

from __future__ import annotations

import argparse
import sys

from local.rehearsal import deployer
from local.rehearsal.run import rehearse


def main() -> int:
    """Rehearse; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.rehearsal")
    ways = {"s": deployer.REAL, "sdk": deployer.SDK}
    words = "Serverless Devs, or the official SDK; default: s if its component is available"
    parser.add_argument("--by", choices=ways, help=words)
    chosen = parser.parse_args().by
    by = ways[chosen] if chosen else deployer.choose()
    return rehearse(by, lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main())
