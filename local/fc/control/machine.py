"""What runs of the functions that the API knows: folders, instances, addresses."""

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
"""Takes a line of a function: its logConfig, its name, the request's id, the line."""

_TEMP_ROLE = "fc-temp-bucket"


class Machine:
    """The running side; its methods are called one at a time.

    `minute` is how many seconds a minute of a timer has here.
    """

    def __init__(
        self, around: Surroundings, gate: ControlAccess, bucket: str, sink: Sink, minute: float = MINUTE
    ) -> None:
        """Everything that is unpacked goes below a temporary directory, which stop() removes."""
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
        """Return the checksum of code, as the API has it."""
        return code.checksum(data)

    def create(self, record: FunctionRecord) -> None:
        """Unpack a function and make it ready to be called. Raises ControlError."""
        folder = self._unpacked(record.name, record.code)
        function = self._runnable(record.properties, folder, record.reserved)
        log = self._log(record)
        self._running[record.name] = Deployed(record, function, folder, self._gate, log, self._minute)

    def update(self, record: FunctionRecord, properties: Mapping[str, Any], data: bytes) -> None:
        """Send the calls to new instances; those in work are answered by the old. Raises ControlError."""
        folder = self._unpacked(record.name, data)
        function = self._runnable(properties, folder, record.reserved)
        deployed = self._running[record.name]
        former = deployed.folder
        deployed.replace(function, folder, partial(shutil.rmtree, former, ignore_errors=True))

    def reserve(self, record: FunctionRecord, instances: int | None) -> None:
        """Let so many instances run at once."""
        deployed = self._running[record.name]
        function = runnable(record.properties, deployed.folder, instances, self._around)
        deployed.replace(function, deployed.folder, lambda: None)

    def remove(self, record: FunctionRecord) -> None:
        """End a function."""
        deployed = self._running.pop(record.name)
        deployed.stop()
        shutil.rmtree(deployed.folder, ignore_errors=True)

    def start_trigger(self, record: FunctionRecord, name: str) -> None:
        """Bring a trigger into force."""
        self._running[record.name].start_trigger(name)

    def stop_trigger(self, record: FunctionRecord, name: str) -> None:
        """Take a trigger out of force."""
        self._running[record.name].stop_trigger(name)

    def url(self, record: FunctionRecord) -> str | None:
        """Return the address of a function's HTTP trigger."""
        return self._running[record.name].url

    def running(self, record: FunctionRecord) -> Deployed:
        """Return a function, to be called."""
        return self._running[record.name]

    def bucket_token(self, seconds: int) -> tuple[StsToken, str]:
        """Return a credential that may write code to the temporary bucket, and a name for the object."""
        token = self._around.ram.issue(
            self._temp_role,
            session_name="upload",
            session_policy=None,
            duration=seconds,
            now=self._around.clock(),
        )
        return token, str(uuid.uuid4())

    def stop(self) -> None:
        """End everything and remove what was unpacked."""
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
