"""The process of a custom runtime: settings, logging, and one function served over HTTP."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shared.hosts.custom.admission import Admission
from shared.hosts.custom.application import Application
from shared.hosts.custom.server import serve
from shared.http.service import Service
from shared.logs import log, write_lines_to
from shared.network.event_loop import EventLoopNetwork
from shared.network.interface import Network
from shared.settings import Environment, SettingError

# Seconds after which the thread that parses a large body yields to the event loop. A request takes several
# turns of the loop: with the default of 5 ms, its p99 beside a client that sends large bodies was 151 ms.
SWITCH = 0.0005

Build = Callable[[Mapping[str, str], Network], Service]


class _Options(NamedTuple):
    host: str = "0.0.0.0"  # noqa: S104 - Function Compute connects from outside
    port: int | None = None


def main(build: Build, arguments: Sequence[str] = sys.argv[1:]) -> int:
    """Serve the function that `build` makes until the process is told to stop.

    Returns 1 at once, with a log line, if a setting is invalid or the port is taken.
    """
    options = _options(arguments)
    _set_up_logging()
    network = EventLoopNetwork()
    try:
        env = Environment(os.environ)
        concurrency = env.integer("CONCURRENCY", 1, 200, 64)  # 200: what Function Compute allows
        port = env.integer("FC_SERVER_PORT", 1, 65535, 9000) if options.port is None else options.port
        service = build(os.environ, network)
    except SettingError as error:
        log(logging.ERROR, "cannot start", "initialize", detail=str(error))
        return 1
    # All current objects stay alive: the garbage collector need not examine them, and need not run as often.
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    sys.setswitchinterval(SWITCH)
    try:
        serve(Application(service, Admission(concurrency)), options.host, port)
    except OSError as error:  # the address cannot be used; nothing else is raised
        log(logging.ERROR, "cannot start", "initialize", detail=str(error))
        return 1
    return 0


def _set_up_logging() -> None:
    """Write the project's lines directly to the output, and those of libraries through logging."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    write_lines_to(sys.stdout.buffer)


def _options(arguments: Sequence[str]) -> _Options:
    default = _Options()
    if not arguments:  # on Function Compute
        return default
    import argparse  # not at the top, for a short cold start

    parser = argparse.ArgumentParser(description="Serve one function over HTTP.")
    parser.add_argument("--host", default=default.host, help="default: %(default)s")
    parser.add_argument("--port", type=int, help="default: FC_SERVER_PORT, else 9000")
    return _Options(**vars(parser.parse_args(arguments)))
