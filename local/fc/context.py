"""The second argument of a handler, as the built-in Python runtime passes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from local.fc.function import Credentials, Function


class Description(TypedDict):
    """The values that are equal for all requests of an instance."""

    region: str
    account_id: str
    name: str
    handler: str
    memory: int
    timeout: float
    credentials: dict[str, str] | None


@dataclass
class FunctionMeta:
    """`context.function`: `memory` in MB, `timeout` in seconds."""

    name: str
    handler: str
    memory: int
    timeout: float


class Context:
    """`request_id`, `region`, `account_id`, `function`; up to Python 3.10 also `credentials`.

    On 3.12 there is no attribute `credentials`: reading it raises AttributeError.
    """

    def __init__(self, description: Description, request_id: str) -> None:
        self.request_id = request_id
        self.region = description["region"]
        self.account_id = description["account_id"]
        self.function = FunctionMeta(
            description["name"], description["handler"], description["memory"], description["timeout"]
        )
        if description["credentials"] is not None:
            self.credentials = Credentials(**description["credentials"])


def describe(function: Function, credentials: Credentials | None) -> Description:
    """Return the data from which an instance builds its contexts, as plain JSON values."""
    shown = credentials if function.credentials_in_context else None
    return Description(
        region=function.region,
        account_id=function.account_id,
        name=function.name,
        handler=function.handler,
        memory=function.memory,
        timeout=function.timeout,
        credentials=dict(vars(shown)) if shown else None,
    )
