"""The skin between FC's timer and a run: settings once, a run a tick, one log line for each."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import Any

from functions.replay.depth import measure
from functions.replay.drain import BUSY, DRAINED, INCOMPLETE, OUT_OF_TIME, Drain
from functions.replay.oss import OssSpool
from functions.replay.settings import ReplaySettings
from functions.replay.write import Writer
from shared.credentials import Credentials, CredentialSource, from_context
from shared.deadline import deadline_of
from shared.http.errors import ApiError
from shared.logs import log, stack
from shared.network.client import HttpClient
from shared.settings import SettingError

USUAL_TIMEOUT = 60.0  # seconds, where the context does not say

FAILED = "failed"  # beside `drain`'s words: the run came to nothing

_LEVELS = {
    DRAINED: logging.INFO,
    OUT_OF_TIME: logging.WARNING,
    BUSY: logging.WARNING,
    INCOMPLETE: logging.WARNING,
}


class Replay:
    """The function: what outlives a run, and the run."""

    def __init__(self) -> None:
        self._settings: ReplaySettings | None = None
        self._confirmed: set[str] = set()
        self._source = CredentialSource()

    def start(self) -> ReplaySettings:
        """Read the settings, once; raises SettingError."""
        if self._settings is None:
            self._settings = ReplaySettings.read(os.environ)
        return self._settings

    def tick(self, context: object) -> dict[str, Any]:
        """Do one run, log its line and return it; nothing escapes, and what failed stays in the spool."""
        request_id = str(getattr(context, "request_id", "") or "")
        started = time.monotonic()
        try:
            level, line = self._run(context, request_id)
        except SettingError as error:
            level, line = logging.ERROR, {"ended": FAILED, "detail": str(error)}
        except ApiError as error:
            level, line = logging.ERROR, {"ended": FAILED, "detail": error.detail or error.message}
        except Exception as error:  # noqa: BLE001 - the last line before FC's own report of an escaped error
            level, line = logging.ERROR, {"ended": FAILED, "detail": stack(error)}
        line["seconds"] = round(time.monotonic() - started, 3)
        log(level, "replayed", request_id, **line)
        return line

    def _run(self, context: object, request_id: str) -> tuple[int, dict[str, Any]]:
        settings, deadline, given = self.start(), deadline_of(context, USUAL_TIMEOUT), from_context(context)

        def credentials() -> Credentials:
            return self._source.read(given)

        credentials()  # without any, say so once and not for each object
        storage = OssSpool(settings.spool, credentials, deadline)
        upstream = HttpClient(settings.address)
        with contextlib.closing(storage), contextlib.closing(upstream):
            writer = Writer(upstream, settings.region, credentials)
            run = Drain(
                settings,
                storage,
                writer.write,
                deadline,
                confirmed=self._confirmed,
                request_id=request_id,
            ).run()
            depth = measure(storage, settings.spool.prefix, deadline)
        # Time may be up just as the last batch is dealt with, and nobody need be warned of that.
        ended = DRAINED if run.ended == OUT_OF_TIME and depth.objects == 0 else run.ended
        line = {
            "ended": ended,
            "written": run.written,
            "rejected": run.rejected,
            "left": depth.objects,
            "oldestSeconds": depth.oldest,
            "detail": run.detail,
        }
        return _LEVELS.get(ended, logging.ERROR), line
