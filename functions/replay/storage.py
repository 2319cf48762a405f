"""What replay asks of the place where batches wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol


class StorageFailed(Exception):
    """Something could not be done; the text says why, for the log.

    `passing` says whether it may be different a moment later.
    """

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class Waiting(NamedTuple):
    """An object in the spool."""

    name: str
    size: int  # bytes
    etag: str  # another one where the content is another


class Page(NamedTuple):
    """A part of a listing."""

    objects: Sequence[Waiting]
    folders: Sequence[str] = ()  # what names begin with that go on after the delimiter, if there was one
    next: str | None = None  # what to ask for the next page with; None at the end


class Storage(Protocol):
    """The spool. Everything raises StorageFailed, and may be done twice without harm."""

    async def page(self, prefix: str, token: str | None, *, delimiter: str = "", most: int = 1000) -> Page:
        """Return objects in the order of their names, from the beginning or where `token` says."""

    async def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content, as many bytes as were listed; None where there is no such object."""

    async def put(self, name: str, content: bytes, reason: str | None = None) -> None:
        """Put an object in the place of any other of this name, `reason` in its metadata."""

    async def delete(self, names: Sequence[str]) -> Collection[str]:
        """Delete objects, at most 1,000, and return those that are gone; what was not there is."""

    async def move(self, name: str, to: str, reason: str) -> bool:
        """Move an object, with the reason in its metadata; False where there is no such object."""
