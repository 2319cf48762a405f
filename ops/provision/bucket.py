"""Plans the spool's bucket: its access, and how long objects stay.

Settings that others may depend on change only with `enforce`: a public ACL, public access that is not
blocked. An existing lifecycle rule is never changed; one that deletes too early is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ops.provision.oss import Expiry, FoundBucket, SpoolBucket
from ops.provision.plan import Step, change, create, in_place, left_alone
from ops.provision.wanted import Spool
from shared.spool.format import pending, rejected

# SLS accepts logs of the last 7 days. replay rejects older batches, which are then kept for inspection.
TAKEN_DAYS = 7
REJECTED_DAYS = 30
# A batch that is still pending then was not processed by replay for a month. It is kept as long as if it had
# been rejected on its last valid day, but not forever: it contains IP addresses of people.
PENDING_DAYS = TAKEN_DAYS + REJECTED_DAYS

_ENFORCE = "If nothing else needs this, use --enforce"


def bucket_steps(bucket: SpoolBucket, spool: Spool, region: str, *, enforce: bool) -> Iterator[Step]:
    """Return the steps for the bucket and its two lifecycle rules, in the order of execution."""
    what = f"bucket {bucket.name}"
    found = bucket.find()
    if found is None:
        detail = f"in {region}, private, public access blocked, encrypted"
        yield create(what, detail, bucket.create)
    elif found.region != region:
        yield left_alone(what, f"is in {found.region}, but the functions in {region} need a bucket there")
        return
    else:
        yield from _settings(bucket, found, enforce=enforce)
    rules = bucket.expiries() if found else []
    for prefix, days in ((pending(spool.prefix), PENDING_DAYS), (rejected(spool.prefix), REJECTED_DAYS)):
        yield _expiry(bucket, rules, prefix, days)


def _settings(bucket: SpoolBucket, found: FoundBucket, *, enforce: bool) -> Iterator[Step]:
    what = f"bucket {bucket.name}"
    steps = []
    if found.acl != "private":
        steps.append(_closing(what, f"its ACL is {found.acl}", bucket.make_private, enforce=enforce))
    if not found.blocks_public_access:
        detail = "public access is not blocked"
        steps.append(_closing(what, detail, bucket.block_public_access, enforce=enforce))
    if not found.encrypted:
        steps.append(change(what, "encrypt new objects", bucket.encrypt))
    if found.versioned:
        steps.append(left_alone(what, "versioning keeps objects that replay deletes: turn it off"))
    yield from steps or [in_place(what, "private, public access blocked, encrypted")]


def _closing(what: str, detail: str, do: Callable[[], None], *, enforce: bool) -> Step:
    return change(what, detail, do) if enforce else left_alone(what, f"{detail}. {_ENFORCE}")


def _expiry(bucket: SpoolBucket, rules: list[Expiry], prefix: str, days: int) -> Step:
    what = f"lifecycle of {prefix}"
    over = [rule for rule in rules if prefix.startswith(rule.prefix) or rule.prefix.startswith(prefix)]
    if not over:
        return create(what, f"delete after {days} days", partial(bucket.add_expiry, prefix, days))
    soonest = min(rule.days or 0 for rule in over)
    if soonest <= TAKEN_DAYS:
        when = f"after {soonest} days" if soonest else "by a date"
        return left_alone(what, f"deletes {when}, which loses batches: SLS takes them for {TAKEN_DAYS} days")
    return in_place(what, f"deletes after {soonest} days")
