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
    """Where lines go instead of the root logger's handlers, if anywhere."""

    stream: BinaryIO | None = None


def write_lines_to(stream: BinaryIO | None) -> None:
    """Have lines of the root logger's level written to a buffered stream, each by itself, and flushed.

    For a host that is the whole process. A record of the logging module costs more than all of a line.
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
    except OSError:  # the reader of the lines has gone, which is no reason to fail a request
        return


def stack(error: BaseException) -> str:
    """Return where an error was raised: its innermost frames, the innermost last, and its type.

    The message is omitted, because that of an unexpected error may quote the request.
    """
    frames = traceback.extract_tb(error.__traceback__, limit=-DEEPEST)
    places = (f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
    return " > ".join((*places, type(error).__name__))
