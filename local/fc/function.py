"""The configuration of a function."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT_LIMIT = 4096  # bytes, all names and values of a function together (environment variables, FC 3.0)
HIGHEST_CONCURRENCY = 200  # requests at once in one instance ("Configure instance concurrency", FC 3.0)


@dataclass(frozen=True)
class Credentials:
    """The STS credential of a function's role."""

    access_key_id: str
    access_key_secret: str
    security_token: str


@dataclass(frozen=True)
class Function:
    """One function and its HTTP trigger.

    `handler`, `initializer` and `pre_stop` are dotted names below `code`, the folder that FC would unpack.
    `timeout` and `initializer_timeout` are in seconds, `memory` in MB; `instances` is their maximum.
    `credentials` is called when an instance starts. An instance is replaced after `lifetime` seconds, and
    stopped after `idle_timeout` seconds without a request.

    A custom runtime (`runtime` is `custom.…`) is an HTTP server started by `command`, in which `{python}`
    stands for this interpreter and `{port}` for the port to listen on (FC_SERVER_PORT in its environment).
    It receives its credentials with each request, up to `instance_concurrency` requests at once, and, if
    `initializer` or `pre_stop` is not empty, `POST /initialize` or `GET /pre-stop`.

    `python` is the command of a built-in runtime's interpreter, with its options.

    Raises ValueError for an environment, command or concurrency that FC would refuse.
    """

    name: str
    handler: str
    initializer: str | None = None
    pre_stop: str | None = None
    methods: tuple[str, ...] = ("GET", "POST", "OPTIONS")
    timeout: float = 10
    initializer_timeout: float = 30
    memory: int = 512
    instances: int = 10
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: Callable[[], Credentials] | None = None
    lifetime: float = 24 * 3600
    idle_timeout: float = 300
    runtime: str = "python3.12"
    command: tuple[str, ...] = ()
    instance_concurrency: int = 1
    region: str = "cn-hangzhou"
    account_id: str = "1234567890123456"
    code: Path = ROOT
    python: tuple[str, ...] = (sys.executable,)

    def __post_init__(self) -> None:
        self._check_environment()
        if self.custom != bool(self.command):
            raise ValueError(f"{self.name}: a custom runtime needs a command, a built-in one has none")
        if not 1 <= self.instance_concurrency <= (HIGHEST_CONCURRENCY if self.custom else 1):
            raise ValueError(
                f"{self.name}: instance_concurrency must be 1; custom runtimes: 1 to {HIGHEST_CONCURRENCY}"
            )

    def _check_environment(self) -> None:
        reserved = sorted(name for name in self.environment if name.startswith("FC_"))
        if reserved:
            raise ValueError(f"{self.name}: {reserved[0]} cannot be set, FC_* names are reserved")
        size = sum(len(name.encode()) + len(value.encode()) for name, value in self.environment.items())
        if size > ENVIRONMENT_LIMIT:
            raise ValueError(
                f"{self.name}: environment of {size} bytes; at most {ENVIRONMENT_LIMIT} are allowed"
            )

    @property
    def custom(self) -> bool:
        """Whether it is a custom runtime, its own HTTP server."""
        return self.runtime.startswith("custom.")

    @property
    def credentials_in_context(self) -> bool:
        """Whether the runtime has `context.credentials`: up to 3.10; 3.12 has environment variables."""
        return self.runtime in ("python3.9", "python3.10")

    @property
    def trigger_id(self) -> str:
        """The first label of the function's address, stable for a name."""
        return f"{self.name}-{hashlib.sha256(self.name.encode()).hexdigest()[:10]}"
