"""Which answers there may be: a success, an error of the contract, or what Function Compute itself says."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Any

from local.ram import Ram, UnknownAccessKey, UnknownToken
from tests.soak.client import Reply
from tests.soak.plan import Upload

DONE, SPOOLED = "200", "200, spooled"
KILLED = "FC: 502, the instance was killed"
FULL = "FC: 429, all instances are busy"

MIN_LEFT = 600  # seconds that a token is good for when it is handed out
_SLACK = 1  # seconds, beside what its answer took

# The errors that trouble upstream may come to. track has a spool, so nothing but its own failure is left.
_MAY_BE = {"track": {503: "ServerBusy"}, "token": {503: "ServerBusy", 502: "UpstreamRejected"}}
_KEYS = {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}


class Unlawful(Exception):
    """An answer that the contract does not have; the text says what is wrong with it."""


def judged(upload: Upload, reply: Reply, took: float, ram: Ram) -> str:
    """Return in a few words what the answer is, which `took` seconds to come. Raises Unlawful."""
    if "x-fc-error-type" in reply.headers:
        return _of_the_host(reply)
    if "access-control-allow-origin" not in reply.headers or "x-log-requestid" not in reply.headers:
        raise Unlawful(f"{reply.status} without the headers of every answer")
    if reply.status != 200:
        return _error(upload, reply)
    if upload.kind == "token":
        _check_token(reply, took, ram)
        return DONE
    if upload.kind == "pixel" and not reply.body.startswith(b"GIF"):
        raise Unlawful("a pixel that is no GIF")
    return SPOOLED if reply.headers.get("x-log-spooled") == "1" else DONE


def _of_the_host(reply: Reply) -> str:
    said = _json(reply.body)
    if reply.status == 429 and said.get("Code") == "ResourceExhausted":
        return FULL
    if reply.status == 502 and "Process exited" in said.get("errorMessage", ""):
        return KILLED
    # Out of time above all: a function has to answer before Function Compute gives it up.
    raise Unlawful(f"Function Compute's {reply.status} {reply.body[:200].decode('utf-8', 'replace')}")


def _error(upload: Upload, reply: Reply) -> str:
    function = "token" if upload.kind == "token" else "track"
    code = reply.headers.get("x-log-errorcode")
    if _MAY_BE[function].get(reply.status) != code:
        raise Unlawful(f"{function} answered {reply.status} {code}")
    if reply.status == 503 and not reply.headers.get("retry-after", "").isdigit():
        raise Unlawful("503 without Retry-After")
    if upload.kind == "pixel":
        if not reply.body.startswith(b"GIF"):
            raise Unlawful("a refused pixel that is no GIF")
    elif not (set(said := _json(reply.body)) == {"errorCode", "errorMessage"} and said["errorCode"] == code):
        raise Unlawful(f"{reply.status} with a body that is not of the shape")
    return f"{function}: {reply.status} {code}"


def _check_token(reply: Reply, took: float, ram: Ram) -> None:
    token = _json(reply.body)
    if set(token) != _KEYS:
        raise Unlawful("a token without, or with more than, its four members")
    try:
        ram.identify(token["AccessKeyId"], token["SecurityToken"])
    except (UnknownAccessKey, UnknownToken):
        raise Unlawful("a token that STS has not issued") from None
    expires = datetime.strptime(token["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    left = expires.timestamp() - time.time()
    if left < MIN_LEFT - took - _SLACK:
        raise Unlawful(f"a token with {left:.0f} s left")


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
