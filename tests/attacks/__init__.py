"""Attacks over real sockets, against the process that Function Compute starts."""
