"""Targets: FC's event, and the pairs of a GET."""

# ruff: noqa: PT017 - a refusal is a result here and checked like any other

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from functions.track.query import read_pairs
from shared.hosts.builtin import NotHttp, read_event
from shared.http.errors import ApiError
from shared.http.request import Request
from tests.fuzz import second_json

PAIRS = 16 * 1024 - 1
_RESERVED = ("APIVersion", "__topic__", "__source__")
_SHALLOW = 50  # brackets that every JSON parser must accept


def event(payload: bytes) -> None:
    """An event is parsed as by the standard library, or refused if that also finds an error."""
    try:
        request = read_event(payload, None, "")
    except NotHttp as error:
        assert type(error.__cause__) is type(None)
        assert not _is_sound(payload), "refused without need"
        return
    assert all(type(item) is str for item in (request.method, request.path, request.source_ip, request.id))
    assert all(type(item) is str for pair in request.headers.items() for item in pair)
    assert all(type(item) is str for pair in request.query.items() for item in pair)
    assert all(name == name.lower() for name in request.headers)
    assert type(request.body) is bytes
    json.dumps([request.path, request.method]).encode()
    with contextlib.suppress(ValueError, RecursionError):
        _same(request, _loaded(payload))


def pairs(query: bytes) -> None:
    """A query becomes one log, unless it exceeds the limit, measured by urlencode."""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True):
        fields[name] = f"{fields[name]},{value}" if name in fields else value  # as FC joins them
    counted = {name: value for name, value in fields.items() if name != "APIVersion"}
    size = len(urlencode(counted))
    _judged(fields, counted, size)
    for over in (0, 1):  # the limit itself and one above, for any pairs
        padding = PAIRS + over - size - len("&padding=" if counted else "padding=")
        if padding >= 0 and "padding" not in fields:
            padded = {"padding": "x" * padding}
            _judged({**fields, **padded}, {**counted, **padded}, PAIRS + over)


def _judged(fields: dict[str, str], counted: dict[str, str], size: int) -> None:
    assert len(urlencode(counted)) == size
    try:
        batch = read_pairs(fields)
    except ApiError as error:
        assert error.kind.code in ("ParameterTooLarge", "PostBodyInvalid")
        assert (error.kind.code == "ParameterTooLarge") == (size > PAIRS)
        return
    assert size <= PAIRS
    sent = {name: value for name, value in fields.items() if name not in _RESERVED}
    assert [json.loads(log) for log in batch.logs] == [second_json.log_of(sent)]
    assert (batch.topic, batch.source) == (fields.get("__topic__"), fields.get("__source__"))
    assert batch.tags is None


def _loaded(payload: bytes) -> Any:
    """Parse the payload with the standard library; ValueError also for repeated names."""
    return json.loads(payload.decode(), object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) < len(members):
        raise ValueError("a name comes twice, and readers differ on that")
    return dict(members)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_sound(payload: bytes) -> bool:
    try:
        return payload.count(b"[") + payload.count(b"{") < _SHALLOW and _is_http(_loaded(payload))
    except (ValueError, RecursionError):
        return False


def _is_http(document: Any) -> bool:
    context = document.get("requestContext") if isinstance(document, dict) else None
    http = context.get("http") if isinstance(context, dict) else None
    if context is None or not isinstance(http, dict) or not isinstance(http.get("method"), str):
        return False
    held = [http.get("path", ""), http.get("sourceIp", ""), context.get("requestId", "")]
    held += [document.get("rawPath", ""), document.get("body") or ""]
    maps = [document.get("headers") or {}, document.get("queryParameters") or {}]
    return (
        all(isinstance(text, str) for text in held)
        and all(isinstance(pairs, dict) and all(isinstance(v, str) for v in pairs.values()) for pairs in maps)
        and isinstance(document.get("isBase64Encoded", False), bool)
        and (document.get("body") is None or isinstance(document["body"], str))
        and all(document.get(name) is None or isinstance(document[name], dict) for name in _MAPS)
    )


_MAPS = ("headers", "queryParameters")


def _same(request: Request, document: Any) -> None:
    http = document["requestContext"]["http"]
    assert request.method == _whole(http["method"])
    assert request.path == _whole(document.get("rawPath", "") or http.get("path", ""))
    assert dict(request.query) == _pairs_of(document.get("queryParameters"))
    assert dict(request.headers) == {n.lower(): v for n, v in _pairs_of(document.get("headers")).items()}
    body = _whole(document.get("body") or "")
    if document.get("isBase64Encoded"):
        with contextlib.suppress(ValueError):
            assert request.body == base64.b64decode(body)
    else:
        assert request.body == body.encode()


def _pairs_of(members: dict[str, str] | None) -> dict[str, str]:
    return {_whole(name): _whole(value) for name, value in (members or {}).items()}


def _whole(text: str) -> str:
    """Return text with lone surrogates replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
