"""Ports of this machine."""

from __future__ import annotations

from local.ports import ReservedPort

_reserved: list[ReservedPort] = []


def free_port() -> int:
    """Return a port on which nothing listens, and that no program beside this process is given."""
    _reserved.append(ReservedPort())
    return _reserved[-1].number
