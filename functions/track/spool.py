"""Putting a batch that SLS does not take into the spool, from which replay writes it later.

One PUT to OSS over track's own connection code: the SDK's import would cost every cold start for what is
needed in an outage only.
"""

from __future__ import annotations

import os
import time

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

    def __init__(
        self, settings: SpoolSettings, project: str, credentials: CredentialSource, network: Network
    ) -> None:
        self._settings = settings
        self._project = project
        self._credentials = credentials
        self._upstream = HttpClient(settings.address, network)

    async def put(
        self, logstore: str, received: float, body: bytes, given: Credentials | None, deadline: Deadline
    ) -> str | None:
        """Return None once OSS has confirmed the batch, or why it has not, by the deadline.

        `body` is what PutLogs takes, `received` in seconds since the epoch. Tried twice, the first time in
        half of what is left. Raises ApiError where the function has no credentials.
        """
        name = object_name(self._settings.prefix, received, os.urandom(16).hex())
        content = pack(Spooled(self._project, logstore, int(received), body))
        try:
            await self._attempt(name, content, given, deadline.within(deadline.remaining() / 2))
        except _NotTaken:
            try:
                await self._attempt(name, content, given, deadline)
            except _NotTaken as error:
                return str(error)
        return None

    async def _attempt(
        self, name: str, content: bytes, given: Credentials | None, deadline: Deadline
    ) -> None:
        # The name is this batch's alone: an object that has it already is an earlier attempt of this one.
        headers = signed_headers(
            OSS,
            "PUT",
            self._settings.resource(name),
            {},
            {"content-type": "application/gzip", "x-oss-forbid-overwrite": "true"},
            content,
            credentials=self._credentials.read(given),
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
