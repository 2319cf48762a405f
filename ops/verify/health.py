"""Checks that the functions are online."""

from __future__ import annotations

from ops.verify.check import Check, Unmet, check
from ops.verify.session import Session

ADVICE = (
    "Check that the deployment succeeded and the URL is the trigger's. 502 or 500: the function does not "
    "start; its log names the invalid setting or the module. 403: the trigger requires signed calls "
    "(authType): --signed."
)


@check("track is up", "GET …/healthz is answered 200", ADVICE)
def track_is_up(session: Session) -> str:
    """Also under /logstores, which is all that a custom domain may route to track."""
    return _healthy(session, session.target.track, "track", ("/healthz", "/logstores/healthz"))


@check("token is up", "GET …/healthz is answered 200, or get_sts_token by a function", ADVICE)
def token_is_up(session: Session) -> str:
    """On a shared address /healthz is track's, so a token is requested there."""
    if session.target.token != session.target.track:
        return _healthy(session, session.target.token, "token", ("/healthz",))
    answer = session.first_token()
    if answer.status == 404 or answer.status >= 500:
        raise Unmet(str(answer))
    return f"{answer} in {answer.seconds * 1000:.0f} ms"


def _healthy(session: Session, base: str | None, function: str, paths: tuple[str, ...]) -> str:
    seen = []
    for path in paths:
        answer = session.call(base, function, "GET", path)
        if answer.status == 200:
            return f"200 in {answer.seconds * 1000:.0f} ms"
        seen.append(f"{path}: {answer}")
    raise Unmet(", ".join(seen))


CHECKS: tuple[Check, ...] = (track_is_up, token_is_up)
