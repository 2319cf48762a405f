"""The four kinds of uploads, and requests that must be refused."""

from __future__ import annotations

import json

from ops.verify.check import Check, Unmet, check
from ops.verify.discover import NO_LOGSTORE
from ops.verify.session import Session
from ops.verify.trigger import CONTENT_TYPE, Answer

TEXT = {CONTENT_TYPE: "text/plain;charset=UTF-8"}  # what sendBeacon sends (web-track-browser 0.3.9)
_WRITE_ADVICE = (
    "502 UpstreamRejected: SLS refuses the function; its log names the reason (role, Project, endpoint). "
    "503: SLS cannot be reached. 404 LogStoreNotExist: SLS_LOGSTORES lacks --logstore. 403: --origin is not "
    "in ALLOWED_ORIGINS; TicketInvalid: see its checks. Any other status: the SDK treats the logs "
    "as lost; check what rewrites answers."
)
_ROUTE_ADVICE = "A custom domain's route or a CDN answers instead of the function: check its rules."


@check("track: POST", "the SDK's upload is answered with exactly 200 and no body", _WRITE_ADVICE)
def post(session: Session) -> str:
    """Like web-track-browser: a beacon without a preflight."""
    log = {"verify": session.mark("post")}
    body = {"__topic__": "ops-verify", "__tags__": {"verify": "tag"}, "__logs__": [log]}
    answer = session.track("POST", pairs={}, body=json.dumps(body).encode(), headers=TEXT)
    return _taken(session, answer, "post")


@check("track: GET", "a GET is answered 200 without a body", _WRITE_ADVICE)
def get(session: Session) -> str:
    """One log from the pairs."""
    pairs = {"__topic__": "ops-verify", "verify": session.mark("get")}
    return _taken(session, session.track("GET", pairs=pairs), "get")


@check(
    "track: pixel",
    "an <img> gets a GIF that is never cached and that isolated pages may load",
    f"{_WRITE_ADVICE} A header is missing or changed: a CDN in front rewrites it.",
)
def pixel(session: Session) -> str:
    """The headers matter: a cached pixel counts nothing, and COEP pages need CORP."""
    answer = session.track("GET", "track_ua.gif", pairs={"verify": session.mark("pixel")})
    if answer.status != 200 or not answer.body.startswith(b"GIF8"):
        raise Unmet(f"{answer}, {'a' if answer.body.startswith(b'GIF8') else 'not a'} GIF")
    wanted = {
        "content-type": "image/gif",
        "cache-control": "no-store",
        "cross-origin-resource-policy": "cross-origin",
    }
    for name, value in wanted.items():
        if answer.header(name).lower() != value:
            raise Unmet(f"{name} is {answer.header(name) or 'missing'}, not {value}")
    session.confirmed("pixel")
    return f"200 in {answer.seconds * 1000:.0f} ms"


@check("track: unknown Logstore", "only the configured Logstores can be written to", _ROUTE_ADVICE)
def unknown_logstore(session: Session) -> str:
    """404, without a call to SLS."""
    answer = session.track("POST", logstore=NO_LOGSTORE, body=b'{"__logs__":[{"verify":"no"}]}', headers=TEXT)
    if (answer.status, answer.code) != (404, "LogStoreNotExist"):
        raise Unmet(f"{answer}, not 404 LogStoreNotExist")
    return str(answer)


@check("track: other methods", "an unsupported method is refused", _ROUTE_ADVICE)
def other_method(session: Session) -> str:
    """By the function, or by the trigger if it does not list it."""
    return _not_supported(session.track("PUT", body=b"{}", headers=TEXT))


@check("token: other methods", "an unsupported method is refused", _ROUTE_ADVICE)
def token_other_method(session: Session) -> str:
    """As for track."""
    return _not_supported(session.token("POST"))


def _taken(session: Session, answer: Answer, what: str) -> str:
    if answer.status != 200:
        raise Unmet(str(answer))
    if answer.body:
        raise Unmet(f"200 with {len(answer.body)} bytes of body{', ' + answer.code if answer.code else ''}")
    session.confirmed(what)
    return f"200 in {answer.seconds * 1000:.0f} ms"


def _not_supported(answer: Answer) -> str:
    if answer.by_fc and answer.status in (403, 405):
        return f"{answer} from Function Compute"
    if answer.status != 405:
        raise Unmet(f"{answer}, not 405")
    if not answer.header("Allow"):
        raise Unmet("405 without Allow")
    return str(answer)


CHECKS: tuple[Check, ...] = (post, get, pixel, unknown_logstore, other_method, token_other_method)
