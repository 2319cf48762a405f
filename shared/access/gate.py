"""The ticket check: a protected route requires a valid ticket; in audit mode every request passes."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from shared.access.tickets import Ticket, TicketError, Tickets, read_keys
from shared.http.cors import claimed_origin
from shared.http.errors import TICKET_INVALID, ApiError
from shared.http.request import TICKET_MARK, Request, without_ticket
from shared.logs import log
from shared.settings import Environment, SettingError

MAX_SECONDS = 172_800  # how far in the future `exp` may be: the default of TICKET_MAX_SECONDS
LONGEST_LIFE = 31_536_000  # seconds, the maximum of TICKET_MAX_SECONDS: a year

Logstores = Callable[["re.Match[str]"], frozenset[str]]
"""Returns the Logstores that a request writes to or asks permission for, from the match of its path."""


class TicketGate:
    """Checks the ticket in a request's path."""

    def __init__(self, tickets: Tickets, logstores: Logstores, *, audit: bool) -> None:
        self._tickets = tickets
        self._logstores = logstores
        self._audit = audit

    def __call__(self, request: Request, path: str, match: re.Match[str]) -> None:
        """Accept the request and store its ticket in it, or raise ApiError: TicketInvalid.

        `path` is the request's path with `//` collapsed. In audit mode a refusal is only logged.
        """
        try:
            ticket = self._check(request, path, match)
        except TicketError as error:
            if not self._audit:
                raise ApiError(TICKET_INVALID, str(error)) from None
            shown = without_ticket(request.path)
            log(
                logging.WARNING,
                "would refuse",
                request.id,
                errorCode=TICKET_INVALID.code,
                reason=str(error),
                method=request.method,
                path=shown,
            )
            return
        request.ticket, request.subject = ticket.id, ticket.subject

    def _check(self, request: Request, path: str, match: re.Match[str]) -> Ticket:
        _, mark, rest = path.rpartition(TICKET_MARK)
        text = rest.partition("/")[0]
        if not mark or not text:
            raise TicketError("a ticket is missing: it goes into the path, as in /t/TICKET/logstores/…")
        ticket = self._tickets.check(text, time.time())
        if ticket.logstores is not None and not self._logstores(match) <= ticket.logstores:
            raise TicketError("the ticket is for another Logstore")
        if ticket.origins is not None and claimed_origin(request) not in ticket.origins:
            raise TicketError("the ticket is for another origin")
        return ticket


def read_gate(env: Environment, logstores: Logstores) -> TicketGate | None:
    """Return the configured gate, None for `TICKETS=off`. Raises SettingError.

    Keys are never shown, not even in an error about them.
    """
    mode = env.choice("TICKETS", ("off", "audit", "enforce"))
    max_seconds = env.integer("TICKET_MAX_SECONDS", 1, LONGEST_LIFE, MAX_SECONDS)
    held = env.get("TICKET_KEYS")
    try:
        keys = read_keys(held) if held else {}
    except ValueError as error:
        raise SettingError("TICKET_KEYS", "(not shown)", str(error)) from None
    if mode == "off":
        return None
    if not keys:
        raise SettingError("TICKET_KEYS", None, f"kid:base64url, since TICKETS is {mode}")
    return TicketGate(Tickets(keys, max_seconds), logstores, audit=mode == "audit")
