"""Issues page tickets, signed with a key of TICKET_KEYS, to pages that request one."""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ops.ticket.issue import issue

SUBJECT = "customer-42"  # the signed-in user of the sample shop
_AGO = 120  # seconds since the expiry of an expired ticket: more than the leeway for clocks
_NO_STORE = {"cache-control": "no-store"}


class TicketDesk:
    """Issues tickets. A real site does this when it renders a page, and for pages that stay open."""

    def __init__(self, keys: Mapping[str, bytes], url: str, seconds: int) -> None:
        """Sign with the first of `keys`; `url` is the address of the functions that enforce tickets.

        `seconds` is the lifetime of a ticket.
        """
        self.url = url
        self._kid, self._key = next(iter(keys.items()))
        self._seconds = seconds

    async def answer(self, request: Request) -> Response:
        """Return a ticket, its subject and its expiry (epoch seconds).

        With `state=expired` the ticket is expired, to show how it is refused.
        """
        state = request.query_params.get("state", "good")
        if state not in ("good", "expired"):
            error = {"error": "state must be good or expired"}
            return JSONResponse(error, status_code=400, headers=_NO_STORE)
        expires = int(time.time()) + (self._seconds if state == "good" else -_AGO)
        ticket = issue(self._kid, self._key, {"exp": expires, "sub": SUBJECT})
        return JSONResponse({"ticket": ticket, "subject": SUBJECT, "expires": expires}, headers=_NO_STORE)
