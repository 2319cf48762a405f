"""Writes batches that SLS does not accept to the spool, from which replay writes them to SLS later.

One PUT to OSS with the project's HTTP client: importing the SDK would slow every cold start, but is needed
only in an outage. If requests overlap, batches that arrive together share an object (`group`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable
from shared.spool.format import Spooled, object_name, pack
from shared.spool.settings import SpoolSettings

if TYPE_CHECKING:
    from shared.network.interface import Network

_ALREADY_THERE = b"<Code>FileAlreadyExists</Code>"


class _NotStored(Exception):
    """OSS did not store the object; the text has the reason, without OSS's message."""


class Spool:
    """The bucket for batches."""

    def __init__(self, settings: SpoolSettings, credentials: CredentialSource, network: Network) -> None:
        self._settings = settings
        self._credentials = credentials
        self._network = network
        self._upstream = HttpClient(settings.address, network)
        self._put = self._put_alone
        if network.overlaps:
            from functions.track.group import Groups  # needs an event loop

            self._put = Groups(self._store).put

    async def put(self, batch: Spooled, own: Credentials | None, deadline: Deadline) -> str | None:
        """Return None when OSS has confirmed the batch, else the reason, by the deadline.

        `own` are the function's own credentials, if its host passes them on. There are two attempts, the
        first with half of the remaining time. Raises ApiError if the function has no credentials.
        """
        return await self._put(batch, self._credentials.read(own), deadline)

    async def _put_alone(self, batch: Spooled, credentials: Credentials, deadline: Deadline) -> str | None:
        return await self._store([batch], credentials, deadline.within(deadline.remaining() / 2), deadline)

    async def _store(
        self, batches: Sequence[Spooled], credentials: Credentials, first: Deadline, last: Deadline
    ) -> str | None:
        """Write one object; retry once if OSS has not confirmed it by `first`."""
        oldest = min(batch.received for batch in batches)
        name = object_name(self._settings.prefix, oldest, os.urandom(16).hex())
        content = await self._network.call(lambda: pack(batches))
        try:
            await self._attempt(name, content, credentials, first)
        except _NotStored:
            try:
                await self._attempt(name, content, credentials, last)
            except _NotStored as error:
                return str(error)
        return None

    async def _attempt(self, name: str, content: bytes, credentials: Credentials, deadline: Deadline) -> None:
        # The name is unique: an existing object of this name is from an earlier attempt.
        headers = signed_headers(
            OSS,
            "PUT",
            self._settings.resource(name),
            {},
            {"content-type": "application/gzip", "x-oss-forbid-overwrite": "true"},
            content,
            credentials=credentials,
            region=self._settings.region,
            now=time.time(),
        )
        try:
            answer = await self._upstream.exchange(
                "PUT", self._settings.target(name), [*headers.items()], content, deadline=deadline
            )
        except Unreachable as error:
            raise _NotStored(f"OSS cannot be reached: {error}") from error
        if answer.status != 200 and _ALREADY_THERE not in answer.body:
            raise _NotStored(_reason(answer))


def _reason(answer: Answer) -> str:
    return f"OSS answered {answer.status}, request id {answer.headers.get('x-oss-request-id', 'none')}"
