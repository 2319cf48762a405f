"""Function Compute's own calls, which start and stop an instance, told apart from requests of clients.

Both come on ordinary paths, which any client can request through the trigger. What tells them apart is
`x-fc-control-path`, which Function Compute sets: `/http-invoke` for whatever came through a trigger, the path
of the call itself for its own (Function Compute documentation, "HTTP handlers" of custom runtimes, 2.0; an
echo service behind a 3.0 trigger shows `/http-invoke` too). Callers cannot set headers of such names ("HTTP
trigger overview"). The documentation of 3.0 no longer lists the header, so a call without it still counts as
the platform's where it has a request id, which the platform always sends. Should that be wrong one day, it
does no harm: `POST /initialize` does what the first request would do, `GET /pre-stop` waits and changes
nothing, and neither takes a place from a request.
"""

from __future__ import annotations

from shared.hosts.custom.incoming import Incoming

INITIALIZE = ("POST", "/initialize")
PRE_STOP = ("GET", "/pre-stop")
_CALLS = (INITIALIZE, PRE_STOP)


def lifecycle_call(incoming: Incoming) -> tuple[str, str] | None:
    """Return which call of the platform this is; None for a client's request."""
    call = (incoming.method, incoming.path)
    if call not in _CALLS:
        return None
    said = [value for name, value in incoming.headers if name.lower() == b"x-fc-control-path"]
    if said:
        return call if said == [incoming.path.encode()] else None
    named = any(name.lower() == b"x-fc-request-id" for name, _ in incoming.headers)
    return call if named else None
