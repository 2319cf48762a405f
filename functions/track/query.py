"""Converts a GET's pairs to a batch of one log."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from functions.track.batch import Batch
from functions.track.limits import MAX_LOG_FIELDS, MAX_PAIRS
from functions.track.names import Names, Unfit
from shared.http.errors import PARAMETER_TOO_LARGE, POST_BODY_INVALID, ApiError

API_VERSION = "APIVersion"

# Characters of one byte in form encoding (a space becomes `+`); every other byte becomes three (WHATWG URL,
# "application/x-www-form-urlencoded", and Python's urlencode, which does not encode `~`).
_ONE_BYTE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~ "
_encode = msgspec.json.Encoder().encode


def read_pairs(query: Mapping[str, str], sender: Mapping[str, str | None] | None = None) -> Batch:
    """Return the log in a query; `__topic__` and `__source__` belong to the batch, `APIVersion` is dropped.

    `sender` has fields that this function sets. They always replace pairs of the same name; a field with the
    value None is removed. Raises ApiError: ParameterTooLarge above MAX_PAIRS bytes, measured form-urlencoded
    because FC passes the pairs decoded; PostBodyInvalid for an invalid log.
    """
    fields = {name: value for name, value in query.items() if name != API_VERSION}
    size = encoded_size(fields)
    if size > MAX_PAIRS:
        message = f"the pairs have {size} bytes; at most {MAX_PAIRS} are allowed: use POST for more"
        raise ApiError(PARAMETER_TOO_LARGE, message)
    topic, source = fields.pop("__topic__", None), fields.pop("__source__", None)
    if len(fields) > MAX_LOG_FIELDS:
        message = f"the log in the pairs has {len(fields)} fields; at most {MAX_LOG_FIELDS} are allowed"
        raise ApiError(POST_BODY_INVALID, message)
    names = Names()
    try:
        names.drop(fields)
    except Unfit as fault:
        raise ApiError(POST_BODY_INVALID, f"the log in the pairs {fault}") from None
    own = sender or {}
    log = {name: value for name, value in fields.items() if name not in own}
    dropped = names.dropped + len(fields) - len(log)
    log.update({name: value for name, value in own.items() if value})
    return Batch(logs=[_encode(log)], topic=topic, source=source, dropped=dropped)


def encoded_size(pairs: Mapping[str, str]) -> int:
    """Return the form-urlencoded size of the pairs in bytes, including `=` and `&`."""
    between = max(2 * len(pairs) - 1, 0)
    return between + sum(_size(name) + _size(value) for name, value in pairs.items())


def _size(text: str) -> int:
    data = text.encode("utf-8", "replace")
    return len(data) + 2 * len(data.translate(None, _ONE_BYTE))
