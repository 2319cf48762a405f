"""Several parts of replay over one spool."""

from __future__ import annotations

import asyncio

import pytest

from functions.replay.order import Part
from shared.spool.format import digit_of
from tests.replay.support import (
    PENDING,
    PREFIX,
    REJECTED,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
)

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("parts", [1, 2, 4, 16])
def test_parts_share_the_spool_and_no_batch_is_written_twice(parts: int) -> None:
    batches = [batch(str(n), age=900 - n) for n in range(300)]
    storage, sls = Memory(batches), Sls()
    old = storage.names()[::3]
    for name in old:  # as the first version named them
        storage.objects[PENDING + name.rpartition("/")[2]] = storage.objects.pop(name)
    storage.objects[f"{PENDING}0-stray"] = b"x"

    async def all_at_once() -> None:
        runs = (a_run(storage, sls.write, part=Part(number, parts)) for number in range(parts))
        for run in await asyncio.gather(*runs):
            assert run.ended == "drained"
            assert run.written

    asyncio.run(all_at_once())
    assert sorted(sls.confirmed) == sorted(batches)
    assert list(storage.objects) == [f"{REJECTED}stray-0-stray"]


def test_a_part_leaves_the_others_alone() -> None:
    storage, sls = Memory([batch(str(n)) for n in range(160)]), Sls()
    assert drain(storage, sls.write, part=Part(1, 4)).written == 40
    assert {digit_of(PREFIX, name) for name in storage.names()} == set("0234678abcef") | {"0"}
