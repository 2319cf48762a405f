"""The spool's format: the content and the name of an object.

An object contains batches that track stored together; replay writes them to SLS one by one:

    {prefix}pending/{digit}/{time of receipt}-{128 random bits}.json.gz
    {prefix}rejected/{time of receipt}-{128 random bits}.json.gz

Objects under rejected/ contain batches that SLS will never accept; the object's metadata has the reason.

`digit` is the first hexadecimal digit of the random bits. OSS partitions objects by the order of their
names, and allows 2,000 operations a second per partition (OSS documentation, "OSS performance and
scalability best practices": sequential prefixes); sixteen prefixes reach an account's limit of 10,000. Within
a digit, names sort by time. Names are unique.

The content is gzip of one JSON object with `version` 2, `project` and `batches`. Each batch has `logstore`,
`received` and `body`; `body` is a body of PutLogs. replay can also read version 1: an object has one batch
(`version`, `project`, `logstore`, `received`, `body`), and its name has no digit.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec

VERSION = 2
DIGITS = "0123456789abcdef"
MAX_UNPACKED = 8 * 1024 * 1024  # bytes of JSON; a body of 3 MB grows when numbers become text
MAX_BATCHES = 1000  # in an object
# The fastest level: logs in JSON shrink to a tenth at any level, and a page waits for the write.
_LEVEL = 1
_GZIP = 31  # zlib's wbits for a gzip header and trailer, with a window of 32 KB

_STAMP = re.compile(r"([0-9]{8}T[0-9]{6})\.([0-9]{6})Z-([0-9a-f])[0-9a-f]{31}\.json\.gz")


class NotSpooled(Exception):
    """The object is not in the spool's format; the text has the reason and no part of the object."""


class NewerVersion(NotSpooled):
    """A later release wrote the object, for example before a rollback; that release can read it."""


class Spooled(NamedTuple):
    """One batch, with all data for its write."""

    project: str
    logstore: str
    received: int  # seconds since the epoch; the `__time__` in the body's logs
    body: bytes  # JSON for PutLogs


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    logstore: str
    received: int
    body: msgspec.Raw  # checked for valid JSON, not decoded


class _Content(msgspec.Struct, forbid_unknown_fields=True, tag_field="version", tag=VERSION):
    project: str
    batches: list[_Batch]


class _Content1(msgspec.Struct, forbid_unknown_fields=True, tag_field="version", tag=1):
    project: str
    logstore: str
    received: int
    body: msgspec.Raw


class _Versioned(msgspec.Struct):
    version: int


_AnyContent: TypeAlias = _Content | _Content1
_decode = msgspec.json.Decoder(_AnyContent).decode


def pending(prefix: str) -> str:
    """Return the name prefix of objects that wait for their write."""
    return f"{prefix}pending/"


def rejected(prefix: str) -> str:
    """Return the name prefix of objects that SLS will never accept."""
    return f"{prefix}rejected/"


def last_part(received: float, unique: str) -> str:
    """Return the last part of an object's name.

    `received` is in seconds since the epoch, `unique` 32 hexadecimal digits.
    """
    seconds, micros = divmod(int(received * 1_000_000), 1_000_000)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    return f"{stamp}.{micros:06}Z-{unique}.json.gz"


def object_name(prefix: str, received: float, unique: str) -> str:
    """Return the name of a new object; `received` in seconds since the epoch, `unique` 32 hex digits."""
    return f"{pending(prefix)}{unique[0]}/{last_part(received, unique)}"


def time_of(name: str) -> float | None:
    """Return the time of receipt of the object's oldest batch, in seconds since the epoch.

    None for a name without the spool's format.
    """
    match = _STAMP.fullmatch(name.rpartition("/")[2])
    if match is None:
        return None
    import calendar  # not needed by track

    try:
        return calendar.timegm(time.strptime(match[1], "%Y%m%dT%H%M%S")) + int(match[2]) / 1_000_000
    except ValueError:
        return None


def digit_of(prefix: str, name: str) -> str | None:
    """Return the digit of a pending object, which decides its part; None for any other name."""
    last = name.rpartition("/")[2]
    match = _STAMP.fullmatch(last)
    if match is None or time_of(last) is None:
        return None
    digit, root = match[3], pending(prefix)
    return digit if name in (f"{root}{digit}/{last}", root + last) else None


def pack(batches: Sequence[Spooled]) -> bytes:
    """Return the content of an object with these batches, all of one Project.

    The same batches give the same bytes. Raises ValueError for no batch or more than MAX_BATCHES.
    """
    import zlib  # imported here, for a short cold start

    if not 1 <= len(batches) <= MAX_BATCHES:
        raise ValueError(f"{len(batches)} batches; an object has 1 to {MAX_BATCHES}")
    held = [_Batch(one.logstore, one.received, msgspec.Raw(one.body)) for one in batches]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(msgspec.json.encode(_Content(batches[0].project, held))) + packer.flush()


def unpacked_size(data: bytes) -> int:
    """Return the declared decompressed size of the content in bytes, at most MAX_UNPACKED."""
    return min(int.from_bytes(data[-4:], "little"), MAX_UNPACKED)  # gzip's ISIZE (RFC 1952, 2.3.1)


def unpack(data: bytes) -> list[Spooled]:
    """Return the batches in an object's content, of either version; raises NotSpooled, NewerVersion.

    At most MAX_UNPACKED bytes are decompressed, regardless of the declared size.
    """
    text = _decompressed(data)
    try:
        content = _decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _format_error(text, error) from None
    held = content.batches if isinstance(content, _Content) else [content]
    if not 1 <= len(held) <= MAX_BATCHES:
        raise NotSpooled(f"the object has {len(held)} batches; 1 to {MAX_BATCHES} are allowed")
    batches = [Spooled(content.project, one.logstore, one.received, bytes(one.body)) for one in held]
    if not all(one.body.startswith(b"{") for one in batches):
        raise NotSpooled("a batch's body is not a JSON object")
    return batches


def _format_error(text: bytes, error: Exception) -> NotSpooled:
    try:
        version = msgspec.json.decode(text, type=_Versioned).version
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        version = VERSION
    if version in (1, VERSION):
        return NotSpooled(f"the object does not have the expected format: {type(error).__name__}")
    kind = NewerVersion if version > VERSION else NotSpooled
    return kind(f"the object has version {version}; supported are 1 and {VERSION}")


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
        raise NotSpooled("the object is truncated, or has data after its end")
    return content
