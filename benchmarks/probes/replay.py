"""One run of replay: prints its result, CPU time and memory as a JSON object."""

from __future__ import annotations

import json
import logging
import time
from types import SimpleNamespace

from benchmarks.probes.peak import peak
from functions.replay.index import handler

TIMEOUT = 600.0  # seconds


def main() -> None:
    """Empty the spool."""
    logging.disable(logging.INFO)
    context = SimpleNamespace(request_id="benchmark", function=SimpleNamespace(timeout=TIMEOUT))
    began = time.process_time()
    line = handler(b"{}", context)
    print(json.dumps({**line, "cpu": time.process_time() - began, "MB": peak()}))


if __name__ == "__main__":
    main()
