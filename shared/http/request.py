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
        """Return the IP address of who sent it, as it is written; None where none is known.

        `header`, in lower case, is the one that a CDN puts it in. Its last entry counts, if it is an address:
        that one the CDN wrote, and those before it are the client's word.
        """
        if header and (entries := self.headers.get(header)):
            last = entries.rpartition(",")[2].strip()
            if pack(last) is not None:
                return last
        return self.source_ip if pack(self.source_ip) is not None else None  # a host may have read a header

    def __repr__(self) -> str:
        return f"Request({self.method} {without_ticket(self.path)})"


def without_ticket(path: str) -> str:
    """Return a path that is safe for the log: a ticket in it is replaced by `…`.

    So is what looks like one where none belongs: after `/T/`, say, or after a `/` that is encoded.
    """
    collapsed = re.sub("//+", "/", path) if "//" in path else path
    shown = re.sub(_TICKET, "/t/…", collapsed) if TICKET_MARK in collapsed else path
    if _JWT not in shown:
        return shown
    return "/".join("…" if _JWT in part and part.count(".") > 1 else part for part in shown.split("/"))
