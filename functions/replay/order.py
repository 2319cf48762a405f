"""Lists the objects that a run processes: those in its part of the spool, oldest first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from typing import NamedTuple

from functions.replay.storage import Page, Storage, StorageFailed, Waiting
from shared.spool.format import DIGITS, digit_of, pending

PAGE = 500  # names per listing request, for each digit


class Part(NamedTuple):
    """A share of the spool: the digits `number`, `number` + `of`, `number` + 2 × `of`, …"""

    number: int = 0
    of: int = 1

    @property
    def digits(self) -> str:
        """The digits that belong to it."""
        return DIGITS[self.number :: self.of]

    def has(self, digit: str | None) -> bool:
        """Whether objects with this digit belong to it. Names without one (None) belong to the first part."""
        return self.number == 0 if digit is None else digit in self.digits


WHOLE = Part()


class _Stream:
    """The objects under one prefix, in the order of their names. A page is listed when it is needed."""

    def __init__(self, storage: Storage, prefix: str, delimiter: str, first: Page | None = None) -> None:
        self._storage, self._prefix, self._delimiter = storage, prefix, delimiter
        self._page = first
        self._at = 0
        self._begun = set[str]()  # the first names of all pages
        self.circled = False

    async def next(self) -> Waiting | None:
        """Return the next object; None at the end, or if a page repeats an earlier one."""
        while self._page is None or self._at == len(self._page.objects):
            if self._page is not None and self._page.next is None:
                return None
            token = self._page.next if self._page else None
            self._page = await self._storage.page(self._prefix, token, delimiter=self._delimiter, most=PAGE)
            self._at = 0
            if self._circles(self._page, token):
                return None
        self._at += 1
        return self._page.objects[self._at - 1]

    def _circles(self, page: Page, token: str | None) -> bool:
        """Whether a page repeats an earlier one: following it would take all of the run's time."""
        first = {waiting.name for waiting in page.objects[:1]}
        self.circled = bool(first & self._begun) or (token is not None and page.next == token)
        self._begun |= first
        return self.circled


async def oldest_first(storage: Storage, prefix: str, part: Part = WHOLE) -> AsyncIterator[Waiting]:
    """Yield the waiting objects in a part of the spool, by their time of receipt; raises StorageFailed.

    Names without the spool's format come first; they belong to the first part. Empty folders, which OSS's
    console can create, are skipped. Objects that arrive during a listing are in a later one.
    """
    root = pending(prefix)
    first = await storage.page(root, None, delimiter="/", most=PAGE)
    # In a spool of version 1 with more names than one page, the first page may not list every folder.
    folders = {root + digit + "/" for digit in DIGITS} if first.next else set(first.folders)
    own = [name for name in sorted(folders) if part.has(_digit(root, name))]
    streams = [_Stream(storage, root, "/", first), *(_Stream(storage, name, "") for name in own)]
    heads = [
        (_key(head), at, head)
        for at, head in enumerate(await asyncio.gather(*map(_Stream.next, streams)))
        if head
    ]
    heapq.heapify(heads)
    while heads:
        _, at, waiting = heads[0]
        if not waiting.name.endswith("/") and part.has(digit_of(prefix, waiting.name)):
            yield waiting
        following = await streams[at].next()
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (_key(following), at, following))
    if any(stream.circled for stream in streams):
        raise StorageFailed("OSS repeats a page of a listing", passing=True)


def _key(waiting: Waiting) -> str:
    return waiting.name.rpartition("/")[2]


def _digit(root: str, folder: str) -> str | None:
    name = folder.removeprefix(root).removesuffix("/")
    return name if len(name) == 1 and name in DIGITS else None
