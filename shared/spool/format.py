"""The spool's format: what one object holds, and what it is called.

A spooled batch is one object, written by track when SLS does not take a write and read by replay:

    {prefix}pending/{time of receipt}-{128 random bits}.json.gz
    {prefix}rejected/{the same}        what SLS will never take, with the reason in the object's metadata

Names sort by time and never collide. The content is gzip of one JSON object with `version`, `project`,
`logstore`, `received` and `body`, the last being what PutLogs takes, as it is.
"""

from __future__ import annotations

import re
import time
from typing import NamedTuple

import msgspec

VERSION = 1
MAX_UNPACKED = 8 * 1024 * 1024  # bytes of JSON; a body of 3 MB grows where numbers become text
# Fast before small: JSON of logs shrinks to a tenth at any level, and it is written while a page waits.
_LEVEL = 1
_GZIP = 31  # zlib's wbits for a gzip header and trailer around 32 KB of window

_STAMP = re.compile(r"([0-9]{8}T[0-9]{6})\.([0-9]{6})Z-[0-9a-f]{32}\.json\.gz")


class NotSpooled(Exception):
    """An object that holds no spooled batch; the text says why, and quotes nothing of it."""


class Spooled(NamedTuple):
    """One batch, with everything its write needs."""

    project: str
    logstore: str
    received: int  # seconds since the epoch; the `__time__` in the body's logs
    body: bytes  # JSON as PutLogs takes it


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    project: str
    logstore: str
    received: int
    body: msgspec.Raw  # looked over for JSON's grammar, and passed on unparsed


_decode = msgspec.json.Decoder(_Content).decode


def pending(prefix: str) -> str:
    """Return what the names of the objects begin with that wait for their write."""
    return f"{prefix}pending/"


def rejected(prefix: str) -> str:
    """Return what the names of the objects begin with that SLS will never take."""
    return f"{prefix}rejected/"


def object_name(prefix: str, received: float, unique: str) -> str:
    """Return the name of a new object; `received` in seconds since the epoch, `unique` 32 hex digits."""
    seconds, micros = divmod(int(received * 1_000_000), 1_000_000)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    return f"{pending(prefix)}{stamp}.{micros:06}Z-{unique}.json.gz"


def time_of(name: str) -> float | None:
    """Return when the batch of that name was received, in seconds since the epoch; None for another name."""
    match = _STAMP.fullmatch(name.rpartition("/")[2])
    if match is None:
        return None
    import calendar  # not needed where batches are only written

    try:
        return calendar.timegm(time.strptime(match[1], "%Y%m%dT%H%M%S")) + int(match[2]) / 1_000_000
    except ValueError:
        return None


def pack(batch: Spooled) -> bytes:
    """Return an object's content; the same bytes for the same batch."""
    import zlib  # not at the top: a cold start does not pay for what it may never need

    content = _Content(VERSION, batch.project, batch.logstore, batch.received, msgspec.Raw(batch.body))
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(msgspec.json.encode(content)) + packer.flush()


def unpack(data: bytes) -> Spooled:
    """Return the batch in an object's content; raises NotSpooled.

    At most MAX_UNPACKED bytes are decompressed, whatever the content says.
    """
    try:
        content = _decode(_decompressed(data))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotSpooled(f"the object is not of the shape: {type(error).__name__}") from None
    if content.version != VERSION:
        raise NotSpooled(f"the object is of version {content.version}; {VERSION} is known")
    body = bytes(content.body)
    if not body.startswith(b"{"):
        raise NotSpooled("the object's body is not a JSON object")
    return Spooled(content.project, content.logstore, content.received, body)


def _decompressed(data: bytes) -> bytes:
    import zlib

    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(data, MAX_UNPACKED + 1)
    except zlib.error:
        raise NotSpooled("the object is not gzip") from None
    if len(content) > MAX_UNPACKED:
        raise NotSpooled(f"the object has more than {MAX_UNPACKED} bytes of JSON")
    if not unpacker.eof or unpacker.unused_data:
        raise NotSpooled("the object is cut off, or something follows its end")
    return content
