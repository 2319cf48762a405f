"""All checks in the order of execution: writes before reading back, checks of all answers last."""

from __future__ import annotations

from ops.verify import cors, health, limits, origins, rights, spool, stored, tickets, tokens, uploads
from ops.verify.check import Check

CATALOGUE: tuple[Check, ...] = (
    *health.CHECKS,
    *origins.CHECKS,
    *tickets.CHECKS,
    *uploads.CHECKS,
    *limits.CHECKS,
    *tokens.CHECKS,
    *rights.CHECKS,
    *stored.CHECKS,
    *tickets.STORED,
    *spool.CHECKS,
    *cors.CHECKS,
)
