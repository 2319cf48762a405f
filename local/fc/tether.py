"""``python -IS tether.py PARENT COMMAND…``: become COMMAND, which is to end when process PARENT ends.

A host that is killed cannot end its instances. On Linux the kernel does it, if it was asked to
(PR_SET_PDEATHSIG, prctl(2)); elsewhere the command runs without it. It asks on behalf of this process, and
the wish outlives exec, so the process id that the host knows is the command's own.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Does not return."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was quicker
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a function's command is no shell's
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
