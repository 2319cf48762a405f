"""Distinguishes Function Compute's lifecycle calls, which start and stop an instance, from clients' requests.

Both use ordinary paths, and any client can request these through the trigger. Function Compute sets the
header `x-fc-control-path`: `/http-invoke` for requests through a trigger, the path of the call for its own
calls (Function Compute documentation, "HTTP handlers" of custom runtimes, 2.0; an echo service behind a 3.0
trigger shows `/http-invoke` too). Callers cannot set headers with this prefix ("HTTP trigger overview"). The
documentation of 3.0 no longer lists the header, so a call without it is also accepted if it has a request id,
which the platform always sends. If a client ever managed to send such a call, it would do no harm:
`POST /initialize` does what the first request would do, `GET /pre-stop` only waits, and neither counts as a
request.
"""

from __future__ import annotations

from shared.hosts.custom.incoming import Incoming

INITIALIZE = ("POST", "/initialize")
PRE_STOP = ("GET", "/pre-stop")
_CALLS = (INITIALIZE, PRE_STOP)


def lifecycle_call(incoming: Incoming) -> tuple[str, str] | None:
    """Return the lifecycle call, None for a client's request."""
    call = (incoming.method, incoming.path)
    if call not in _CALLS:
        return None
    said = [value for name, value in incoming.headers if name.lower() == b"x-fc-control-path"]
    if said:
        return call if said == [incoming.path.encode()] else None
    named = any(name.lower() == b"x-fc-request-id" for name, _ in incoming.headers)
    return call if named else None
