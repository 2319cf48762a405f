"""Runs statements over the stored logs."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from local.sls.errors import SlsError
from local.sls.store import Span, Store

if TYPE_CHECKING:
    from local.sls.analysis.engine import Engine

MISSING = "analysis statements need the packages sqlglot and duckdb (requirements/run.txt)"


class Result(NamedTuple):
    """Rows of text by column, the columns in order, and the number of processed logs."""

    rows: list[dict[str, str]]
    keys: list[str]
    processed: int


class Analysis:
    """Runs statements over one store; thread-safe, one statement at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def run(self, statement: str, span: Span) -> Result:
        """Return the result of `statement` over the logs of `span`. Raises SlsError."""
        with self._lock:
            if self._engine is None:
                module = _load("engine")
                self._engine = module.Engine(self._store)
            columns, rows, processed = self._engine.run(statement, span)
        return Result([dict(zip(columns, row, strict=True)) for row in rows], columns, processed)

    def check(self, statement: str) -> None:
        """Raise the SlsError that `run` would raise for an unsupported statement."""
        _load("translate").translate(statement)

    def close(self) -> None:
        """Free the memory; the next statement copies the logs again."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None


def _load(name: str) -> Any:
    try:
        return importlib.import_module(f"local.sls.analysis.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("sqlglot", "duckdb"):
            raise
        raise SlsError("NotSupported", MISSING) from None
