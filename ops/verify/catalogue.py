"""All checks, in the order in which they are made: writes before reading back, every answer last."""

from __future__ import annotations

from ops.verify import cors, health, limits, origins, rights, spool, stored, tokens, uploads
from ops.verify.check import Check

CATALOGUE: tuple[Check, ...] = (
    *health.CHECKS,
    *origins.CHECKS,
    *uploads.CHECKS,
    *limits.CHECKS,
    *tokens.CHECKS,
    *rights.CHECKS,
    *stored.CHECKS,
    *spool.CHECKS,
    *cors.CHECKS,
)
