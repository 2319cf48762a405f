"""Plans the Project and its Logstores.

WebTracking is turned off only with `close_webtracking`: a site may still use it. The retention of logs and
an existing index are the operator's choices and never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ops.provision.plan import Step, change, create, in_place, left_alone
from ops.provision.sls import FoundLogstore, SlsProject
from ops.provision.wanted import Target


def sls_steps(sls: SlsProject, target: Target, *, close_webtracking: bool) -> Iterator[Step]:
    """Return the steps for the Project, each Logstore and its index, in the order of execution."""
    what = f"Project {sls.name}"
    yield in_place(what) if sls.exists() else create(what, f"in {target.region}", sls.create)
    for name in target.all_logstores:
        yield from _logstore_steps(sls, name, target.retention_days, close_webtracking=close_webtracking)
        yield _index_step(sls, name)


def _logstore_steps(
    sls: SlsProject, name: str, retention_days: int, *, close_webtracking: bool
) -> Iterator[Step]:
    found = sls.find_logstore(name)
    if found is None:
        detail = f"WebTracking off, client IP addresses recorded, logs kept {retention_days} days"
        make = partial(sls.create_logstore, name, retention_days=retention_days)
        yield create(f"Logstore {name}", detail, make)
        return
    if found.webtracking:
        yield _webtracking_step(sls, name, close=close_webtracking)
    else:
        yield in_place(f"Logstore {name}", _facts(found))
    if not found.append_meta:
        detail = "record client IP addresses (appendMeta)"
        yield change(f"Logstore {name}", detail, partial(sls.set_append_meta, name))


def _webtracking_step(sls: SlsProject, name: str, *, close: bool) -> Step:
    what = f"Logstore {name}"
    if close:
        detail = "turn WebTracking off: unsigned writes are refused from then on"
        return change(what, detail, partial(sls.close_webtracking, name))
    return left_alone(
        what,
        "WebTracking is on, so any client can bypass the functions. "
        "When no site writes to it directly any more, use --close-webtracking",
    )


def _facts(found: FoundLogstore) -> str:
    return f"WebTracking off, logs kept {found.retention_days} days"


def _index_step(sls: SlsProject, name: str) -> Step:
    what = f"index of {name}"
    found = sls.find_index(name)
    if found is None:
        return create(what, "full text, and a field for each new key", partial(sls.create_index, name))
    if not found.get("line", {}).get("auto_key_detect"):
        return in_place(what, "without automatic keys; it was configured so and is not changed")
    return in_place(what, "with automatic keys")
