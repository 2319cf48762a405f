"""The plan: missing resources are created, different ones change only with `enforce`, all others stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ops.observe.differences import differences, summary
from ops.observe.views import Entities, Views
from ops.observe.wanted import Target, text_key
from ops.provision.plan import Step, change, create, in_place, left_alone
from ops.provision.sls import DELIMITERS

# Set by the service in answers, and not accepted in requests.
_READ_ONLY = ("lastModifyTime", "index_mode", "storage", "ttl")


def inspect(views: Views, target: Target, *, enforce: bool) -> list[Step]:
    """Return the plan for the current state; changes nothing. Raises the SDK's LogException."""
    steps = [_index_step(views, name, keys) for name, keys in target.index_keys().items()]
    wanted = (target.saved_searches(), target.dashboards(), target.alarms())
    for kind, things in zip(views.kinds(), wanted, strict=True):
        steps += _entity_steps(kind, things, enforce=enforce)
    return steps


def _index_step(views: Views, logstore: str, columns: tuple[str, ...]) -> Step:
    what = f"index of {logstore}"
    found = views.find_index(logstore)
    if found is None:
        line = {"token": DELIMITERS, "caseSensitive": False, "chn": False}
        index = {"line": line, "keys": {column: text_key() for column in columns}}
        return create(
            what, f"full text, and {', '.join(columns)}", partial(_set, views, logstore, index, True)
        )
    keys: Mapping[str, Any] = found.get("keys") or {}
    missing = [column for column in columns if column not in keys]
    if missing:
        kept = {name: value for name, value in found.items() if name not in _READ_ONLY}
        index = {**kept, "keys": {**keys, **{column: text_key() for column in missing}}}
        detail = f"add {', '.join(missing)}; existing logs are not indexed"
        return change(what, detail, partial(_set, views, logstore, index, False))
    closed = [column for column in columns if not keys[column].get("doc_value")]
    if closed:
        return left_alone(what, f"analysis (doc_value) is turned off for {', '.join(closed)}")
    return in_place(what, f"has {', '.join(columns)}")


def _set(views: Views, logstore: str, index: Mapping[str, Any], new: bool) -> None:
    views.set_index(logstore, index, new=new)


def _write(call: Callable[[dict[str, Any]], object], wanted: dict[str, Any]) -> None:
    call(wanted)


def _entity_steps(kind: Entities, things: list[dict[str, Any]], *, enforce: bool) -> Iterator[Step]:
    for wanted in things:
        what = f"{kind.kind} {wanted[kind.id_key]}"
        found = kind.find(wanted[kind.id_key])
        if found is None:
            yield create(what, str(wanted["displayName"]), partial(_write, kind.create, wanted))
            continue
        lines = list(differences(wanted, found))
        if not lines:
            yield in_place(what)
        elif enforce:
            yield change(what, summary(lines), partial(_write, kind.update, wanted))
        else:
            yield left_alone(what, f"{summary(lines)}. To change it, use --enforce")
