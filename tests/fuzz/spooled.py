"""Target: the content of a spooled object, which anyone with write access to the bucket may have written."""

from __future__ import annotations

import contextlib
import gzip
import json
from typing import Any

from shared.spool.format import MAX_BATCHES, MAX_UNPACKED, VERSION, NotSpooled, Spooled, pack, unpack

_NAMES = {"version", "project", "batches"}
_OLD_NAMES = {"version", "project", "logstore", "received", "body"}


def spool(data: bytes) -> None:
    """Input: the raw content of an object, and then the same as the JSON inside one."""
    _unpacked(data)
    batches = _unpacked(gzip.compress(data, 1, mtime=0))
    if batches is not None:
        assert unpack(pack(batches)) == batches
        _second_opinion(data, batches)


def _unpacked(data: bytes) -> list[Spooled] | None:
    try:
        batches = unpack(data)
    except NotSpooled as refused:
        said = str(refused)
    else:
        assert 1 <= len(batches) <= MAX_BATCHES
        for batch in batches:
            assert [type(part) for part in batch] == [str, str, int, bytes]
        assert sum(len(batch.body) for batch in batches) <= MAX_UNPACKED
        return batches
    assert len(said) < 200
    return None


def _second_opinion(text: bytes, batches: list[Spooled]) -> None:
    """The standard library reads the same, if it can read it."""
    with contextlib.suppress(ValueError, RecursionError):
        document: dict[str, Any] = json.loads(text.decode())
        assert document["version"] in (1, VERSION)
        assert set(document) == (_NAMES if document["version"] == VERSION else _OLD_NAMES)
        held = document["batches"] if document["version"] == VERSION else [document]
        for batch, one in zip(batches, held, strict=True):
            named = (batch.project, batch.logstore, batch.received)
            assert named == (document["project"], one["logstore"], one["received"])
            assert json.loads(batch.body.decode()) == one["body"]
