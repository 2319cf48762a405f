"""Page tickets: a deployment that enforces them refuses requests without one or with an invalid one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ops.verify.check import Check, Unmet, check
from ops.verify.page_ticket import KEYS_WANTED, WANTED, forged, issued
from ops.verify.session import Session, Skip, Unknown
from ops.verify.stored import KEYS_WANTED as READER_WANTED
from ops.verify.target import Target
from ops.verify.trigger import Answer
from ops.verify.uploads import TEXT
from shared.http.errors import TICKET_INVALID

_PAST = -3600  # seconds: beyond the leeway for clocks
_EMPTY = b'{"__logs__":[]}'  # accepted, and nothing is written
_OPEN_ADVICE = "Set TICKETS=enforce and TICKET_KEYS for both functions, and deploy both again."
_TAKEN_ADVICE = (
    "TICKET_KEYS here and of the function must have the same key under the same kid: deploy again after a "
    "change. `python -m ops ticket explain` shows the content of a ticket; it may be expired, or "
    "for another Logstore or origin. For a short TICKET_MAX_SECONDS give --ticket-seconds."
)
_SUBJECT_ADVICE = "DROP_FIELDS names it, or another version of track answers here: deploy it again."


class _Function(NamedTuple):
    """Calls one of the functions: with the run's ticket (None), another, or none ("")."""

    name: str
    ask: Callable[[Session, str | None], Answer]


_TRACK = _Function(
    "track", lambda session, ticket: session.track("POST", body=_EMPTY, headers=TEXT, ticket=ticket)
)
_TOKEN = _Function("token", lambda session, ticket: session.token(ticket=ticket))


def _checks(function: _Function) -> tuple[Check, ...]:
    name = function.name

    @check(f"{name}: no ticket, bad tickets", "requests without a valid ticket are refused", _OPEN_ADVICE)
    def without(session: Session) -> str:
        found, tried = _needs_enforcement(session, function), ["none"]
        for what, ticket in _bad(session.target).items():
            _refuses(function.ask(session, ticket), what)
            tried.append(what)
        left = "" if session.target.ticket_keys else f"; an expired one {KEYS_WANTED}"
        return f"{found}: {', '.join(tried)}{left}"

    @check(f"{name}: a good ticket", "pages with a ticket are accepted", _TAKEN_ADVICE)
    def with_a_good_one(session: Session) -> str:
        _needs_enforcement(session, function)
        if not session.target.ticket:
            raise Unknown(WANTED)
        answer = function.ask(session, None)
        if answer.status != 200:
            raise Unmet(str(answer))
        return str(answer)

    return without, with_a_good_one


@check("SLS: the ticket's subject", "each log has its sender in the tag subject", _SUBJECT_ADVICE)
def subject(session: Session) -> str:
    """Only logs that came through track, with a ticket issued here."""
    _needs_enforcement(session, _TRACK)
    if not session.target.subject:
        raise Skip("the ticket was not issued here")
    if session.reader is None:
        raise Unknown(READER_WANTED)
    through = [log for name, log in session.stored.items() if not name.endswith("token")]
    if not through:
        raise Skip("no log was read back")
    lacking = [log for log in through if log.get("__tag__:subject") != session.target.subject]
    if lacking:
        raise Unmet(f"{len(lacking)} of {len(through)} logs lack it")
    return f"in {len(through)} logs"


def _needs_enforcement(session: Session, function: _Function) -> str:
    """Return the refusal of a request without a ticket. Raises Unmet, or Skip if tickets are not enforced."""
    answer, mode = function.ask(session, ""), session.target.tickets
    if (answer.status, answer.code) == (TICKET_INVALID.status, TICKET_INVALID.code):
        if mode in ("off", "audit"):
            raise Unmet(f"{answer}, though TICKETS is {mode}")
        return str(answer)
    if mode == "enforce":
        raise Unmet(f"{answer}, not {TICKET_INVALID.status} {TICKET_INVALID.code}")
    if mode:
        raise Skip(f"TICKETS is {mode}: requests without a ticket pass")
    raise Skip(f"{answer} without a ticket: none is needed; use --tickets enforce if that is wrong")


def _bad(target: Target) -> dict[str, str]:
    """Tickets that must be refused: forged, and expired if there are keys to issue one."""
    keys = target.ticket_keys
    expired = {"expired": issued(next(iter(keys)), keys, _PAST)} if keys else {}
    return {"forged": forged(target.ticket), **expired}


def _refuses(answer: Answer, what: str) -> None:
    if (answer.status, answer.code) != (TICKET_INVALID.status, TICKET_INVALID.code):
        raise Unmet(f"{answer} for a ticket that is {what}")


CHECKS: tuple[Check, ...] = (*_checks(_TRACK), *_checks(_TOKEN))
STORED: tuple[Check, ...] = (subject,)
