"""The spool in a bucket of the OSS stand-in, through the official SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

import alibabacloud_oss_v2 as sdk
import pytest

from functions.replay import oss as module
from functions.replay.oss import LONGEST_REASON, OssSpool
from functions.replay.storage import StorageFailed, Waiting
from local.faults import Fault
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.settings import Environment
from shared.spool.settings import SpoolSettings
from tests.replay.support import BUCKET, PENDING, PREFIX, REJECTED, SETTINGS
from tests.support.raw_server import HANG, RawServer


def policy(prefix: str = PREFIX) -> dict[str, object]:
    """Return what replay's role may do in the bucket."""
    objects = {
        "Effect": "Allow",
        "Action": ["oss:GetObject", "oss:DeleteObject", "oss:PutObject"],
        "Resource": f"acs:oss:*:*:{BUCKET}/{prefix}*",
    }
    listing = {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": f"acs:oss:*:*:{BUCKET}"}
    return {"Version": "1", "Statement": [objects, listing]}


A = Waiting(f"{PENDING}a", 1)


class Cloud(NamedTuple):
    """A stand-in with the bucket, and a key that may do what replay's role may."""

    oss: OssStandIn
    url: str
    keys: Credentials
    ram: Ram

    def spool(self, keys: Credentials | None = None, seconds: float = 10) -> OssSpool:
        """Return the spool, for so long."""
        return spool(self.url, keys or self.keys, seconds)

    def put(self, name: str, data: bytes = b"x") -> None:
        """Put an object there."""
        owner = self.ram.add_user(
            f"owner-{time.monotonic_ns()}",
            [{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}],
        )
        putting = self.spool(Credentials(*owner))
        putting._client.put_object(
            sdk.PutObjectRequest(bucket=BUCKET, key=name, body=data, content_type="application/gzip")
        )
        putting.close()


def spool(url: str, keys: Credentials, seconds: float) -> OssSpool:
    """Return the spool at an address."""
    settings = SpoolSettings.read(Environment({**SETTINGS, "SPOOL_OSS_ENDPOINT": url}))
    return OssSpool(settings, lambda: keys, Deadline(seconds))


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    ram = Ram()
    oss = OssStandIn(ram)
    oss.create(BUCKET)
    role = ram.add_role("replay", trusted=["fc.aliyuncs.com"], policies=[policy()])
    issued = ram.issue(role, session_name="fc", session_policy=None, duration=900, now=time.time())
    with Server(oss.app) as server:
        yield Cloud(oss, server.url, Credentials(issued.id, issued.secret, issued.security_token), ram)
    oss.close()


@pytest.fixture
def bucket(cloud: Cloud) -> Iterator[OssSpool]:
    bucket = cloud.spool()
    yield bucket
    bucket.close()


def test_a_listing_comes_page_by_page_in_order(
    cloud: Cloud, bucket: OssSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    for name in ("c", "a", "b+ é"):
        cloud.put(PENDING + name, name.encode())
    cloud.put(f"{REJECTED}z")
    first = bucket.page(PENDING, "")
    assert first == [Waiting(f"{PENDING}a", 1), Waiting(f"{PENDING}b+ é", 5)]
    assert bucket.page(PENDING, first[-1].name) == [Waiting(f"{PENDING}c", 1)]
    assert bucket.page(PENDING, f"{PENDING}c") == []


@pytest.mark.parametrize("size", [0, 10, 64 * 1024, 300_000])
def test_an_object_is_read_to_its_end(cloud: Cloud, bucket: OssSpool, size: int) -> None:
    cloud.put(f"{PENDING}a", bytes(size))
    (waiting,) = bucket.page(PENDING, "")
    assert waiting.size == size
    assert bucket.get(waiting) == bytes(size)


@pytest.mark.parametrize("size", [9, 11, 0])
def test_an_object_of_another_size_than_listed_is_not_taken(
    cloud: Cloud, bucket: OssSpool, size: int
) -> None:
    cloud.put(f"{PENDING}a", b"0123456789")
    with pytest.raises(StorageFailed) as failure:
        bucket.get(Waiting(f"{PENDING}a", size))
    assert failure.value.passing is True


def test_what_is_not_there_is_no_error(cloud: Cloud, bucket: OssSpool) -> None:
    assert bucket.get(A) is None
    assert bucket.move(f"{PENDING}a", f"{REJECTED}a", "why") is False
    bucket.delete(f"{PENDING}a")
    assert cloud.oss.objects(BUCKET) == {}


def test_an_object_is_moved_with_the_reason(cloud: Cloud, bucket: OssSpool) -> None:
    cloud.put(f"{PENDING}a", b"data")
    reason = "SLS answered 400 É&%, request id 5"
    assert bucket.move(f"{PENDING}a", f"{REJECTED}a", reason) is True
    ((name, moved),) = cloud.oss.objects(BUCKET).items()
    assert (name, moved.body) == (f"{REJECTED}a", b"data")
    assert moved.headers["content-type"] == "application/gzip"
    assert list(moved.metadata) == ["reason"]
    assert moved.metadata["reason"].isascii()
    assert unquote(moved.metadata["reason"]) == reason


@pytest.mark.parametrize("lead", range(3))
def test_a_long_reason_is_cut_between_characters(cloud: Cloud, bucket: OssSpool, lead: int) -> None:
    cloud.put(f"{PENDING}a")
    bucket.move(f"{PENDING}a", f"{REJECTED}a", "x" * lead + "\n" * 600)
    kept = cloud.oss.objects(BUCKET)[f"{REJECTED}a"].metadata["reason"]
    assert LONGEST_REASON - 3 < len(kept) <= LONGEST_REASON
    assert kept == "x" * lead + "%0A" * ((LONGEST_REASON - lead) // 3)


def test_a_copy_that_fails_leaves_the_object(cloud: Cloud, bucket: OssSpool) -> None:
    cloud.put(f"{PENDING}a")
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), on="PUT ")
    with pytest.raises(StorageFailed):
        bucket.move(f"{PENDING}a", f"{REJECTED}a", "why")
    assert list(cloud.oss.objects(BUCKET)) == [f"{PENDING}a"]


def test_a_delete_that_fails_after_the_copy_leaves_both(cloud: Cloud, bucket: OssSpool) -> None:
    cloud.put(f"{PENDING}a")
    cloud.oss.faults.add(Fault.reset(), on="DELETE ", times=1)
    with pytest.raises(StorageFailed):
        bucket.move(f"{PENDING}a", f"{REJECTED}a", "why")
    assert list(cloud.oss.objects(BUCKET)) == [f"{PENDING}a", f"{REJECTED}a"]
    assert bucket.move(f"{PENDING}a", f"{REJECTED}a", "why") is True
    assert list(cloud.oss.objects(BUCKET)) == [f"{REJECTED}a"]


FAULTS = {
    "503": (Fault.status(503, code="ServiceUnavailable"), True),
    "500": (Fault.status(500, code="InternalError"), True),
    "429": (Fault.status(429, code="TooManyRequests"), True),
    "403": (Fault.status(403, code="AccessDenied"), False),
    "404": (Fault.status(404, code="NoSuchBucket"), False),
    "reset": (Fault.reset(), True),
    "close": (Fault.close(), True),
    "garbage": (Fault.garbage(), True),
    "truncated": (Fault.truncated(), True),
    "not OSS's success": (Fault.drip(interval=0), True),
}


# A delete's success has no content that could tell it from another's.
PAIRS = [
    (call, fault)
    for call in ("page", "get", "delete", "move")
    for fault in FAULTS
    if call != "delete" or fault not in ("truncated", "not OSS's success")
]


@pytest.mark.parametrize(("call", "fault"), PAIRS)
def test_every_failure_is_a_storage_failure(cloud: Cloud, bucket: OssSpool, call: str, fault: str) -> None:
    cloud.put(f"{PENDING}a")
    strike, passing = FAULTS[fault]
    cloud.oss.faults.add(strike)
    calls: dict[str, Callable[[], object]] = {
        "page": lambda: bucket.page(PENDING, ""),
        "get": lambda: bucket.get(A),
        "delete": lambda: bucket.delete(f"{PENDING}a"),
        "move": lambda: bucket.move(f"{PENDING}a", f"{REJECTED}a", "why"),
    }
    with pytest.raises(StorageFailed) as failure:
        calls[call]()
    assert failure.value.passing is passing
    assert str(failure.value).startswith("OSS")
    assert cloud.keys.access_key_secret not in str(failure.value)
    assert f"{PENDING}a" in cloud.oss.objects(BUCKET)
    assert cloud.oss.faults.struck == 1


def test_keys_that_may_not_are_refused_for_good(cloud: Cloud) -> None:
    stranger = Credentials(*cloud.ram.add_user("stranger", [policy("another/")]))
    denied = cloud.spool(stranger)
    with pytest.raises(StorageFailed, match="403 AccessDenied") as failure:
        denied.get(A)
    assert failure.value.passing is False
    denied.close()
    wrong = cloud.spool(Credentials(cloud.keys.access_key_id, "wrong", cloud.keys.security_token))
    with pytest.raises(StorageFailed, match="403 SignatureDoesNotMatch"):
        wrong.page(PENDING, "")
    wrong.close()


def test_a_silent_oss_is_given_up_at_the_deadline() -> None:
    with RawServer(HANG) as server:
        silent = spool(server.url, Credentials("a", "b"), 0.4)
        started = time.monotonic()
        with pytest.raises(StorageFailed, match="OSS: ") as failure:
            silent.page(PENDING, "")
        assert 0.2 < time.monotonic() - started < 3
        assert failure.value.passing is True
        with pytest.raises(StorageFailed, match="TimeoutError"):
            silent.page(PENDING, "")
        assert len(server.received) == 1
        silent.close()


def test_the_environments_proxy_is_not_used(
    cloud: Cloud, bucket: OssSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert bucket.page(PENDING, "") == []
    assert cloud.oss.faults.seen == 1
