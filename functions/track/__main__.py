"""track as an HTTP server, for a custom runtime: `python -m functions.track`."""

from __future__ import annotations

import sys

from functions.track.service import build
from shared.hosts.custom.process import main

if __name__ == "__main__":
    sys.exit(main(build))
