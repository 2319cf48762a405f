"""Putting batches that SLS does not take into the spool, from which replay writes them later.

One PUT to OSS over track's own connection code: the SDK's import would cost every cold start for what is
needed in an outage only. Where requests overlap, batches that come together share an object (`group`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable
from shared.network.interface import Network
from shared.spool.format import Spooled, object_name, pack
from shared.spool.settings import SpoolSettings

_ALREADY_THERE = b"<Code>FileAlreadyExists</Code>"


class _NotTaken(Exception):
    """OSS did not take the object; the text says why, and quotes nothing of OSS's words."""


class Spool:
    """The bucket that batches are put into."""

    def __init__(self, settings: SpoolSettings, credentials: CredentialSource, network: Network) -> None:
        self._settings = settings
        self._credentials = credentials
        self._network = network
        self._upstream = HttpClient(settings.address, network)
        self._put = self._put_alone
        if network.overlaps:
            from functions.track.group import Groups  # which needs the event loop that there is then

            self._put = Groups(self._store).put

    async def put(self, batch: Spooled, own: Credentials | None, deadline: Deadline) -> str | None:
        """Return None once OSS has confirmed the batch, or why it has not, by the deadline.

        `own` are the function's own credentials, where its host passes them on. Tried twice, the first
        time in half of what is left. Raises ApiError where the function has no credentials.
        """
        return await self._put(batch, self._credentials.read(own), deadline)

    async def _put_alone(self, batch: Spooled, credentials: Credentials, deadline: Deadline) -> str | None:
        return await self._store([batch], credentials, deadline.within(deadline.remaining() / 2), deadline)

    async def _store(
        self, batches: Sequence[Spooled], credentials: Credentials, first: Deadline, last: Deadline
    ) -> str | None:
        """Put one object, tried a second time if OSS has not confirmed it by `first`."""
        oldest = min(batch.received for batch in batches)
        name = object_name(self._settings.prefix, oldest, os.urandom(16).hex())
        content = await self._network.call(lambda: pack(batches))
        try:
            await self._attempt(name, content, credentials, first)
        except _NotTaken:
            try:
                await self._attempt(name, content, credentials, last)
            except _NotTaken as error:
                return str(error)
        return None

    async def _attempt(self, name: str, content: bytes, credentials: Credentials, deadline: Deadline) -> None:
        # The name is this object's alone: one that has it already is an earlier attempt of this one.
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
            raise _NotTaken(f"OSS cannot be reached: {error}") from error
        if answer.status != 200 and _ALREADY_THERE not in answer.body:
            raise _NotTaken(_reason(answer))


def _reason(answer: Answer) -> str:
    return f"OSS answered {answer.status}, request id {answer.headers.get('x-oss-request-id', 'none')}"
