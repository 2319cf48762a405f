"""The storage interface of replay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol


class StorageFailed(Exception):
    """An operation failed; the text has the reason, for the log.

    `passing` says whether the error is temporary.
    """

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class Waiting(NamedTuple):
    """An object in the spool."""

    name: str
    size: int  # bytes
    etag: str  # changes with the content


class Page(NamedTuple):
    """A part of a listing."""

    objects: Sequence[Waiting]
    folders: Sequence[str] = ()  # common prefixes up to the delimiter, if one was given
    next: str | None = None  # the token of the next page; None at the end


class Storage(Protocol):
    """The spool. Every operation may raise StorageFailed and is idempotent."""

    async def page(self, prefix: str, token: str | None, *, delimiter: str = "", most: int = 1000) -> Page:
        """Return objects in the order of their names, from the beginning or from `token`."""

    async def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content, as many bytes as were listed; None if there is no such object."""

    async def put(self, name: str, content: bytes, reason: str | None = None) -> None:
        """Write an object with `reason` in its metadata; an object of the same name is replaced."""

    async def delete(self, names: Sequence[str]) -> Collection[str]:
        """Delete at most 1,000 objects and return those that are gone, including missing ones."""

    async def move(self, name: str, to: str, reason: str) -> bool:
        """Move an object, with the reason in its metadata; False if there is no such object."""
