"""The token's form."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ops.verify.check import Check, Unmet, check
from ops.verify.session import Session, Skip
from ops.verify.trigger import Answer

KEYS = {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}
LEAST = timedelta(minutes=10)  # the SDK keeps a token for 5 (web-sts-plugin 0.3.9)


@check(
    "token: shape",
    "200 with exactly the four members that the SDK's STS plugin needs",
    "502: STS refuses the function; its log names the reason (role, trust, STS_ROLE_ARN). 503: STS cannot be "
    "reached. 403: --origin is not in ALLOWED_ORIGINS, or see the checks of tickets. 404, or other members: "
    "another function answers here; name token's URL with --token, or check track alone with --track.",
)
def shape(session: Session) -> str:
    """Only the names; the values are secret."""
    answer = session.first_token()
    if answer.status != 200:
        raise Unmet(str(answer))
    fields = answer.json()
    if fields.keys() != KEYS:
        raise Unmet(f"{_named('lacks', KEYS - fields.keys())}{_named('has also', fields.keys() - KEYS)}")
    if not all(isinstance(value, str) and value for value in fields.values()):
        raise Unmet("a member is empty or not a string")
    if answer.header("Content-Type").partition(";")[0] != "application/json":
        raise Unmet(f"Content-Type is {answer.header('Content-Type') or 'missing'}")
    return f"200 in {answer.seconds * 1000:.0f} ms"


@check(
    "token: no-store",
    "no browser and no CDN stores the token",
    "A CDN in front rewrites Cache-Control: exempt /get_sts_token from caching and header rules.",
)
def no_store(session: Session) -> str:
    """A shared cache would give one token to everyone, even after it has expired."""
    answer = _given(session)
    if "no-store" not in answer.listed("Cache-Control"):
        raise Unmet(f"Cache-Control is {answer.header('Cache-Control') or 'missing'}")
    return "no-store"


@check(
    "token: lifetime",
    "the token is valid for at least ten more minutes",
    "Raise TOKEN_DURATION_SECONDS (900 to the role's MaxSessionDuration), or set this machine's clock; if "
    "neither helps, a CDN or gateway caches the answer.",
)
def lifetime(session: Session) -> str:
    """The SDK never looks at Expiration."""
    text = str(_given(session).json().get("Expiration", ""))
    try:
        end = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Unmet("Expiration is not a time like 2026-11-23T10:30:00Z") from None
    left = end - datetime.now(timezone.utc)
    if left < LEAST:
        raise Unmet(f"{left.total_seconds():.0f} s left")
    return f"{left.total_seconds() / 60:.0f} min left"


def _given(session: Session) -> Answer:
    answer = session.first_token()
    if answer.status != 200:
        raise Skip("no token was issued")
    return answer


def _named(verb: str, names: set[str]) -> str:
    return f"{verb} {', '.join(sorted(names))} " if names else ""


CHECKS: tuple[Check, ...] = (shape, no_store, lifetime)
