"""Converts a POST's JSON body to a batch.

The browser SDK usually sends small bodies with only text in them, which are decoded in one step. Any other
body, and each one that will be refused, is read by `slow_path`, a few logs at a time.
"""

# No `from __future__ import annotations`: a decoder would have to compile each annotation of its types.
import contextlib
from typing import Annotated

import msgspec

from functions.track.batch import Batch
from functions.track.limits import FEW, MAX_LOG_FIELDS, MAX_LOGS, MAX_TAGS
from functions.track.names import Names, Unfit

_BOM = b"\xef\xbb\xbf"


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    logs: Annotated[
        list[Annotated[dict[str, str], msgspec.Meta(max_length=MAX_LOG_FIELDS)]],
        msgspec.Meta(max_length=MAX_LOGS),
    ] = msgspec.field(name="__logs__")
    topic: str | None = msgspec.field(name="__topic__", default=None)
    source: str | None = msgspec.field(name="__source__", default=None)
    tags: Annotated[dict[str, str], msgspec.Meta(max_length=MAX_TAGS)] | None = msgspec.field(
        name="__tags__", default=None
    )


_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode


def read_batch(body: bytes) -> Batch:
    """Return the batch in a decompressed body.

    Raises ApiError: PostBodyInvalid if it is not JSON, has another structure, or exceeds one of `limits`.
    """
    body = body.removeprefix(_BOM)
    if len(body) <= FEW:
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, Unfit):
            return _text_only(_decode(body))
    # Imported here because pages rarely send such a body.
    from functions.track.slow_path import read_slowly

    return read_slowly(body)


def _text_only(body: _Body) -> Batch:
    names = Names()
    names.drop_from(body.logs)
    if body.tags:
        names.drop(body.tags, tags=True)
    return Batch([*map(_encode, body.logs)], body.topic, body.source, body.tags, names.dropped)
