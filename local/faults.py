"""Fault injection: makes a stand-in behave like a failing network or service.

A `Faults` wraps a stand-in's ASGI application. From any thread, add rules for the next
requests: ``faults.add(Fault.status(503, code="ServerBusy"), times=2)``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from local.exchange import Exchange, Stage

__all__ = ["Fault", "Faults", "Render", "Stage", "sls_error"]

Render = Callable[[str, str], bytes]
"""Returns the body of an error from its code and message."""

OK_IN_FULL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
OK_CUT_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
NOT_HTTP = b"\x00\xff\x16\x03 this is not HTTP \r\n\r\n"


def sls_error(code: str, message: str) -> bytes:
    """Render an error as Simple Log Service does."""
    return json.dumps({"errorCode": code, "errorMessage": message}).encode()


@dataclass(frozen=True)
class Fault:
    """One kind of failure; created by the methods below."""

    name: str
    strike: Callable[[Exchange, Faults], Awaitable[None]] = field(repr=False)

    @staticmethod
    def status(
        status: int,
        *,
        code: str,
        message: str = "an injected fault",
        headers: Mapping[str, str] | None = None,
        stage: Stage = "body",
    ) -> Fault:
        """Answer with `status` and an error body in the service's format."""

        async def strike(exchange: Exchange, faults: Faults) -> None:
            await exchange.reach(stage)
            await exchange.answer(status, faults.render(code, message), headers or {})

        return Fault(f"status {status} {code}", strike)

    @staticmethod
    def reset(*, stage: Stage = "body") -> Fault:
        """Reset the connection (TCP RST)."""

        async def strike(exchange: Exchange, _: Faults) -> None:
            await exchange.reach(stage)
            await exchange.reset()

        return Fault(f"reset at {stage}", strike)

    @staticmethod
    def hang(seconds: float | None = None, *, stage: Stage = "body") -> Fault:
        """Send nothing for `seconds`, or until `Faults.release`, then continue normally."""

        async def strike(exchange: Exchange, faults: Faults) -> None:
            answer = await exchange.reach(stage)
            if await exchange.wait(faults.release_or(seconds)):
                await exchange.resume(answer)

        return Fault("hang", strike)

    @staticmethod
    def drip(answer: bytes = OK_IN_FULL, *, interval: float = 0.05, stage: Stage = "body") -> Fault:
        """Answer with these raw bytes, one every `interval` seconds, so that no single read times out."""

        async def strike(exchange: Exchange, _: Faults) -> None:
            await exchange.reach(stage)
            await exchange.write(answer, interval=interval)
            await exchange.close()

        return Fault("drip", strike)

    @staticmethod
    def garbage(data: bytes = NOT_HTTP, *, stage: Stage = "body") -> Fault:
        """Write bytes that are not HTTP, and close."""
        return _raw("garbage", data, stage)

    @staticmethod
    def truncated(answer: bytes = OK_CUT_SHORT, *, stage: Stage = "body") -> Fault:
        """Close during the answer, by default with fewer bytes than its Content-Length."""
        return _raw("truncated", answer, stage)

    @staticmethod
    def close(*, stage: Stage = "body") -> Fault:
        """Close the connection without an answer, as a server does with a stale kept-alive one."""
        return _raw("close", b"", stage)


def _raw(name: str, data: bytes, stage: Stage) -> Fault:
    async def strike(exchange: Exchange, _: Faults) -> None:
        await exchange.reach(stage)
        await exchange.write(data)
        await exchange.close()

    return Fault(name, strike)


@dataclass
class _Rule:
    fault: Fault
    left: int | None
    on: Callable[[str], bool]


class Faults:
    """The active rules of one stand-in, oldest first; thread-safe."""

    def __init__(self, render: Render = sls_error) -> None:
        self.render = render
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._seen = self._struck = self._releases = 0

    def add(self, fault: Fault, *, times: int | None = None, on: str | Callable[[str], bool] = "") -> None:
        """Make the next `times` requests fail (None: all until `clear`), after earlier rules are used up.

        `on` limits the rule: a text that ``METHOD /path?query`` must contain, or a predicate of it.
        Raises ValueError if `times` is under 1.
        """
        if times is not None and times < 1:
            raise ValueError(f"times is {times}; it must be at least 1, or None for every request")
        matches = on if callable(on) else (lambda target: on in target)
        with self._lock:
            self._rules.append(_Rule(fault, times, matches))

    def remove(self, fault: Fault) -> None:
        """Remove the rules with this fault; keep the others."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.fault is not fault]

    def clear(self) -> None:
        """Remove all rules and continue all hanging requests."""
        with self._lock:
            self._rules.clear()
        self.release()

    def release(self) -> None:
        """Continue the requests that hang now; later ones hang again."""
        with self._lock:
            self._releases += 1

    @property
    def seen(self) -> int:
        """The number of requests received, with or without a fault."""
        return self._seen

    @property
    def struck(self) -> int:
        """The number of requests that were made to fail."""
        return self._struck

    def release_or(self, seconds: float | None) -> Callable[[], bool]:
        """Return a function that tells whether `release` was called or `seconds` have passed since now."""
        turn = self._releases
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        return lambda: self._releases != turn or time.monotonic() >= deadline

    def take(self, target: str) -> Fault | None:
        """Count a request for `target` (``METHOD /path?query``); return the first matching fault, if any."""
        with self._lock:
            self._seen += 1
            rule = next((rule for rule in self._rules if rule.on(target)), None)
            if rule is None:
                return None
            self._struck += 1
            if rule.left is not None:
                rule.left -= 1
                if not rule.left:
                    self._rules.remove(rule)
            return rule.fault

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with these faults in front; it must be served by `local.serving.Server`."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            fault = self.take(_target(scope)) if scope["type"] == "http" else None
            if fault is None:
                await app(scope, receive, send)
            else:
                await fault.strike(Exchange(app, scope, receive, send), self)

        return faulty


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['method']} {scope['path']}{'?' if query else ''}{query}"
