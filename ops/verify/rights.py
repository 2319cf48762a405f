"""The token's permissions: it may only write to the Logstore."""

from __future__ import annotations

from collections.abc import Callable

from ops.verify.check import Check, Unmet, check
from ops.verify.services import Refused, Sls, assume_role
from ops.verify.session import Session, Skip
from ops.verify.target import Target

_SAFE = (
    "The token can do more than it should: the role behind STS_ROLE_ARN allows more than the write policy, "
    "and the function sends no session policy, so it is not this project's, or an older one. Deploy again, "
    "and correct the role with `python -m ops provision --enforce`."
)


@check(
    "token: may write",
    "a page can upload with it",
    "Compare the role behind STS_ROLE_ARN with what `python -m ops provision` shows: it needs "
    "log:PostLogStoreLogs on the Logstore. SLS_PROJECT and SLS_LOGSTORES must match --project and "
    "--logstore.",
)
def may_write(session: Session) -> str:
    """With SLS's own SDK, signed with the token."""
    target = session.target
    try:
        _as_page(session).put(target.project, target.logstore, session.mark("token"))
    except Refused as refused:
        raise Unmet(str(refused)) from None
    session.confirmed("token")
    return "a log was written"


@check("token: may not read", "no page can read logs with it", _SAFE)
def may_not_read(session: Session) -> str:
    """GetLogs."""
    target, page = session.target, _as_page(session)
    return _denied(lambda: page.find(target.project, target.logstore, "ops-verify"), "read logs")


@check("token: no other Logstore", "no page can write to other Logstores", _SAFE)
def no_other_logstore(session: Session) -> str:
    """Conclusive only with an existing one: --other-logstore."""
    target, page = session.target, _as_page(session)
    other = target.other_logstore or "verify-other-logstore"
    return _denied(
        lambda: page.put(target.project, other, session.mark("other")),
        f"wrote to {other}",
        "--other-logstore",
    )


@check("token: no other Project", "no page can write to other Projects of the account", _SAFE)
def no_other_project(session: Session) -> str:
    """Conclusive only with an existing one: --other-project."""
    page, other = _as_page(session), _other_project(session.target)
    store = session.target.logstore
    return _denied(
        lambda: page.put(other, store, session.mark("other")), f"wrote to {other}", "--other-project"
    )


@check("token: no AssumeRole", "no page can assume another role with it", _SAFE)
def no_assume_role(session: Session) -> str:
    """Conclusive only with an existing role that trusts the account: --role-arn."""
    token, timeout = session.issued(), session.timeout
    return _denied(lambda: assume_role(session.target, token, timeout), "assumed a role", "--role-arn")


def _as_page(session: Session) -> Sls:
    return Sls(session.target, session.issued(), session.timeout)


def _other_project(target: Target) -> str:
    return target.other_project or f"{target.project[:50]}-verify"


def _denied(attempt: Callable[[], object], deed: str, option: str = "") -> str:
    """Only a refusal for missing permission passes; an error for a missing resource proves nothing."""
    try:
        attempt()
    except Refused as refused:
        if refused.status in (401, 403) or refused.code == "NoPermission":
            return str(refused)
        if refused.status == 404 and option:
            raise Skip(f"{refused}; give an existing one with {option}") from None
        raise Unmet(f"{refused}, which is not a refusal for missing permission") from None
    raise Unmet(f"it {deed}")


CHECKS: tuple[Check, ...] = (may_write, may_not_read, no_other_logstore, no_other_project, no_assume_role)
