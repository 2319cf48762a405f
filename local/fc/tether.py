"""``python -IS tether.py PARENT COMMAND…``: become COMMAND, which the kernel ends when PARENT ends.

A host that is killed cannot stop its instances. On Linux the kernel does it if PR_SET_PDEATHSIG is set
(prctl(2)); elsewhere the command runs without it. The setting belongs to this process and survives exec, so
the process id that the host knows is the command's own.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replace this process; never returns."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before the setting took effect
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a function's command is no shell's
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
