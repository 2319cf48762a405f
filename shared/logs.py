"""Log lines: one JSON object each, with the request id, through the root logger.

FC's runtime puts its own handler on the root logger, so none is added here
(Function Compute documentation, "Print logs").
"""

from __future__ import annotations

import logging
import traceback
from typing import BinaryIO

import msgspec

LONGEST_VALUE = 512  # characters of a value from outside
DEEPEST = 12  # innermost frames of a stack; as many as fit into a value

_encode = msgspec.json.Encoder().encode


class _Output:
    """The stream for log lines; if None, they go to the root logger's handlers."""

    stream: BinaryIO | None = None


def write_lines_to(stream: BinaryIO | None) -> None:
    """Write log lines to a buffered stream, flushed after each line; the root logger's level still applies.

    For a host that owns the whole process: a record of the logging module costs more than the line itself.
    """
    _Output.stream = stream


def log(level: int, event: str, request_id: str, **fields: str | int | float | None) -> None:
    """Write one line; `event` is what happened. None values are omitted, long ones truncated.

    JSON escapes line breaks. Never pass a body, a token or a key.
    """
    logger = logging.getLogger()
    if not logger.isEnabledFor(level):
        return
    line: dict[str, str | int | float] = {"level": logging.getLevelName(level), "event": event}
    for name, value in (("requestId", request_id), *fields.items()):
        if isinstance(value, str):
            printable = value if value.isascii() else value.encode("utf-8", "replace").decode()
            line[name] = printable if len(printable) <= LONGEST_VALUE else printable[:LONGEST_VALUE] + "…"
        elif value is not None:
            line[name] = value
    if _Output.stream is None:
        logger.log(level, "%s", _encode(line).decode())
    else:
        _write(_Output.stream, _encode(line))


def _write(stream: BinaryIO, line: bytes) -> None:
    try:
        stream.write(line + b"\n")
        stream.flush()
    except OSError:  # nobody reads the lines any more, which must not fail a request
        return


def stack(error: BaseException) -> str:
    """Return where an error was raised: its innermost frames, the innermost last, and its type.

    The message is omitted, because that of an unexpected error may quote the request.
    """
    frames = traceback.extract_tb(error.__traceback__, limit=-DEEPEST)
    places = (f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
    return " > ".join((*places, type(error).__name__))
