"""Targets: answers of SLS and STS, which can be any bytes if a proxy is in between."""

# ruff: noqa: PT017 - a refusal is a result here and checked like any other

from __future__ import annotations

import calendar
import contextlib
import http.client
import io
import json
import time
from typing import Any, BinaryIO, cast

from functions.token import assume_role
from shared.alibaba.put_logs import error_code
from shared.http.errors import ApiError
from shared.network.answers import MAX_BODY, Answer, BadAnswer, read_answer
from shared.network.blocking import run

_NAMES = ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_PAGE = 4096  # bytes up to which an answer is also read byte by byte


def sls(raw: bytes) -> None:
    """An answer is parsed equally however it is split, and as by `http.client`, or refused."""
    whole = _read([raw])
    splits = [[raw[: len(raw) // 2], raw[len(raw) // 2 :]]]
    if len(raw) <= _PAGE:
        splits.append([raw[at : at + 1] for at in range(len(raw))])
    for pieces in splits:
        again = _read(pieces)
        if whole is None or again is None:
            assert whole is again
        else:
            assert (again.status, again.headers, again.body) == (whole.status, whole.headers, whole.body)
    if whole is None:
        return
    assert 200 <= whole.status <= 599
    assert len(whole.body) <= MAX_BODY
    assert all(name == name.lower() and type(value) is str for name, value in whole.headers.items())
    assert not any(c in value for value in whole.headers.values() for c in "\r\n\0")
    assert type(error_code(whole)) is str
    _second_opinion(raw, whole)


def sts(data: bytes) -> None:
    """Input: a status in three digits and a body. Result: a complete credential, or one of the two errors."""
    status = int(data[:3]) if data[:3].isdigit() else 200
    body = data[3:]
    answer = Answer(status, {}, body)
    wanted = _credential(body) if status == 200 else None
    try:
        issued = assume_role.read_answer(answer)
    except assume_role.TemporaryError as fault:
        assert status != 200
        _says_little(str(fault), body)
        return
    except ApiError as error:
        assert error.kind.code in ("ServerBusy", "UpstreamRejected")
        assert wanted is None, "a sound credential was refused"
        _says_little(f"{error.message} {error.detail}", body)
        return
    assert status == 200
    assert wanted == (*issued[:4],)
    assert issued.expires == calendar.timegm(time.strptime(issued.expiration, _MOMENT))
    assert issued.security_token not in repr(issued) or len(issued.security_token) < 24


def _read(pieces: list[bytes]) -> Answer | None:
    remaining = iter([piece for piece in pieces if piece])
    ended = 0

    async def receive() -> bytes:
        nonlocal ended
        piece = next(remaining, b"")
        ended += not piece
        assert ended <= 1, "asked for more after the end"
        return piece

    async def answer() -> Answer:
        return await read_answer(await receive(), receive)

    try:
        return run(answer())
    except BadAnswer as error:
        assert len(str(error)) < 100
        return None


class _Wire:
    """All that `http.client` uses of a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> BinaryIO:
        return io.BytesIO(self._raw)


def _second_opinion(raw: bytes, whole: Answer) -> None:
    """What we accept, `http.client` accepts equally; it may be laxer, never stricter."""
    theirs = http.client.HTTPResponse(cast("Any", _Wire(raw)))
    theirs.begin()
    if theirs.status < 200 or (whole.status in (204, 304) and "transfer-encoding" in whole.headers):
        # It skips only the interim answer 100, and reads chunks where RFC 9112, 6.3 has no body.
        return
    assert (theirs.status, theirs.read()) == (whole.status, whole.body)


def _credential(body: bytes) -> tuple[str, ...] | None:
    """Return the four values, None if the standard library finds one missing or the time invalid."""
    with contextlib.suppress(ValueError, RecursionError, TypeError, KeyError):
        document = json.loads(body.decode(), parse_constant=_refuse)
        # msgspec refuses lone surrogates and numbers that overflow.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        fields = document["Credentials"]
        values = tuple(fields[name] for name in _NAMES)
        if all(isinstance(value, str) and value for value in values) and _is_moment(values[3]):
            return values
    return None


def _is_moment(expiration: str) -> bool:
    separators = "".join(c for c in expiration if c not in "0123456789")
    return (
        separators == "--T::Z"
        and time.strftime(_MOMENT, time.strptime(expiration, _MOMENT)).zfill(20) == expiration
        and expiration[17:19] < "60"
    )


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _says_little(said: str, body: bytes) -> None:
    """An error quotes at most STS's code and request id, both single words."""
    assert said.isascii()
    assert said.isprintable()
    assert len(said) < 300
    assert len(body) < 300 or body.decode("latin-1") not in said
