"""Origins: preflights, and requests of other sites' pages."""

from __future__ import annotations

import json

from ops.verify.check import Check, Unmet, check
from ops.verify.session import Session, Skip
from ops.verify.trigger import Answer

# The preflight headers of Alibaba's browser SDKs; `*` does not include Authorization (Fetch standard).
SDK_HEADERS = (
    "authorization,content-md5,content-type,x-acs-security-token,x-log-apiversion,"
    "x-log-bodyrawsize,x-log-compresstype,x-log-date,x-log-signaturemethod"
)
_PREFLIGHT_ADVICE = (
    "403 AccessDenied: list OPTIONS among the trigger's methods (s.yaml, triggerConfig.methods) or the "
    "custom domain's. 403 OriginNotAllowed: ALLOWED_ORIGINS lacks this origin, or --origin is not yours."
)
_REFUSED_ADVICE = (
    "Set ALLOWED_ORIGINS, and ORIGIN_MODE=enforce when the log shows no unwanted refusals; remove "
    "corsConfig from the trigger or domain, and headers from any CDN: they allow every site."
)


@check("track: preflight of an allowed origin", "pages of --origin may POST", _PREFLIGHT_ADVICE)
def track_preflight(session: Session) -> str:
    """As a browser asks before an upload with the SDK's headers."""
    answer = session.track("OPTIONS", headers=_asking("POST"))
    return _permits(answer, "post")


@check("token: preflight of an allowed origin", "pages of --origin may GET a token", _PREFLIGHT_ADVICE)
def token_preflight(session: Session) -> str:
    """As a browser asks if the page adds its own header."""
    return _permits(session.token("OPTIONS", headers=_asking("GET")), "get")


@check("track: preflight of a refused origin", "pages of other sites may not POST", _REFUSED_ADVICE)
def track_refused_preflight(session: Session) -> str:
    """Whatever it answers, no header may allow the page to read it."""
    _needs_allowlist(session, session.track("OPTIONS", headers=_asking("POST")))
    return _refuses(session.track("OPTIONS", origin=session.target.refused, headers=_asking("POST")))


@check("track: POST of a refused origin", "their uploads are refused", _REFUSED_ADVICE)
def track_refused_post(session: Session) -> str:
    """A beacon needs no preflight, so the POST itself must be refused."""
    _needs_allowlist(session, session.track("OPTIONS", headers=_asking("POST")))
    body = json.dumps({"__logs__": [{"verify": session.mark("refused")}]}).encode()
    answer = session.track("POST", origin=session.target.refused, body=body)
    found = _refuses(answer)
    if answer.json().keys() - {"errorCode", "errorMessage"}:
        raise Unmet(f"{found}, with a body that contains more than an error")
    return found


@check("token: GET of a refused origin", "pages of other sites get no token", _REFUSED_ADVICE)
def token_refused(session: Session) -> str:
    """The answer must not contain a token."""
    _needs_allowlist(session, session.token("OPTIONS", headers=_asking("GET")))
    answer = session.token(origin=session.target.refused)
    if b"SecurityToken" in answer.body or b"AccessKey" in answer.body:
        raise Unmet(f"{answer.status} with a token")
    return _refuses(answer)


def _asking(method: str) -> dict[str, str]:
    return {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": SDK_HEADERS}


def _permits(answer: Answer, method: str) -> str:
    if answer.status not in (200, 204):
        raise Unmet(f"{answer}{' from Function Compute' if answer.by_fc else ''}")
    if answer.header("Access-Control-Allow-Origin") not in (answer.origin, "*"):
        raise Unmet(f"readable by {answer.header('Access-Control-Allow-Origin') or 'no origin'}")
    if method not in answer.listed("Access-Control-Allow-Methods"):
        raise Unmet(f"{method.upper()} is not in Access-Control-Allow-Methods")
    if missing := set(SDK_HEADERS.split(",")) - answer.listed("Access-Control-Allow-Headers"):
        raise Unmet(f"Access-Control-Allow-Headers lacks {', '.join(sorted(missing))}")
    return f"{answer.status}, kept for {answer.header('Access-Control-Max-Age') or '5'} s"


def _needs_allowlist(session: Session, allowed: Answer) -> None:
    if allowed.header("Access-Control-Allow-Origin") == "*" and not session.target.must_refuse:
        raise Skip("no allowlist: every origin is allowed; name one with --refused-origin if that is wrong")


def _refuses(answer: Answer) -> str:
    reader = answer.header("Access-Control-Allow-Origin")
    if reader in (answer.origin, "*", "null"):
        raise Unmet(f"{answer}, and Access-Control-Allow-Origin: {reader} lets {answer.origin} read it")
    if answer.status != 403:
        raise Unmet(f"{answer} for {answer.origin}")
    return str(answer)


CHECKS: tuple[Check, ...] = (
    track_preflight,
    token_preflight,
    track_refused_preflight,
    track_refused_post,
    token_refused,
)
