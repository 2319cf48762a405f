"""Calls the store through redis-py: from a thread on blocking hosts, and in an event loop.

In both, a call that takes too long continues in the background, so that the next request can use a connection
that opened slowly. The number of late calls is limited; above the limit, the store is not called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.access.store import PATIENCE, Away

CONNECT = 1.0  # seconds until an unresponsive connection is closed
CONNECTIONS = 64  # equal to an instance's concurrency

_SLOW = f"no answer within {1000 * PATIENCE:.0f} ms"
_FAULTS = (RedisError, OSError)


class Blocking:
    """For a built-in runtime: one request at a time."""

    def __init__(self, url: str, script: str) -> None:
        """`url` is redis://… or rediss://…. The first call opens the connection."""
        client = redis.Redis.from_url(
            url,
            socket_timeout=CONNECT,
            socket_connect_timeout=CONNECT,
            retry=Retry(NoBackoff(), 1),  # an idle connection may have been closed
        )
        self._client = client
        self._script = client.register_script(script)
        self._thread = ThreadPoolExecutor(1)
        self._late: Future[object] | None = None

    async def run(self, keys: Sequence[str], values: Sequence[float]) -> object:
        """Return the script's result within PATIENCE. Raises Away."""
        if self._late is not None and not self._late.done():
            raise Away("an earlier call has no answer yet")
        calling: Future[object] = self._thread.submit(self._script, keys=[*keys], args=[*values])
        try:
            return calling.result(PATIENCE)
        except TooLate:
            self._late = calling
            raise Away(_SLOW) from None
        except _FAULTS as error:
            raise Away(type(error).__name__) from None

    async def close(self) -> None:
        """Wait for the running call, and close the connection."""
        self._thread.shutdown()
        self._client.close()


class InLoop:
    """For the custom runtime: many requests at once."""

    def __init__(self, url: str, script: str) -> None:
        """`url` is redis://… or rediss://…. The first call opens a connection."""
        client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=CONNECT,
            socket_connect_timeout=CONNECT,
            max_connections=CONNECTIONS,
            retry=AsyncRetry(NoBackoff(), 1),
        )
        self._client = client
        self._script = client.register_script(script)
        self._late: set[asyncio.Future[object]] = set()

    async def run(self, keys: Sequence[str], values: Sequence[float]) -> object:
        """Return the script's result within PATIENCE. Raises Away."""
        if len(self._late) >= CONNECTIONS:
            raise Away("too many calls have no answer yet")
        calling = asyncio.ensure_future(self._script(keys=[*keys], args=[*values]))
        await asyncio.wait({calling}, timeout=PATIENCE)
        if not calling.done():
            self._late.add(calling)
            calling.add_done_callback(self._settled)
            raise Away(_SLOW)
        try:
            return calling.result()
        except _FAULTS as error:
            raise Away(type(error).__name__) from None

    async def close(self) -> None:
        """Wait for the running calls, and close the connections."""
        if self._late:
            await asyncio.wait(self._late)
        await self._client.aclose()

    def _settled(self, calling: asyncio.Future[object]) -> None:
        self._late.discard(calling)
        if not calling.cancelled():
            calling.exception()  # retrieved, so that the loop does not report it
