"""The thin skin between FC and a `Service`: start, one event in, one answer out, no exception through."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from shared.credentials import from_context
from shared.deadline import USUAL_TIMEOUT, WARM_UP, Deadline, deadline_of
from shared.hosts.builtin.event import NotHttp, read_event, to_fc
from shared.http.errors import INTERNAL_SERVER_ERROR, NOT_FOUND, ApiError
from shared.http.service import Service, failure, unforeseen
from shared.network.blocking import run
from shared.settings import SettingError


class Function:
    """A function on FC: builds its service once, from the environment, and lets it answer events."""

    def __init__(self, build: Callable[[Mapping[str, str]], Service]) -> None:
        self._build = build
        self._service: Service | None = None
        self._starting = threading.Lock()

    def initialize(self, context: object) -> None:
        """Build the service and let it warm up; raises SettingError, so that FC's start fails loudly."""
        self._started().warm_up(from_context(context), Deadline(WARM_UP))

    def handle(self, event: bytes | str, context: object) -> dict[str, Any]:
        """Answer one HTTP trigger event; nothing escapes, since FC shows a caller what does."""
        request_id = str(getattr(context, "request_id", "") or "")
        try:
            request = read_event(
                event,
                request_id=request_id,
                deadline=deadline_of(context, USUAL_TIMEOUT),
                credentials=from_context(context),
            )
            return to_fc(run(self._started().answer(request)))
        except NotHttp as error:
            return to_fc(failure(ApiError(NOT_FOUND, str(error)), request_id))
        except SettingError as error:
            fault = ApiError(INTERNAL_SERVER_ERROR, "the function is not set up", detail=str(error))
            return to_fc(failure(fault, request_id))
        except Exception as error:  # noqa: BLE001 - the last line before FC shows a caller the stack
            return to_fc(failure(unforeseen(error), request_id))

    def _started(self) -> Service:
        """Return the service, built at the first call; a host need not have an initializer."""
        with self._starting:
            if self._service is None:
                self._service = self._build(os.environ)
            return self._service
