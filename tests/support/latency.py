"""A network with latency: loopback is so fast that it hides what a page loses when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

CHUNK = 65_536  # bytes


@contextmanager
def distant(url: str, *, one_way: float) -> Iterator[str]:
    """Another address for the loopback server at `url`, `one_way` seconds away in each direction.

    Data in transit arrives even if the sender closes the connection, like packets.
    """
    address: Future[str] = Future()
    loop = asyncio.new_event_loop()
    end = asyncio.Event()
    serving = _serve(urlsplit(url).port or 80, one_way, address, end)
    thread = Thread(target=lambda: _run(loop, serving, address), daemon=True)
    thread.start()
    try:
        yield address.result()
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


def _run(loop: asyncio.AbstractEventLoop, serving: Coroutine[Any, Any, None], address: Future[str]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(serving)
    except OSError as error:
        address.set_exception(error)


async def _serve(port: int, one_way: float, address: Future[str], end: asyncio.Event) -> None:
    connections: set[asyncio.Task[None]] = set()

    async def connect(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        far, to_far = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(_carry(near, to_far, one_way), _carry(far, to_near, one_way))
        finally:
            to_far.close()
            to_near.close()
            connections.discard(task)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    address.set_result(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await end.wait()
    server.close()
    for task in list(connections):
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, one_way: float) -> None:
    """Copy until the source ends; each piece arrives `one_way` seconds after it was read."""
    clock = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not data:
                return
            target.write(data)

    delivery = asyncio.ensure_future(deliver())
    try:
        data = b"more"
        while data:
            data = b""
            with suppress(ConnectionError):  # a reset is an end, too
                data = await source.read(CHUNK)
            under_way.put_nowait((clock() + one_way, data))
        await delivery
        with suppress(OSError):
            target.write_eof()
    finally:
        delivery.cancel()
