"""RAM policy documents as sets of grants, so that two documents can be compared.

A document is RAM's JSON: Version and Statement, each with Effect, Action, Resource (in a trust policy
Principal) and optionally Condition. `*` and `?` are wildcards in actions and resources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Document = dict[str, Any]


class Grant(NamedTuple):
    """One action on one resource. `condition` is its JSON text, empty for none."""

    action: str
    resource: str
    condition: str = ""

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}" + (" (with a condition)" if self.condition else "")

    def covers(self, other: Grant) -> bool:
        """Whether this grant includes `other`. A grant with a condition includes only an equal one."""
        return (
            self.condition in ("", other.condition)
            and _matches(self.action.lower(), other.action.lower())
            and _matches(self.resource, other.resource)
        )


class Trusted(NamedTuple):
    """A principal that may assume a role: a kind (`Service`, `RAM`, `Federated`) and a name."""

    kind: str
    name: str
    condition: str = ""

    def __str__(self) -> str:
        return self.name + (" (with a condition)" if self.condition else "")


def allow(actions: Iterable[str], resources: Iterable[str]) -> Document:
    """Return a document that grants each action on each resource."""
    return {"Version": "1", "Statement": [_statement(actions, resources)]}


def together(*documents: Document) -> Document:
    """Return one document with the grants of all."""
    return {"Version": "1", "Statement": [one for document in documents for one in document["Statement"]]}


def trust(kind: str, name: str) -> Document:
    """Return a trust policy that lets exactly one principal assume the role."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {kind: [name]}}
    return {"Version": "1", "Statement": [statement]}


def extended(document: Document, missing: Iterable[Grant]) -> Document:
    """Return the document with an added statement for each missing grant; nothing is removed."""
    added = [_statement([grant.action], [grant.resource]) for grant in sorted(missing)]
    return {**document, "Statement": [*document["Statement"], *added]}


def text(document: Document) -> str:
    """Return the document as JSON without white space, because RAM limits its length."""
    return json.dumps(document, separators=(",", ":"))


def grants(document: Document, effect: str = "Allow") -> frozenset[Grant]:
    """Return every action and resource in statements of this effect."""
    return frozenset(
        Grant(action, resource, _condition(statement))
        for statement in _statements(document, effect)
        for action in _actions(statement)
        for resource in _listed(statement.get("Resource", "*"))
    )


def trusted(document: Document) -> frozenset[Trusted]:
    """Return all principals of a trust policy."""
    return frozenset(
        Trusted(kind, name, _condition(statement))
        for statement in _statements(document, "Allow")
        for kind, names in statement.get("Principal", {}).items()
        for name in _listed(names)
    )


def missing(found: Document, wanted: Document) -> frozenset[Grant]:
    """Return the grants of `wanted` that `found` lacks or denies."""
    allowed, denied = grants(found), grants(found, "Deny")
    return frozenset(
        grant
        for grant in grants(wanted)
        if not any(one.covers(grant) for one in allowed) or any(one.covers(grant) for one in denied)
    )


def beyond(found: Document, wanted: Document) -> frozenset[Grant]:
    """Return the grants of `found` that `wanted` lacks."""
    enough = grants(wanted)
    return frozenset(grant for grant in grants(found) if not any(one.covers(grant) for one in enough))


def listing(items: Iterable[Grant] | Iterable[Trusted]) -> str:
    """Return grants or principals as readable text, sorted."""
    return ", ".join(sorted(str(item) for item in items))


def _statement(actions: Iterable[str], resources: Iterable[str]) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _statements(document: Document, effect: str) -> list[Mapping[str, Any]]:
    return [one for one in _listed(document.get("Statement", [])) if one.get("Effect") == effect]


def _listed(value: Any) -> list[Any]:
    """RAM accepts a single item instead of a list."""
    return value if isinstance(value, list) else [value]


def _actions(statement: Mapping[str, Any]) -> list[str]:
    """NotAction excludes a few actions and grants nearly all, so it counts as all."""
    return _listed(statement["Action"]) if "Action" in statement else ["*"]


def _condition(statement: Mapping[str, Any]) -> str:
    condition = statement.get("Condition")
    return json.dumps(condition, sort_keys=True) if condition else ""


def _matches(pattern: str, name: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name) is not None
