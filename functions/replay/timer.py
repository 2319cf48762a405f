"""The host for FC's timer: reads the settings once, and does one run with one log line per event."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from typing import Any

import msgspec

from functions.replay.depth import measure
from functions.replay.drain import BUSY, DRAINED, INCOMPLETE, OUT_OF_TIME, Drain
from functions.replay.held import Remembered
from functions.replay.order import WHOLE, Part
from functions.replay.oss import OssSpool
from functions.replay.settings import ReplaySettings
from functions.replay.write import Writer
from shared.credentials import Credentials, CredentialSource, from_context
from shared.deadline import deadline_of
from shared.http.errors import ApiError
from shared.logs import log, stack
from shared.network.client import HttpClient
from shared.network.event_loop import EventLoopNetwork
from shared.settings import SettingError
from shared.spool.format import DIGITS

USUAL_TIMEOUT = 60.0  # seconds, if the context has no timeout

FAILED = "failed"  # in addition to `drain`'s: the run failed completely

_LEVELS = {
    DRAINED: logging.INFO,
    OUT_OF_TIME: logging.WARNING,
    BUSY: logging.WARNING,
    INCOMPLETE: logging.WARNING,
}


class _Event(msgspec.Struct):
    payload: str = ""


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    part: int
    parts: int


class Replay:
    """The function: a run, and the state between runs."""

    def __init__(self) -> None:
        self._settings: ReplaySettings | None = None
        self._remembered = Remembered()
        self._source = CredentialSource()

    def start(self) -> ReplaySettings:
        """Read the settings once. Raises SettingError."""
        if self._settings is None:
            self._settings = ReplaySettings.read(os.environ)
        return self._settings

    def tick(self, event: bytes, context: object) -> dict[str, Any]:
        """Do one run, log its line and return it. Never raises; failed batches stay in the spool."""
        request_id = str(getattr(context, "request_id", "") or "")
        started = time.monotonic()
        try:
            level, line = asyncio.run(self._run(part_of(event), context, request_id))
        except SettingError as error:
            level, line = logging.ERROR, {"ended": FAILED, "detail": str(error)}
        except ApiError as error:
            level, line = logging.ERROR, {"ended": FAILED, "detail": error.detail or error.message}
        except Exception as error:  # noqa: BLE001 - the last line before FC's own report of an escaped error
            level, line = logging.ERROR, {"ended": FAILED, "detail": stack(error)}
        line["seconds"] = round(time.monotonic() - started, 3)
        log(level, "replayed", request_id, **line)
        return line

    async def _run(self, part: Part, context: object, request_id: str) -> tuple[int, dict[str, Any]]:
        settings, deadline, own = self.start(), deadline_of(context, USUAL_TIMEOUT), from_context(context)

        def credentials() -> Credentials:
            return self._source.read(own)

        credentials()  # without any, report it once instead of for each object
        network = EventLoopNetwork()
        storage = OssSpool(settings.spool, credentials, deadline, network)
        upstream = HttpClient(settings.address, network)
        with contextlib.closing(storage), contextlib.closing(upstream):
            run = await Drain(
                settings,
                storage,
                Writer(upstream, settings.region, credentials).write,
                deadline,
                remembered=self._remembered,
                request_id=request_id,
                part=part,
            ).run()
            depth = await measure(storage, settings.spool.prefix, deadline, part)
        # The time may end just with the last batch, which needs no warning.
        ended = DRAINED if run.ended == OUT_OF_TIME and depth.objects == 0 else run.ended
        line = {
            "ended": ended,
            "written": run.written,
            "rejected": run.rejected,
            "left": depth.objects,
            "oldestSeconds": depth.oldest,
            "detail": run.detail,
            "atOnce": run.at_once,
            "setbacks": run.setbacks,
        }
        if part != WHOLE:
            line["part"], line["parts"] = part
        return _LEVELS.get(ended, logging.ERROR), line


def part_of(event: bytes) -> Part:
    """Return the part of the spool in a timer event's payload: `{"part":0,"parts":4}`.

    Without a payload, as from a trigger without parts or a manual call, it is the whole spool. Raises
    SettingError for any other payload.
    """
    try:
        payload = msgspec.json.decode(event, type=_Event).payload
    except (msgspec.DecodeError, UnicodeError):
        payload = ""  # a manual call with any event
    if not payload:
        return WHOLE
    try:
        part = msgspec.json.decode(payload, type=_Payload)
    except (msgspec.DecodeError, UnicodeError):
        raise _bad_payload(payload) from None
    if not 1 <= part.parts <= len(DIGITS) or not 0 <= part.part < part.parts:
        raise _bad_payload(payload)
    return Part(part.part, part.parts)


def _bad_payload(payload: str) -> SettingError:
    wanted = f'nothing, or {{"part":0,"parts":4}}, with at most {len(DIGITS)} parts, counted from 0'
    return SettingError("the timer's payload", payload[:200], wanted)
