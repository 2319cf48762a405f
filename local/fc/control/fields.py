"""Reads fields of a JSON object; raises the API's errors for missing fields and values out of bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from local.fc.control.errors import invalid

Fields = Mapping[str, Any]
Kind = TypeVar("Kind")

_WORDS = {str: "a string", int: "an integer", bool: "true or false", dict: "an object", list: "a list"}


def read_object(text: bytes | str, what: str) -> dict[str, Any]:
    """Parse a JSON object; an empty text counts as an empty object. Raises ControlError."""
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid(f"{what} is not a JSON object")
    return value


def typed(fields: Fields, name: str, kind: type[Kind], default: Kind) -> Kind:
    """Return a field of one type, `default` if it is absent or null. Raises ControlError."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise invalid(f"{name} is {value!r}; it must be {_WORDS.get(kind, kind.__name__)}")
    return value


def between(fields: Fields, name: str, low: int, high: int, default: int) -> int:
    """Return an integer within bounds, both included. Raises ControlError."""
    value = typed(fields, name, int, default)
    if not low <= value <= high:
        raise invalid(f"{name} is {value}; it must be between {low} and {high}")
    return value


def matching(fields: Fields, name: str, pattern: str, form: str) -> str:
    """Return a string that matches the whole pattern. Raises ControlError."""
    value = typed(fields, name, str, "")
    if not re.fullmatch(pattern, value):
        raise invalid(f"{name} is {value!r}; it must be {form}")
    return value


def one_of(fields: Fields, name: str, choices: Sequence[str], default: str = "") -> str:
    """Return a string that is one of `choices`. Raises ControlError."""
    value = typed(fields, name, str, default)
    if value not in choices:
        raise invalid(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return value


def strings(fields: Fields, name: str) -> list[str]:
    """Return a list of strings, empty if it is absent. Raises ControlError."""
    value: list[Any] = typed(fields, name, list, [])
    if not all(isinstance(item, str) for item in value):
        raise invalid(f"{name} must be a list of strings")
    return value
