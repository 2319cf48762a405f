"""Requirements for every answer of the functions, including errors; checked last, over all answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ops.verify.check import Check, Unmet, check
from ops.verify.session import Session, Skip
from ops.verify.trigger import Answer

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_CDN = "A CDN or gateway removes headers, perhaps only on errors: check its rules."
_SINGLE = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Allow-Methods")


@check("CORS: on every answer", "pages can read errors too", _CDN)
def on_every_answer(session: Session) -> str:
    """Otherwise a browser shows the page a network failure instead of the reason."""
    return _all(session, lambda answer: bool(answer.header(ALLOW_ORIGIN)), f"without {ALLOW_ORIGIN}")


@check(
    "CORS: no header twice",
    "browsers refuse an answer with two origins",
    "Two parties set the header: remove corsConfig from the trigger (s.yaml) and the custom domain, and CORS "
    "rules from the CDN. The functions set it themselves.",
)
def not_doubled(session: Session) -> str:
    """As two header lines, or as two entries in one."""
    return _all(session, _single, "with a CORS header twice")


@check(
    "CORS: no credentials",
    "no answer allows a page to send cookies",
    "The functions never set Access-Control-Allow-Credentials. Function Compute does if a function names "
    "no origin, and corsConfig if so configured: remove that; otherwise a CDN or gateway sets it.",
)
def no_credentials(session: Session) -> str:
    """With an echoed origin it would open the function to every site."""
    return _all(
        session,
        lambda answer: not answer.header("Access-Control-Allow-Credentials"),
        "with Access-Control-Allow-Credentials",
    )


@check("CORS: Vary", "no cache gives one site's answer to another", _CDN)
def vary(session: Session) -> str:
    """For answers that name one origin."""
    return _all(session, _varies, "without Vary: Origin")


@check("CORS: the request's id", "pages can report x-log-requestid", _CDN)
def request_id(session: Session) -> str:
    """Set, and exposed to scripts."""
    return _all(session, _exposes_id, "without an exposed x-log-requestid")


def _all(session: Session, holds: Callable[[Answer], bool], fault: str) -> str:
    if not session.answers:
        raise Skip("no function answered")
    failing = [answer for answer in session.answers if not holds(answer)]
    if failing:
        raise Unmet(f"{len(failing)} of {len(session.answers)} answers {fault}: {_summary(failing)}")
    return f"{len(session.answers)} answers"


def _summary(answers: list[Answer]) -> str:
    """Return which answers they are, at most three kinds."""
    kinds = Counter(f"{answer.method} {answer.path} {answer.status}" for answer in answers)
    shown = list(kinds)[:3]
    return ", ".join(shown) + (", …" if len(kinds) > len(shown) else "")


def _single(answer: Answer) -> bool:
    lines = all(len(answer.headers.get(name.lower(), ())) <= 1 for name in _SINGLE)
    return lines and "," not in answer.header(ALLOW_ORIGIN)


def _varies(answer: Answer) -> bool:
    return answer.header(ALLOW_ORIGIN) in ("", "*") or bool(answer.listed("Vary") & {"origin", "*"})


def _exposes_id(answer: Answer) -> bool:
    exposed = answer.listed("Access-Control-Expose-Headers")
    return bool(answer.header("x-log-requestid")) and bool(exposed & {"x-log-requestid", "*"})


CHECKS: tuple[Check, ...] = (on_every_answer, not_doubled, no_credentials, vary, request_id)
