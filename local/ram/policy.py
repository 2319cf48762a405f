"""RAM policy documents: validation, and evaluation for one action on one resource.

The grammar is that of the RAM documentation ("Policy structure and syntax"), less `Condition`, `NotAction`
and `NotResource`: a document with one of these is refused, because ignoring it would allow more
than the real service does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

PolicyDocument = Mapping[str, Any]  # {"Version": "1", "Statement": [{"Effect", "Action", "Resource"}]}

_EFFECTS = ("Allow", "Deny")
_STATEMENT_ELEMENTS = {"Effect", "Action", "Resource"}


class MalformedPolicy(ValueError):
    """The document does not follow the grammar; the message has the reason."""


class Decision(Enum):
    """The result of an evaluation: Deny takes precedence over Allow, and no match allows nothing."""

    ALLOW = "allow"
    DENY = "deny"
    SILENT = "silent"


def check_policy(document: object) -> PolicyDocument:
    """Return `document` if it is a valid policy. Raises MalformedPolicy."""
    if not isinstance(document, Mapping):
        raise MalformedPolicy("a policy must be a JSON object")
    if document.get("Version") != "1":
        raise MalformedPolicy('Version must be "1"')
    if unknown := set(document) - {"Version", "Statement"}:
        raise MalformedPolicy(f"unknown elements of a policy: {sorted(unknown)}")
    statements = document.get("Statement")
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("Statement must be a list with at least one statement")
    for statement in statements:
        _check_statement(statement)
    return document


def _check_statement(statement: object) -> None:
    if not isinstance(statement, Mapping):
        raise MalformedPolicy("a statement must be a JSON object")
    if unknown := set(statement) - _STATEMENT_ELEMENTS:
        raise MalformedPolicy(f"elements of a statement that are not supported: {sorted(unknown)}")
    if statement.get("Effect") not in _EFFECTS:
        raise MalformedPolicy("Effect must be Allow or Deny")
    for element in ("Action", "Resource"):
        patterns = _listed(statement.get(element))
        if not patterns or not all(isinstance(pattern, str) and pattern for pattern in patterns):
            raise MalformedPolicy(f"{element} must be a string or a list of strings")


def evaluate(documents: Sequence[PolicyDocument], action: str, resource: str) -> Decision:
    """Evaluate the documents attached to one identity together, for `action` on `resource`."""
    effects = {
        statement["Effect"]
        for statement in _statements(documents)
        if _any_matches(statement["Action"], action, ignore_case=True)
        and _any_matches(statement["Resource"], resource, ignore_case=False)
    }
    if "Deny" in effects:
        return Decision.DENY
    return Decision.ALLOW if "Allow" in effects else Decision.SILENT


def trust_document(trusted: Sequence[str]) -> PolicyDocument:
    """Return a trust policy that lets the principals `trusted` assume the role.

    A principal is the ARN of an account (`…:root`), a user or a role, or a service (`fc.aliyuncs.com`).
    """
    kinds: dict[str, list[str]] = {}
    for principal in trusted:
        kinds.setdefault("RAM" if principal.startswith("acs:") else "Service", []).append(principal)
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": kinds}
    return {"Version": "1", "Statement": [statement]}


def _statements(documents: Sequence[PolicyDocument]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        yield from document["Statement"]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _any_matches(patterns: object, value: str, *, ignore_case: bool) -> bool:
    return any(_pattern(pattern, ignore_case).fullmatch(value) for pattern in _listed(patterns))


@lru_cache(maxsize=4096)
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    """`*` matches any characters, `?` one character; all others match themselves."""
    parts = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", text)
    )
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))
