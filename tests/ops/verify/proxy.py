"""A host in front of the functions that breaks one thing."""

from __future__ import annotations

import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

import httpx
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from local.serving import Server

_TLS = ssl.create_default_context()  # never used; one for each client would take most of a run's time
_PASSED_ON = ("origin", "content-type", "access-control-request-method", "access-control-request-headers")


class Asked(NamedTuple):
    """A request on its way in."""

    method: str
    path: str  # without its query
    origin: str
    body: bytes


class Reply(NamedTuple):
    """An answer on its way out; a header may come more than once."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def without(self, *names: str) -> Reply:
        """The same without these headers, in lower case."""
        return self._replace(headers=[pair for pair in self.headers if pair[0].lower() not in names])

    def with_header(self, name: str, value: str) -> Reply:
        """The same with one header in place of any of that name."""
        kept = self.without(name.lower())
        return kept._replace(headers=[*kept.headers, (name, value)])


Break = Callable[[Asked, Reply], Reply]
Answer = Callable[[Asked], Awaitable[Reply | None]]


async def _forward_all(_: Asked) -> None:
    return None


@dataclass
class Proxy:
    """Forwards to `upstream`; `breaks` changes answers, `instead` answers by itself where it returns a reply.

    `origin_sent` takes the place of every request's Origin. `secrets` are those that came by.
    """

    upstream: str
    breaks: Break = lambda _, reply: reply
    instead: Answer = _forward_all
    origin_sent: str | None = None

    def __post_init__(self) -> None:
        self.secrets: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = Asked(
            request.method, request.url.path, request.headers.get("origin", ""), await request.body()
        )
        reply = await self.instead(asked)
        if reply is None:
            reply = self.breaks(asked, await self._forward(request, asked))
        self._note_secrets(reply.body)
        raw = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
        raw.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body})

    async def _forward(self, request: Request, asked: Asked) -> Reply:
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        if self.origin_sent:
            headers["origin"] = self.origin_sent
        query = f"?{request.url.query}" if request.url.query else ""
        async with httpx.AsyncClient(timeout=30, verify=_TLS) as client:
            answer = await client.request(
                asked.method, self.upstream + asked.path + query, content=asked.body, headers=headers
            )
        kept = [pair for pair in answer.headers.multi_items() if pair[0] not in ("date", "content-length")]
        return Reply(answer.status_code, kept, b"" if answer.status_code == 204 else answer.content)

    def _note_secrets(self, body: bytes) -> None:
        try:
            fields = json.loads(body)
        except ValueError:
            return
        if isinstance(fields, dict):
            self.secrets |= {
                str(fields[name]) for name in ("AccessKeySecret", "SecurityToken") if name in fields
            }


def serving(proxy: Proxy) -> Server:
    """The proxy on loopback, to be entered."""
    return Server(proxy)
