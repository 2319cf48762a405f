"""``python -m local``: the local cloud until Ctrl-C. `make run` does its set-up first."""

import signal
import sys
import threading


def main() -> int:
    """Run until SIGINT or SIGTERM and return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    # Imported after the signal handlers are set, so that Ctrl-C during the import shows no traceback.
    from local.run import run

    return run(stop)


if __name__ == "__main__":
    sys.exit(main())
