"""Ports of this machine."""

from __future__ import annotations

from local.ports import ReservedPort

_reserved: list[ReservedPort] = []


def free_port() -> int:
    """Return a port on which nothing listens; no test beside this one gets it for as long as this process lives."""
    _reserved.append(ReservedPort())
    return _reserved[-1].number
