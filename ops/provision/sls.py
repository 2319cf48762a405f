"""SLS as provisioning needs it: one Project, its Logstores and their indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from aliyun.log import IndexConfig, IndexLineConfig, LogClient, LogException

Answer = TypeVar("Answer")

READY_SECONDS = 60.0  # a Project that was just created is not known everywhere at once
POLL_SECONDS = 1.0

# Where a line is cut into words: the delimiters that the SLS console proposes.
DELIMITERS = list(", '\";=()[]{}?@&<>/:\n\t\r")


class FoundLogstore(NamedTuple):
    """A Logstore as it is now."""

    webtracking: bool
    append_meta: bool
    retention_days: int


class SlsProject:
    """One Project. Every call may raise the SDK's LogException."""

    def __init__(self, client: LogClient, name: str) -> None:
        self._client = client
        self.name = name

    def exists(self) -> bool:
        """Whether the Project is there and this account's."""
        return _or_none(lambda: self._client.get_project(self.name), "ProjectNotExist") is not None

    def create(self) -> None:
        """A new Project; its name is taken by nobody else in the region."""
        self._client.create_project(self.name, "Browser logs (sls-webtracking-fc)")

    def find_logstore(self, name: str) -> FoundLogstore | None:
        """The Logstore, or None where it or its Project is missing."""
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
        """A new Logstore, closed to anonymous writers; waits for a Project created just before."""
        _when_known(
            lambda: self._client.create_logstore(
                self.name, name, ttl=retention_days, enable_tracking=False, append_meta=True
            ),
            "ProjectNotExist",
        )

    def set_append_meta(self, name: str) -> None:
        """Have SLS tag each log with the time of receipt and the sender's address."""
        self._update(name, append_meta=True)

    def close_webtracking(self, name: str) -> None:
        """Refuse unsigned writes from now on."""
        self._update(name, enable_tracking=False)

    def _update(
        self, name: str, *, append_meta: bool | None = None, enable_tracking: bool | None = None
    ) -> None:
        """Change only these: of the rest, the SDK carries over some settings, and this the others."""
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
        """The index of a Logstore as the service describes it, or None where it has none."""
        answer = _or_none(
            lambda: self._client.get_index_config(self.name, name),
            "IndexConfigNotExist",
            "LogStoreNotExist",
            "ProjectNotExist",
        )
        return None if answer is None else answer.get_body()

    def create_index(self, name: str) -> None:
        """Full text, and a field of its own for each key as it turns up; waits for a new Logstore."""
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
    """Try until the service knows of what was created a moment ago; gives up after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if _or_none(lambda: call() or True, *codes):
            return
        time.sleep(POLL_SECONDS)
    call()
