"""A GET's pairs as a batch of one log."""

from __future__ import annotations

from collections.abc import Mapping

from functions.track.batch import Batch
from functions.track.limits import MAX_PAIRS
from shared.http.errors import PARAMETER_TOO_LARGE, ApiError

API_VERSION = "APIVersion"

# What form encoding leaves as it is; a space becomes one `+`, every other byte three (WHATWG URL,
# "application/x-www-form-urlencoded", and Python's urlencode, which leaves `~` alone).
_ONE_BYTE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~ "


def read_pairs(query: Mapping[str, str]) -> Batch:
    """Return the log in a query; `__topic__` and `__source__` go beside it, `APIVersion` nowhere.

    Raises ApiError: ParameterTooLarge past MAX_PAIRS bytes, measured form-urlencoded since FC hands over
    the pairs decoded.
    """
    fields = {name: value for name, value in query.items() if name != API_VERSION}
    size = encoded_size(fields)
    if size > MAX_PAIRS:
        message = f"the pairs have {size} bytes; at most {MAX_PAIRS} are allowed: send what is long by POST"
        raise ApiError(PARAMETER_TOO_LARGE, message)
    return Batch(topic=fields.pop("__topic__", None), source=fields.pop("__source__", None), logs=[fields])


def encoded_size(pairs: Mapping[str, str]) -> int:
    """Return the bytes of the pairs form-urlencoded, with `=` in each and `&` between."""
    between = max(2 * len(pairs) - 1, 0)
    return between + sum(_size(name) + _size(value) for name, value in pairs.items())


def _size(text: str) -> int:
    data = text.encode("utf-8", "replace")
    return len(data) + 2 * len(data.translate(None, _ONE_BYTE))
