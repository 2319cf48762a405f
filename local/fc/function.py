"""What Function Compute knows of a function before anybody calls it."""

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
    """What a function may act as: the STS credential of its role."""

    access_key_id: str
    access_key_secret: str
    security_token: str


@dataclass(frozen=True)
class Function:
    """One function and its HTTP trigger.

    `handler`, `initializer` and `pre_stop` are dotted names below `code`, the folder that FC would unpack.
    `timeout` and `initializer_timeout` are seconds, `memory` MB, `instances` how many may run at once.
    `credentials` is asked when an instance starts; after `lifetime` seconds it makes room for a new one, and
    one without a request for `idle_timeout` seconds ends.

    A custom runtime (`runtime` is `custom.…`) is an HTTP server started by `command`, in which `{python}`
    stands for this interpreter and `{port}` for where it has to listen (FC_SERVER_PORT in its environment).
    It gets its credentials with each request, up to `instance_concurrency` requests at once, and where
    `initializer` or `pre_stop` are set, to whatever, `POST /initialize` and `GET /pre-stop`.

    `python` is what starts an instance of a built-in runtime: the interpreter, with its options.

    Raises ValueError for an environment, command or concurrency that FC would not take.
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
            raise ValueError(f"{self.name}: a custom runtime has a command, a built-in one has none")
        if not 1 <= self.instance_concurrency <= (HIGHEST_CONCURRENCY if self.custom else 1):
            raise ValueError(
                f"{self.name}: instance_concurrency is 1, or for a custom runtime 1 to {HIGHEST_CONCURRENCY}"
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
        """Whether it runs as an HTTP server of its own."""
        return self.runtime.startswith("custom.")

    @property
    def credentials_in_context(self) -> bool:
        """Whether the runtime has `context.credentials`: those up to 3.10 do, 3.12 has the environment."""
        return self.runtime in ("python3.9", "python3.10")

    @property
    def trigger_id(self) -> str:
        """The first label of the function's address, stable for a name."""
        return f"{self.name}-{hashlib.sha256(self.name.encode()).hexdigest()[:10]}"
