"""One HTTP request, independent of the host."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.address import pack

TICKET_MARK = "/t/"  # the path segment after the last mark is the page's ticket
_JWT = "eyJ"  # how the header of a JSON Web Token begins: {" in base64url
# From the first mark to the start of the route: there may be several marks.
_TICKET = r"(?s:/t/.*?(?=/logstores/[^/]*/track[^/]*$|/get_sts_token$|/healthz$|$))"


class Request(msgspec.Struct):
    """One HTTP request. A route removes its body, so that the body's memory is free while SLS is awaited."""

    method: str
    path: str  # percent-encoded, as received
    query: Mapping[str, str]  # decoded; a repeated key's values joined with a comma, as FC does
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    size: int  # bytes of the body as received; larger than `body` if the host discarded it
    source_ip: str
    id: str
    deadline: Deadline
    credentials: Credentials | None = None  # the function's own, if the host passes them on
    subject: str | None = None  # the sender's id in a valid ticket
    ticket: str | None = None  # the id of a valid ticket

    def client_address(self, header: str | None) -> str | None:
        """Return the client's IP address as text, None if it is unknown.

        `header`, in lower case, is where a CDN writes the address. Its last entry is used if it is an
        address, because the CDN writes that one; the entries before it come from the client.
        """
        if header and (entries := self.headers.get(header)):
            last = entries.rpartition(",")[2].strip()
            if pack(last) is not None:
                return last
        # Checked, because a host may have read it from a header.
        return self.source_ip if pack(self.source_ip) is not None else None

    def __repr__(self) -> str:
        return f"Request({self.method} {without_ticket(self.path)})"


def without_ticket(path: str) -> str:
    """Return the path with `…` for a ticket, so that it is safe to log.

    Text that looks like a ticket in another place is replaced too, for example after `/T/` or `%2F`.
    """
    collapsed = re.sub("//+", "/", path) if "//" in path else path
    shown = re.sub(_TICKET, "/t/…", collapsed) if TICKET_MARK in collapsed else path
    if _JWT not in shown:
        return shown
    return "/".join("…" if _JWT in part and part.count(".") > 1 else part for part in shown.split("/"))
