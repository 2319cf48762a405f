"""SLS: it has the logs of this run, and accepts logs only from the functions."""

from __future__ import annotations

import time

from ops.verify.check import Check, Unmet, check
from ops.verify.services import Refused, Sls, put_unsigned
from ops.verify.session import Session, Skip, Unknown

POLL_SECONDS = 0.5
KEYS_WANTED = "needs a reader's keys in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"


@check(
    "SLS: WebTracking is off",
    "nobody can write to the Logstore without the functions",
    "Turn it off: `python -m ops provision --close-webtracking --apply`, or WebTracking in the Logstore's "
    "attributes. Only SLS_WRITE=anonymous needs it, which opens it to everyone.",
)
def webtracking_off(session: Session) -> str:
    """An unsigned write directly to SLS must be refused."""
    status, code = put_unsigned(session.target, session.timeout)
    if status == 200:
        raise Unmet("an unsigned write was accepted")
    if status not in (401, 403):
        raise Unmet(f"{status} {code}, which is not conclusive: check --project, --logstore, --region")
    return f"{status} {code}"


@check(
    "SLS: written logs can be read",
    "each write that was answered 200 is in the Logstore",
    "First see that --project and --logstore are the functions' own and that the Logstore has an index; give "
    "a slow one --wait. What is then missing was never stored: look at track's log for these requests.",
)
def read_back(session: Session) -> str:
    """With GetLogs; the latency is that of the last log to appear."""
    sls = _reader(session)
    if not session.written:
        raise Skip("nothing was written")
    deadline = time.monotonic() + session.target.wait
    delays = [0.0]
    while missing := _missing(session):
        delays += [_look_for(session, sls, session.mark(what)) for what in missing]
        if not _missing(session):
            break
        if time.monotonic() > deadline:
            lost = ", ".join(_missing(session))
            raise Unmet(f"after {session.target.wait:g} s not found: {lost}")
        time.sleep(POLL_SECONDS)
    return f"{len(session.stored)} logs, the last after {max(delays):.1f} s"


@check(
    "SLS: the client's address",
    "each log has the client's address in the tag client_ip",
    "CLIENT_IP=off omits it: then use --no-client-ip. Behind a CDN, CLIENT_IP_HEADER must name a header "
    "that the CDN sets.",
)
def client_ip(session: Session) -> str:
    """Only logs that came through track."""
    _reader(session)
    through = [log for name, log in session.stored.items() if not name.endswith("token")]
    if not through:
        raise Skip("no log was read back")
    tagged = [log for log in through if log.get("__tag__:client_ip")]
    if not session.target.client_ip:
        if tagged:
            raise Unmet("logs have client_ip, though --no-client-ip was given")
        return "none, as expected with --no-client-ip"
    if len(tagged) < len(through):
        raise Unmet(f"{len(through) - len(tagged)} of {len(through)} logs lack it")
    return f"in {len(tagged)} logs"


def _reader(session: Session) -> Sls:
    if session.reader is None:
        raise Unknown(KEYS_WANTED)
    return Sls(session.target, session.reader, session.timeout)


def _missing(session: Session) -> list[str]:
    """Return the markers that were written and not found yet."""
    return sorted(marker.removeprefix(session.marker) for marker in session.written.keys() - session.stored)


def _look_for(session: Session, sls: Sls, marker: str) -> float:
    """Search once; returns the seconds from the confirmation until the log was found, 0 if it was not."""
    try:
        found = sls.find(session.target.project, session.target.logstore, marker)
    except Refused as refused:
        raise Unmet(f"{refused} when reading: the reader needs log:GetLogStoreLogs on the Logstore") from None
    if not found:
        return 0.0
    session.stored[marker] = found[0]
    return time.time() - session.written[marker]


CHECKS: tuple[Check, ...] = (webtracking_off, read_back, client_ip)
