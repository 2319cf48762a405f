"""What replay asks of the place where batches wait."""

from __future__ import annotations

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


class Storage(Protocol):
    """The spool. Everything raises StorageFailed, and may be done twice without harm."""

    def page(self, prefix: str, after: str) -> list[Waiting]:
        """Return the next objects in the order of their names; none is the end."""

    def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content, as many bytes as were listed; None where there is no such object."""

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there counts as deleted."""

    def move(self, name: str, to: str, reason: str) -> bool:
        """Move an object, with the reason in its metadata; False where there is no such object."""
