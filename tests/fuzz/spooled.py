"""Target: the content of a spooled object, which whoever can write to the bucket may have written."""

from __future__ import annotations

import contextlib
import gzip
import json
from typing import Any

from shared.spool.format import MAX_UNPACKED, VERSION, NotSpooled, Spooled, pack, unpack

_NAMES = {"version", "project", "logstore", "received", "body"}


def spool(data: bytes) -> None:
    """Take an object's content as it is, and then the same as the JSON within one."""
    _unpacked(data)
    batch = _unpacked(gzip.compress(data, 1, mtime=0))
    if batch is not None:
        assert unpack(pack(batch)) == batch
        _second_opinion(data, batch)


def _unpacked(data: bytes) -> Spooled | None:
    try:
        batch = unpack(data)
    except NotSpooled as refused:
        said = str(refused)
    else:
        assert [type(part) for part in batch] == [str, str, int, bytes]
        assert len(batch.body) <= MAX_UNPACKED
        return batch
    assert len(said) < 200
    return None


def _second_opinion(text: bytes, batch: Spooled) -> None:
    """The standard library reads the same out of it, where it reads it."""
    with contextlib.suppress(ValueError, RecursionError):
        document: dict[str, Any] = json.loads(text.decode())
        assert set(document) == _NAMES
        assert document["version"] == VERSION
        named = (batch.project, batch.logstore, batch.received)
        assert named == (document["project"], document["logstore"], document["received"])
        assert json.loads(batch.body.decode()) == document["body"]
