"""The targets by name; each has a folder of the same name in `corpus/`."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import answers, bodies, events, handler, origins, spooled

TARGETS: dict[str, Callable[[bytes], None]] = {
    "event": events.event,
    "pairs": events.pairs,
    "body_plain": bodies.plain,
    "body_lz4": bodies.in_lz4,
    "body_deflate": bodies.in_deflate,
    "body_gzip": bodies.in_gzip,
    "origins": origins.allowlist,
    "sls_answer": answers.sls,
    "sts_answer": answers.sts,
    "spool": spooled.spool,
    "handler": handler.handler,
}
