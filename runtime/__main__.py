"""`python -m runtime FUNCTION`: one function as an HTTP server, which is what a custom runtime is."""

from __future__ import annotations

import argparse
import gc
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from runtime.admission import Admission
from runtime.app import Application
from runtime.network import Overlapping
from runtime.server import serve
from shared.logs import log
from shared.service import Service
from shared.settings import Environment, SettingError

FUNCTIONS = ("track", "token")


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; 1 at once for a bad setting, which the log names with what it holds."""
    options = _options(arguments)
    _set_up_logging()
    network = Overlapping()
    try:
        env = Environment(os.environ)
        concurrency = env.integer("CONCURRENCY", 1, 200, 64)  # 200: what Function Compute allows
        port = env.integer("FC_SERVER_PORT", 1, 65535, 9000) if options.port is None else options.port
        service: Service = importlib.import_module(f"functions.{options.function}.service").build(
            os.environ, network
        )
    except SettingError as error:
        log(logging.ERROR, "cannot start", "initialize", detail=str(error))
        return 1
    # What is there now stays: the collector need not look through it again, nor as often as for a script.
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    serve(Application(service, network, Admission(concurrency)), options.host, port)
    return 0


def _set_up_logging() -> None:
    """Write messages as they are, and look up nothing else for them ("Optimization", logging HOWTO)."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    logging._srcfile = None  # type: ignore[assignment, attr-defined, unused-ignore]
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runtime", description=__doc__)
    parser.add_argument("function", choices=FUNCTIONS)
    parser.add_argument("--host", default="0.0.0.0", help="Function Compute connects from outside")  # noqa: S104
    parser.add_argument("--port", type=int, help="default: FC_SERVER_PORT, else 9000")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
