"""The running functions of the API: folders, instances, addresses."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from local.fc.control import code
from local.fc.control.access import ControlAccess
from local.fc.control.cron import MINUTE
from local.fc.control.deployed import Deployed
from local.fc.control.records import FunctionRecord
from local.fc.control.runtime import Surroundings, runnable
from local.fc.function import Function
from local.fc.logs import Log
from local.ram import StsToken

Sink = Callable[[Mapping[str, Any], str, str, str], None]
"""Receives an output line: the function's logConfig, its name, the request id, the line."""

_TEMP_ROLE = "fc-temp-bucket"


class Machine:
    """All running functions. Not thread-safe: its methods are called one at a time.

    `minute` is the length of a timer's minute here, in seconds.
    """

    def __init__(
        self, around: Surroundings, gate: ControlAccess, bucket: str, sink: Sink, minute: float = MINUTE
    ) -> None:
        """Code is unpacked below a temporary directory, which stop() removes."""
        self._around, self._gate, self._sink, self._minute = around, gate, sink, minute
        self._root = Path(tempfile.mkdtemp(prefix="fc-"))
        self._running: dict[str, Deployed] = {}
        account = around.ram.account_id
        objects = f"acs:oss:*:*:{bucket}/{account}/*"
        put = {"Effect": "Allow", "Action": ["oss:PutObject"], "Resource": [objects]}
        self._temp_role = around.ram.add_role(
            _TEMP_ROLE, trusted=["fc.aliyuncs.com"], policies=[{"Version": "1", "Statement": [put]}]
        )

    @staticmethod
    def checksum(data: bytes) -> str:
        """Return the code's checksum, as the API shows it."""
        return code.checksum(data)

    def create(self, record: FunctionRecord) -> None:
        """Unpack a function and make it callable. Raises ControlError."""
        folder = self._unpacked(record.name, record.code)
        function = self._runnable(record.properties, folder, record.reserved)
        log = self._log(record)
        self._running[record.name] = Deployed(record, function, folder, self._gate, log, self._minute)

    def update(self, record: FunctionRecord, properties: Mapping[str, Any], data: bytes) -> None:
        """Send new calls to new instances; the old ones finish theirs. Raises ControlError."""
        folder = self._unpacked(record.name, data)
        function = self._runnable(properties, folder, record.reserved)
        deployed = self._running[record.name]
        former = deployed.folder
        deployed.replace(function, folder, partial(shutil.rmtree, former, ignore_errors=True))

    def reserve(self, record: FunctionRecord, instances: int | None) -> None:
        """Set the maximum of instances."""
        deployed = self._running[record.name]
        function = runnable(record.properties, deployed.folder, instances, self._around)
        deployed.replace(function, deployed.folder, lambda: None)

    def remove(self, record: FunctionRecord) -> None:
        """Stop a function and remove its code."""
        deployed = self._running.pop(record.name)
        deployed.stop()
        shutil.rmtree(deployed.folder, ignore_errors=True)

    def start_trigger(self, record: FunctionRecord, name: str) -> None:
        """Activate a trigger."""
        self._running[record.name].start_trigger(name)

    def stop_trigger(self, record: FunctionRecord, name: str) -> None:
        """Deactivate a trigger."""
        self._running[record.name].stop_trigger(name)

    def url(self, record: FunctionRecord) -> str | None:
        """Return the address of a function's HTTP trigger."""
        return self._running[record.name].url

    def running(self, record: FunctionRecord) -> Deployed:
        """Return the running function."""
        return self._running[record.name]

    def bucket_token(self, seconds: int) -> tuple[StsToken, str]:
        """Return a credential for uploads to the temporary bucket, and an object name."""
        token = self._around.ram.issue(
            self._temp_role,
            session_name="upload",
            session_policy=None,
            duration=seconds,
            now=self._around.clock(),
        )
        return token, str(uuid.uuid4())

    def stop(self) -> None:
        """Stop all functions and remove the unpacked code."""
        for deployed in self._running.values():
            deployed.stop()
        self._running.clear()
        shutil.rmtree(self._root, ignore_errors=True)

    def _unpacked(self, name: str, data: bytes) -> Path:
        folder = self._root / f"{name}-{uuid.uuid4().hex}"
        code.unpack(data, folder)
        return folder

    def _runnable(self, properties: Mapping[str, Any], folder: Path, reserved: int | None) -> Function:
        try:
            return runnable(properties, folder, reserved, self._around)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _log(self, record: FunctionRecord) -> Log:
        def log(function: str, request_id: str, line: str) -> None:
            self._sink(record.properties.get("logConfig") or {}, function, request_id, line)

        return log
