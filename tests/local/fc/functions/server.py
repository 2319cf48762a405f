"""A custom runtime that misbehaves on request: the last part of the path says how."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

CALLS: list[dict[str, Any]] = []  # the platform's own: /initialize and /pre-stop
FAREWELL = os.environ.get("FAREWELL")


class Request(NamedTuple):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def argument(self) -> str:
        return self.target.partition("?")[2]


def written(body: bytes, status: int = 200, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(body)}", "Server: mine", "Date: now", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def shown(value: object) -> bytes:
    return written(json.dumps(value).encode(), 200, "Content-Type: application/json")


def described(request: Request) -> dict[str, Any]:
    return {**request._asdict(), "body": request.body.decode("latin-1")}


async def do_initialize(request: Request) -> bytes:
    CALLS.append(described(request))
    if os.environ.get("BROKEN") == "initializer":
        return written(b"TIMES is 'many', not a number", 500)
    await asyncio.sleep(60 if os.environ.get("BROKEN") == "initializer hangs" else 0)
    return written(b"")


async def do_pre_stop(_request: Request) -> bytes:
    farewell("pre-stop")
    if os.environ.get("BROKEN") == "pre-stop hangs":
        await asyncio.sleep(60)
    return written(b"", 500 if os.environ.get("BROKEN") == "pre-stop" else 200)


async def do_echo(request: Request) -> bytes:
    return shown(described(request))


async def do_environment(_request: Request) -> bytes:
    return shown(dict(os.environ))


async def do_starts(_request: Request) -> bytes:
    return shown({"pid": os.getpid(), "calls": CALLS, "connections": Server.connections})


async def do_wait(request: Request) -> bytes:
    """Create a file to signal the start, and continue when it is removed."""
    sign = Path(request.argument)
    sign.write_text(str(os.getpid()))
    while sign.exists():
        await asyncio.sleep(0.01)
    return shown(os.getpid())


async def do_pause(request: Request) -> bytes:
    await asyncio.sleep(int(request.argument) / 1000)
    return shown(os.getpid())


async def do_crowd(request: Request) -> bytes:
    """Answer once so many requests are here at the same time."""
    Server.crowd += 1
    while Server.crowd < int(request.argument):
        await asyncio.sleep(0.01)
    return shown(os.getpid())


async def do_exit(_request: Request) -> bytes:
    os._exit(3)


async def do_close(_request: Request) -> bytes:
    return b""


async def do_garbage(_request: Request) -> bytes:
    return b"this is not HTTP\r\n\r\n"


async def do_half(_request: Request) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


async def do_raw(request: Request) -> bytes:
    """Answer with the bytes in the body, then close the connection."""
    return request.body


async def do_answer(request: Request) -> bytes:
    """Answer with the status and headers in the body."""
    wanted = json.loads(request.body)
    return written(wanted.get("body", "").encode(), wanted.get("status", 200), *wanted.get("headers", []))


async def do_last(request: Request) -> bytes:
    """Answer, close the connection without announcing it, and create a file when it is closed."""
    loop, sign = asyncio.get_running_loop(), Path(request.argument)

    def end() -> None:
        Server.close_all()
        loop.call_soon(sign.touch)  # a transport closes its socket in the next turn of the loop

    loop.call_later(0, end)
    return shown(os.getpid())


async def do_talk(_request: Request) -> bytes:
    sys.stdout.write("printed\n")
    sys.stdout.flush()
    sys.stderr.write("to standard error\n")
    return shown("said")


CLOSING = ("close", "garbage", "half", "raw")


class Server:
    connections = 0
    crowd = 0
    open: ClassVar[set[asyncio.StreamWriter]] = set()

    @classmethod
    def close_all(cls) -> None:
        for writer in cls.open:
            writer.close()

    @classmethod
    async def connected(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted = False
        cls.open.add(writer)
        while request := await read(reader):
            cls.connections += not counted
            counted = True
            name = request.path.rsplit("/", 1)[-1].replace("-", "_")
            writer.write(await globals()[f"do_{name}"](request))
            if name in CLOSING:
                break
        cls.open.discard(writer)
        writer.close()


async def read(reader: asyncio.StreamReader) -> Request | None:
    try:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()[:-1]
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    length = int(dict(headers).get("content-length", 0))
    method, target, _ = first.split(" ")
    return Request(method, target, headers, await reader.readexactly(length))


def farewell(text: str) -> None:
    if FAREWELL:
        with Path(FAREWELL).open("a") as file:
            file.write(f"{text}\n")


def terminated() -> None:
    farewell("terminated")
    if os.environ.get("BROKEN") != "stubborn":
        os._exit(0)


async def main() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated)
    server = await asyncio.start_server(Server.connected, "127.0.0.1", int(sys.argv[1]), limit=1 << 20)
    await server.serve_forever()


if os.environ.get("BROKEN") == "exit":
    sys.exit("no settings at all")
time.sleep(float(os.environ.get("SLOW", "0")))
asyncio.run(main())
