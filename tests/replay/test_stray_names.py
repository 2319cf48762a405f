"""Names below the spool's prefix that are none of its own."""

from __future__ import annotations

import pytest

from functions.replay.held import Remembered
from tests.replay.support import (
    AWAY,
    PENDING,
    REJECTED,
    Memory,
    Sls,
    batch,
    drain,
    lines,
)

pytestmark = pytest.mark.usefixtures("quick")


STRAYS = ["0-stray", "../../x", "a/b/c", "g/20261123T064111.000001Z-" + "0" * 32 + ".json.gz", "\x01"]


def test_objects_without_the_spools_name_format_are_moved_and_delay_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage, sls = Memory([batch()]), Sls()
    for name in STRAYS:
        storage.objects[PENDING + name] = name.encode()
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)
    assert storage.names() == []
    assert sorted(storage.objects.values()) == sorted(name.encode() for name in STRAYS)
    assert all(name.startswith(f"{REJECTED}stray-") for name in storage.objects)
    assert f"{REJECTED}stray-0-stray" in storage.objects
    assert not any(".." in name for name in storage.objects)
    assert len(lines(caplog, "stray")) == len(STRAYS)


def test_one_that_cannot_be_moved_is_reported_once_and_the_run_is_not_incomplete(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage, remembered = Memory(), Remembered()
    storage.objects[f"{PENDING}../../x"] = b"x"
    storage.fails = lambda call, _: AWAY if call == "move" else None
    for _ in range(3):
        assert drain(storage, Sls().write, remembered=remembered)[:4] == ("drained", 0, 0, None)
    assert storage.count("move") == 1
    (line,) = lines(caplog, "stray")
    assert (line["level"], line["name"]) == ("WARNING", f"{PENDING}../../x")
