"""Log groups, and their JSON form (PutWebtracking)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from local.sls.errors import SlsError

TAG_PREFIX = "__tag__:"  # a log's key with this prefix is a tag of the log


class Log(NamedTuple):
    """One log; `time` is in epoch seconds, None if the writer gave none."""

    time: int | None
    fields: dict[str, str]


class LogGroup(NamedTuple):
    """The content of one write; `tags` belong to each of its logs."""

    topic: str
    source: str
    tags: dict[str, str]
    logs: list[Log]


def split_tags(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Split a log's pairs into fields and tags (without the prefix)."""
    tags = {key[len(TAG_PREFIX) :]: value for key, value in fields.items() if key.startswith(TAG_PREFIX)}
    return {key: value for key, value in fields.items() if not key.startswith(TAG_PREFIX)}, tags


def parse_json(body: bytes) -> LogGroup:
    """Parse a log group from JSON. Raises SlsError: PostBodyInvalid, InvalidEncoding, InvalidTimestamp."""
    content = _load(body)
    logs = content.get("__logs__") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(logs, list):
        raise SlsError("PostBodyInvalid", "the body must be an object with a list __logs__")
    tags = content.get("__tags__") or {}
    if not isinstance(tags, dict):
        raise SlsError("PostBodyInvalid", "__tags__ must be an object")
    topic, source = (text_of(content.get(key) or "") for key in ("__topic__", "__source__"))
    return LogGroup(topic, source, _texts(tags), [_log(log) for log in logs])


def _load(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise SlsError("InvalidEncoding", "Non-UTF8 characters are in logs.") from None
    except (ValueError, RecursionError) as error:
        raise SlsError("PostBodyInvalid", f"the body is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _log(content: object) -> Log:
    if not isinstance(content, dict):
        raise SlsError("PostBodyInvalid", "each entry of __logs__ must be an object")
    fields = dict(content)
    return Log(_time(fields.pop("__time__", None)), _texts(fields))


def _time(value: object) -> int | None:
    if value is None:
        return None
    try:
        return int(value) if isinstance(value, (int, float, str)) else int(text_of(value))
    except (ValueError, OverflowError):
        raise SlsError("InvalidTimestamp", "Invalid timestamps are in logs.") from None


def _texts(content: Mapping[str, object]) -> dict[str, str]:
    return {text_of(key): text_of(value) for key, value in content.items()}


def text_of(value: object) -> str:
    """Return a JSON value as text: a string unchanged (lone surrogates become U+FFFD), others as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
