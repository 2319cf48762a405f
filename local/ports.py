"""A port for a program that is about to start."""

from __future__ import annotations

import socket
import sys


class ReservedPort:
    """A loopback port that no other socket is given until `release`, and on which nothing listens yet.

    A port that is only looked up is free for everybody again: between that and the program's start another
    program may be given it. On Linux a bound socket that does not listen keeps a port from being given away,
    refuses connections, and does not stop a server from listening there that sets SO_REUSEADDR, as all do
    (socket(7)). Elsewhere it would stop it, so there the port is only looked up.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]
        if sys.platform != "linux":
            self.release()

    def release(self) -> None:
        """Give it back."""
        self._socket.close()
