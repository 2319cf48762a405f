"""The spool: it is not public, and its batches are written to SLS."""

from __future__ import annotations

import time
from typing import NamedTuple

import alibabacloud_oss_v2 as oss
import requests

from ops.provision.clients import oss_client
from ops.verify.check import Check, Unmet, check
from ops.verify.services import Refused
from ops.verify.session import Session, Skip, Unknown
from ops.verify.stored import KEYS_WANTED
from ops.verify.trigger import NoAnswer
from shared.spool.format import pending, rejected, time_of

MAX_AGE = 600  # seconds: ten runs of replay
PAGE, MAX_PAGES = 1000, 10  # names; more are only reported as more

SPOOL_WANTED = "no spool: give it with --spool-bucket"


class Found(NamedTuple):
    """The objects under a prefix: their number, and the oldest time of receipt (epoch seconds)."""

    batches: int
    more: bool  # than MAX_PAGES pages
    oldest: float | None

    def __str__(self) -> str:
        return f"{'more than ' if self.more else ''}{self.batches} batch{'' if self.batches == 1 else 'es'}"


@check(
    "spool: the bucket is closed",
    "nobody can read the spool without permission",
    "Let `python -m ops provision --spool-bucket … --enforce` close it: a private ACL, and public access "
    "blocked. 404: --spool-bucket, --region or --oss-endpoint does not match the functions' settings.",
)
def bucket_closed(session: Session) -> str:
    """An unsigned listing must be refused."""
    url = session.target.spool
    if not url:
        raise _wanted(session)
    try:
        answer = requests.get(url, params={"list-type": "2", "max-keys": "1"}, timeout=session.timeout)
    except requests.RequestException as error:
        raise NoAnswer(f"{url}: {type(error).__name__}") from None
    if answer.status_code == 200:
        raise Unmet("an unsigned listing was answered")
    if answer.status_code not in (401, 403):
        raise Unmet(f"{answer.status_code}, which does not show who may read")
    return str(answer.status_code)


@check(
    "spool: batches go on to SLS",
    f"replay runs, and nothing waits longer than {MAX_AGE // 60} minutes",
    "SLS may still be down: then wait. Else see replay's log lines in function-logs; if there are none, "
    "it is not deployed (`s deploy -t s.replay.yaml`) or its trigger is off. Nothing is lost for a week.",
)
def drained(session: Session) -> str:
    """By the names under `pending/`, which contain the time of receipt."""
    found = _look(session, pending(session.target.spool_prefix))
    if not found.batches:
        return "empty"
    age = max(0.0, time.time() - found.oldest) if found.oldest is not None else 0.0
    detail = f"{found}, the oldest for {age:.0f} s"
    if age > MAX_AGE:
        raise Unmet(detail)
    return detail


@check(
    "spool: nothing was rejected",
    "SLS accepted every batch from replay",
    "Each object under rejected/ has the reason in its metadata, `x-oss-meta-reason`. After handling it, "
    "delete it; otherwise it is deleted a month after the rejection.",
)
def none_rejected(session: Session) -> str:
    """By the names under `rejected/`."""
    found = _look(session, rejected(session.target.spool_prefix))
    if found.batches:
        raise Unmet(f"{found} rejected")
    return "none"


def _look(session: Session, prefix: str) -> Found:
    """Count the objects by their names. Raises Skip, Unmet, NoAnswer."""
    target = session.target
    if not target.spool:
        raise _wanted(session)
    if session.reader is None:
        raise Unknown(KEYS_WANTED)
    client = oss_client(session.reader, target.region, target.oss, session.timeout, attempts=1)
    try:
        return _count(client, target.spool_bucket, prefix)
    except Refused as refused:
        if refused.status == 403:
            raise Unknown(f"{refused}: needs a reader's keys with oss:ListObjects on the bucket") from None
        raise Unmet(f"{refused} when listing: see --spool-bucket, --region and --oss-endpoint") from None


def _count(client: oss.Client, bucket: str, prefix: str) -> Found:
    count, token = 0, None
    oldest: float | None = None
    for _ in range(MAX_PAGES):
        answer = _page(
            client, oss.ListObjectsV2Request(bucket, prefix=prefix, max_keys=PAGE, continuation_token=token)
        )
        names = [str(one.key) for one in answer.contents or []]
        times = [moment for name in names if (moment := time_of(name)) is not None]
        oldest = min((*times, *(() if oldest is None else (oldest,))), default=None)
        count, token = count + len(names), answer.next_continuation_token
        if not answer.is_truncated:
            return Found(count, False, oldest)
    return Found(count, True, oldest)


def _page(client: oss.Client, request: oss.ListObjectsV2Request) -> oss.ListObjectsV2Result:
    try:
        return client.list_objects_v2(request)
    except oss.exceptions.OperationError as error:
        cause = error.unwrap()
        if isinstance(cause, oss.exceptions.ServiceError):
            raise Refused(cause.status_code, cause.code) from None
        raise NoAnswer(f"OSS does not answer: {type(cause).__name__}") from None


def _wanted(session: Session) -> Skip:
    if not session.target.spool_bucket:
        return Skip(SPOOL_WANTED)
    return Unknown("needs --region or --oss-endpoint")


CHECKS: tuple[Check, ...] = (bucket_closed, drained, none_rejected)
