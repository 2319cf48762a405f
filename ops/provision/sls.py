"""The SLS calls of provisioning: one Project, its Logstores and their indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from aliyun.log import IndexConfig, IndexLineConfig, LogClient, LogException

Answer = TypeVar("Answer")

READY_SECONDS = 60.0  # a new Project is not available everywhere immediately
POLL_SECONDS = 1.0

# The delimiters between words: the default of the SLS console.
DELIMITERS = list(", '\";=()[]{}?@&<>/:\n\t\r")


class FoundLogstore(NamedTuple):
    """A Logstore's current state."""

    webtracking: bool
    append_meta: bool
    retention_days: int


class SlsProject:
    """One Project. Every call may raise the SDK's LogException."""

    def __init__(self, client: LogClient, name: str) -> None:
        self._client = client
        self.name = name

    def exists(self) -> bool:
        """Return whether the Project exists and belongs to this account."""
        return _or_none(lambda: self._client.get_project(self.name), "ProjectNotExist") is not None

    def create(self) -> None:
        """Create the Project; its name must be unique in the region."""
        self._client.create_project(self.name, "Browser logs (sls-webtracking-fc)")

    def find_logstore(self, name: str) -> FoundLogstore | None:
        """Return the Logstore, or None if it or its Project is missing."""
        answer = _or_none(
            lambda: self._client.get_logstore(self.name, name), "LogStoreNotExist", "ProjectNotExist"
        )
        if answer is None:
            return None
        settings = answer.get_body()
        return FoundLogstore(
            bool(settings["enable_tracking"]), bool(settings["appendMeta"]), int(settings["ttl"])
        )

    def create_logstore(self, name: str, *, retention_days: int) -> None:
        """Create a Logstore that refuses anonymous writes; waits for a new Project."""
        _when_known(
            lambda: self._client.create_logstore(
                self.name, name, ttl=retention_days, enable_tracking=False, append_meta=True
            ),
            "ProjectNotExist",
        )

    def set_append_meta(self, name: str) -> None:
        """Have SLS tag each log with the time of receipt and the client's IP address."""
        self._update(name, append_meta=True)

    def close_webtracking(self, name: str) -> None:
        """Turn WebTracking off, so that unsigned writes are refused."""
        self._update(name, enable_tracking=False)

    def _update(
        self, name: str, *, append_meta: bool | None = None, enable_tracking: bool | None = None
    ) -> None:
        """Change only these settings: the SDK keeps some of the others, this method the rest."""
        is_now = self._client.get_logstore(self.name, name).get_body()
        self._client.update_logstore(
            self.name,
            name,
            append_meta=append_meta,
            enable_tracking=enable_tracking,
            hot_ttl=is_now.get("hot_ttl", -1),
            mode=is_now.get("mode"),
            encrypt_conf=is_now.get("encrypt_conf"),
            infrequent_access_ttl=is_now.get("infrequentAccessTTL", -1),
        )

    def find_index(self, name: str) -> Mapping[str, Any] | None:
        """Return a Logstore's index in the service's format, or None if it has none."""
        answer = _or_none(
            lambda: self._client.get_index_config(self.name, name),
            "IndexConfigNotExist",
            "LogStoreNotExist",
            "ProjectNotExist",
        )
        return None if answer is None else answer.get_body()

    def create_index(self, name: str) -> None:
        """Create a full-text index with automatic fields for new keys; waits for a new Logstore."""
        line = IndexLineConfig(DELIMITERS, case_sensitive=False, auto_key_detect=True)
        _when_known(
            lambda: self._client.create_index(self.name, name, IndexConfig(line_config=line)),
            "LogStoreNotExist",
            "ProjectNotExist",
        )


def _or_none(call: Callable[[], Answer], *codes: str) -> Answer | None:
    try:
        return call()
    except LogException as error:
        if error.get_error_code() not in codes:
            raise
        return None


def _when_known(call: Callable[[], object], *codes: str) -> None:
    """Retry until the service knows the newly created resource, at most READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if _or_none(lambda: call() or True, *codes):
            return
        time.sleep(POLL_SECONDS)
    call()
