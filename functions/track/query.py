"""A GET's pairs as a batch of one log."""

from __future__ import annotations

from collections.abc import Mapping

from functions.track.batch import Batch
from functions.track.fields import FieldReader
from functions.track.limits import MAX_PAIRS
from functions.track.names import Unfit
from shared.http.errors import PARAMETER_TOO_LARGE, POST_BODY_INVALID, ApiError

API_VERSION = "APIVersion"

# What form encoding leaves as it is; a space becomes one `+`, every other byte three (WHATWG URL,
# "application/x-www-form-urlencoded", and Python's urlencode, which leaves `~` alone).
_ONE_BYTE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~ "


def read_pairs(query: Mapping[str, str], sender: Mapping[str, str | None] | None = None) -> Batch:
    """Return the log in a query; `__topic__` and `__source__` go beside it, `APIVersion` nowhere.

    `sender` holds fields of the proxy's own, which a pair of the same name never stands in for: with None as
    value, there is no such field. Raises ApiError: ParameterTooLarge past MAX_PAIRS bytes, measured
    form-urlencoded since FC hands over the pairs decoded; PostBodyInvalid for what a log may not be.
    """
    fields = {name: value for name, value in query.items() if name != API_VERSION}
    size = encoded_size(fields)
    if size > MAX_PAIRS:
        message = f"the pairs have {size} bytes; at most {MAX_PAIRS} are allowed: send what is long by POST"
        raise ApiError(PARAMETER_TOO_LARGE, message)
    topic, source = fields.pop("__topic__", None), fields.pop("__source__", None)
    reader = FieldReader()
    try:
        log = reader.pairs(fields, sender or {})
    except Unfit as fault:
        raise ApiError(POST_BODY_INVALID, f"the log in the pairs {fault}") from None
    return Batch(logs=[log], topic=topic, source=source, dropped=reader.dropped)


def encoded_size(pairs: Mapping[str, str]) -> int:
    """Return the bytes of the pairs form-urlencoded, with `=` in each and `&` between."""
    between = max(2 * len(pairs) - 1, 0)
    return between + sum(_size(name) + _size(value) for name, value in pairs.items())


def _size(text: str) -> int:
    data = text.encode("utf-8", "replace")
    return len(data) + 2 * len(data.translate(None, _ONE_BYTE))
