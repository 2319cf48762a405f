"""Plans a role: its trust policy, its own policy, other attached policies, its session duration.

Missing permissions are added. Removing permissions, and changing the trust of an existing role, need
`enforce`; other attached policies are never detached.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ops.provision.documents import Document, Grant, beyond, extended, listing, missing, trusted
from ops.provision.plan import Step, change, create, in_place, left_alone
from ops.provision.ram import FoundRole, RamAccount
from ops.provision.wanted import Role

ENFORCE = "--enforce sets exactly this"


def role_steps(ram: RamAccount, role: Role, *, enforce: bool) -> Iterator[Step]:
    """Return the steps for one role, in the order of execution."""
    found = ram.find_role(role.name)
    if found is None:
        whom = listing(trusted(role.trust))
        yield create(f"role {role.name}", f"trusts {whom}", partial(ram.create_role, role))
    else:
        yield _trust_step(ram, role, found, enforce=enforce)
        yield from _session_steps(ram, role, found)
    yield _policy_step(ram, role, enforce=enforce)
    yield from _attachment_steps(ram, role, found)


def _trust_step(ram: RamAccount, role: Role, found: FoundRole, *, enforce: bool) -> Step:
    what = f"role {role.name}"
    is_now, should_be = trusted(found.trust), trusted(role.trust)
    if is_now == should_be:
        return in_place(what, f"trusts {listing(should_be)}")
    detail = f"trusts {listing(is_now) or 'nobody'}, should trust {listing(should_be)} only"
    if enforce:
        return change(what, detail, partial(ram.replace_trust, role))
    return left_alone(what, f"{detail}. If nothing else uses this role, {ENFORCE}; else choose a --suffix")


def _session_steps(ram: RamAccount, role: Role, found: FoundRole) -> Iterator[Step]:
    if found.session_seconds < role.session_seconds:
        detail = f"at most {found.session_seconds} s, but tokens need {role.session_seconds} s"
        yield change(f"sessions of role {role.name}", detail, partial(ram.set_session, role))


def _policy_step(ram: RamAccount, role: Role, *, enforce: bool) -> Step:
    what = f"policy {role.policy_name}"
    found = ram.find_policy(role.policy_name)
    if found is None:
        allows = listing(missing({}, role.policy))
        return create(what, f"allows {allows}", partial(ram.create_policy, role))
    lacks, exceeds = missing(found, role.policy), beyond(found, role.policy)
    if enforce and (lacks or exceeds):
        detail = ", ".join([*_each("adds", lacks), *_each("removes", exceeds)])
        return change(what, detail, partial(ram.add_version, role.policy_name, role.policy))
    if lacks:
        return _extension(ram, role, found, lacks)
    if exceeds:
        return left_alone(what, f"allows more than needed: {listing(exceeds)}. {ENFORCE}")
    return in_place(what)


def _extension(ram: RamAccount, role: Role, found: Document, lacks: frozenset[Grant]) -> Step:
    what, wanted = f"policy {role.policy_name}", extended(found, lacks)
    if missing(wanted, role.policy):
        return left_alone(what, f"denies {listing(lacks)}. {ENFORCE}")
    return change(what, f"adds {listing(lacks)}", partial(ram.add_version, role.policy_name, wanted))


def _attachment_steps(ram: RamAccount, role: Role, found: FoundRole | None) -> Iterator[Step]:
    own = ("Custom", role.policy_name)
    attached = found.attached if found else frozenset()
    what = f"policy {role.policy_name} on role {role.name}"
    yield in_place(what) if own in attached else create(what, "attach it", partial(ram.attach, role))
    for kind, name in sorted(attached - {own}):
        document = ram.find_policy(name, kind)
        exceeds = beyond(document, role.policy) if document else frozenset()
        if exceeds:
            yield left_alone(
                f"policy {name} on role {role.name}",
                f"also allows {listing(exceeds)}. Detach it in RAM if it is not intended",
            )


def _each(verb: str, rights: frozenset[Grant]) -> list[str]:
    return [f"{verb} {right}" for right in sorted(rights)]
