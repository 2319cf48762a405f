"""The site's part in page tickets: it issues one to each page that asks, signed with a key of TICKET_KEYS."""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ops.ticket.issue import issue

SUBJECT = "customer-42"  # who is signed in at the sample shop
_AGO = 120  # seconds since an expired ticket's end: more than the leeway for clocks
_NO_STORE = {"cache-control": "no-store"}


class TicketDesk:
    """Issues tickets. A real site does this while it renders a page, and for a page that stays open."""

    def __init__(self, keys: Mapping[str, bytes], url: str, seconds: int) -> None:
        """Sign with the first of `keys`; `url` is where the functions are that enforce tickets.

        `seconds` is how long a ticket lasts.
        """
        self.url = url
        self._kid, self._key = next(iter(keys.items()))
        self._seconds = seconds

    async def answer(self, request: Request) -> Response:
        """Return a ticket, for whom it is and when it ends (epoch seconds).

        With `state=expired` one that has ended, to see how it is refused.
        """
        state = request.query_params.get("state", "good")
        if state not in ("good", "expired"):
            error = {"error": "state is neither good nor expired"}
            return JSONResponse(error, status_code=400, headers=_NO_STORE)
        expires = int(time.time()) + (self._seconds if state == "good" else -_AGO)
        ticket = issue(self._kid, self._key, {"exp": expires, "sub": SUBJECT})
        return JSONResponse({"ticket": ticket, "subject": SUBJECT, "expires": expires}, headers=_NO_STORE)
