"""One above each limit that Function Compute does not enforce itself, and one that it does."""

from __future__ import annotations

import json

from ops.verify.check import Check, Unmet, check
from ops.verify.session import Session
from ops.verify.trigger import Answer
from ops.verify.uploads import TEXT

# SLS's documentation, "PutWebtracking" and "Use WebTracking to collect logs"; the depth is track's own.
MAX_BODY = 3 * 1024 * 1024  # bytes
MAX_LOGS = 4096
MAX_DEPTH = 64  # open brackets
MAX_PAIRS = 16 * 1024  # bytes; a GET's pairs must be smaller

ADVICE = (
    "Not this project's track function, or an older one, is answering: deploy again and check the custom "
    "domain's routes. 413 or 502 without an errorCode: a gateway or CDN refuses it first."
)


@check("track: 3 MB and one byte", "a body of 3,145,729 bytes is refused", ADVICE)
def large_body(session: Session) -> str:
    """A body that would be valid if it were shorter."""
    start, end = f'{{"__logs__":[{{"verify":"{session.mark("large")}","fill":"'.encode(), b'"}]}'
    body = start + b"x" * (MAX_BODY + 1 - len(start) - len(end)) + end
    return _refused(session.track("POST", body=body, headers=TEXT), 413, "PostBodyTooLarge")


@check("track: 4,097 logs", "more than 4,096 logs in a request are refused", ADVICE)
def many_logs(session: Session) -> str:
    """All or nothing: none of them is stored."""
    body = json.dumps({"__logs__": [{"verify": session.mark("many")}] * (MAX_LOGS + 1)}).encode()
    return _refused(session.track("POST", body=body, headers=TEXT), 400, "PostBodyInvalid")


@check("track: 65 open brackets", "a body nested deeper than 64 is refused", ADVICE)
def deep_body(session: Session) -> str:
    """The body's object, its list and its log are three of them."""
    inner = MAX_DEPTH + 1 - 3
    deep = "[" * inner + "]" * inner
    body = f'{{"__logs__":[{{"verify":"{session.mark("deep")}","deep":{deep}}}]}}'.encode()
    return _refused(session.track("POST", body=body, headers=TEXT), 400, "PostBodyInvalid")


@check("track: 16 KB of pairs", "a GET that long is refused, by Function Compute (4 KB) or by track", ADVICE)
def long_pairs(session: Session) -> str:
    """414 if the host allows such a long path."""
    answer = session.track("GET", pairs={"verify": session.mark("long"), "fill": "x" * MAX_PAIRS})
    if answer.status == 400 and (answer.by_fc or answer.code == "InvalidArgument"):
        return f"{answer} from Function Compute"
    if answer.status == 414 and not answer.code:
        return "414 from a gateway or CDN"
    return _refused(answer, 414, "ParameterTooLarge")


def _refused(answer: Answer, status: int, code: str) -> str:
    if (answer.status, answer.code) != (status, code):
        raise Unmet(f"{answer}, not {status} {code}")
    return str(answer)


CHECKS: tuple[Check, ...] = (large_body, many_logs, deep_body, long_pairs)
