"""The spool in a bucket of the OSS stand-in, which the official SDK works with too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

import alibabacloud_oss_v2 as sdk
import pytest

from functions.replay.oss import LONGEST_REASON, PIECE, OssSpool
from functions.replay.storage import Page, StorageFailed, Waiting
from local.faults import Fault
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.event_loop import EventLoopNetwork
from shared.settings import Environment
from shared.spool.settings import SpoolSettings
from tests.replay.support import BUCKET, PENDING, PREFIX, REJECTED, SETTINGS
from tests.support.raw_server import HANG, RawServer

T = TypeVar("T")
Call = Callable[[OssSpool], Awaitable[T]]

A = Waiting(f"{PENDING}a", 1, "9DD4E461268C8034F5C8564E155C67A6")  # which holds "x"
ODD = ["b+ é", "%2E%2E", "../../x", "a\nb", "c&d<e>", "q?x=1#y"]


def policy(prefix: str = PREFIX) -> dict[str, object]:
    """Return what replay's role may do in the bucket."""
    objects = {
        "Effect": "Allow",
        "Action": ["oss:GetObject", "oss:DeleteObject", "oss:PutObject"],
        "Resource": f"acs:oss:*:*:{BUCKET}/{prefix}*",
    }
    listing = {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": f"acs:oss:*:*:{BUCKET}"}
    return {"Version": "1", "Statement": [objects, listing]}


class Cloud(NamedTuple):
    """A stand-in with the bucket, and a key that may do what replay's role may."""

    oss: OssStandIn
    url: str
    keys: Credentials
    ram: Ram

    def do(self, call: Call[T], keys: Credentials | None = None, seconds: float = 10) -> T:
        """Return what a call to the spool returns."""
        return do(self.url, call, keys or self.keys, seconds)

    def put(self, name: str, data: bytes = b"x") -> None:
        """Put an object there, with the official SDK and an owner's rights."""
        statement = {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
        owner = self.ram.add_user(
            f"owner-{time.monotonic_ns()}", [{"Version": "1", "Statement": [statement]}]
        )
        client = sdk.Client(
            sdk.Config(
                region="cn-hangzhou",
                endpoint=self.url,
                use_path_style=True,
                credentials_provider=sdk.credentials.StaticCredentialsProvider(*owner),
            )
        )
        client.put_object(sdk.PutObjectRequest(bucket=BUCKET, key=name, body=data))


def do(url: str, call: Call[T], keys: Credentials, seconds: float) -> T:
    """Return what a call to the spool at an address returns."""
    settings = SpoolSettings.read(Environment({**SETTINGS, "SPOOL_OSS_ENDPOINT": url}))

    async def doing() -> T:
        spool = OssSpool(settings, lambda: keys, Deadline(seconds), EventLoopNetwork())
        try:
            return await call(spool)
        finally:
            spool.close()

    return asyncio.run(doing())


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


def names(page: Page) -> list[str]:
    return [one.name.removeprefix(PENDING) for one in page.objects]


def test_a_listing_comes_page_by_page_in_order(cloud: Cloud) -> None:
    for name in ("c", "a", "b+ é"):
        cloud.put(PENDING + name, name.encode())
    cloud.put(f"{REJECTED}z")
    first = cloud.do(lambda spool: spool.page(PENDING, None, most=2))
    assert names(first) == ["a", "b+ é"]
    assert [one.size for one in first.objects] == [1, 5]
    assert first.next
    last = cloud.do(lambda spool: spool.page(PENDING, first.next, most=2))
    assert (names(last), last.next) == (["c"], None)


def test_a_listing_with_a_delimiter_names_the_folders(cloud: Cloud) -> None:
    for name in ("0/a", "0/b", "f/a", "c"):
        cloud.put(PENDING + name)
    cloud.do(lambda spool: spool.put(f"{PENDING}../x", b"x"))
    page = cloud.do(lambda spool: spool.page(PENDING, None, delimiter="/"))
    assert names(page) == ["c"]
    assert list(page.folders) == [PENDING + folder for folder in ("../", "0/", "f/")]


def test_a_thousand_names_fit_a_page(cloud: Cloud) -> None:
    def put(number: int) -> Call[None]:
        name = f"{PENDING}f/20261123T064111.000001Z-{number:032x}.json.gz"
        return lambda spool: spool.put(name, b"x")

    async def fill(spool: OssSpool) -> None:
        for number in range(1001):
            await put(number)(spool)

    cloud.do(fill, seconds=60)
    page = cloud.do(lambda spool: spool.page(PENDING, None))
    assert len(page.objects) == 1000
    assert len(cloud.do(lambda spool: spool.page(PENDING, page.next)).objects) == 1


@pytest.mark.parametrize("size", [0, 10, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5])
def test_an_object_is_read_to_its_end(cloud: Cloud, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    cloud.put(f"{PENDING}a", content)
    (waiting,) = cloud.do(lambda spool: spool.page(PENDING, None)).objects
    assert waiting.size == size
    assert cloud.do(lambda spool: spool.get(waiting)) == content


@pytest.mark.parametrize("size", [9, 11, 0, PIECE + 10])
def test_an_object_with_another_size_than_listed_is_not_used(cloud: Cloud, size: int) -> None:
    cloud.put(f"{PENDING}a", b"0123456789")
    with pytest.raises(StorageFailed) as failure:
        cloud.do(lambda spool: spool.get(Waiting(f"{PENDING}a", size, "E")))
    assert failure.value.passing is True


def test_pieces_of_two_versions_are_never_put_together(cloud: Cloud) -> None:
    cloud.put(f"{PENDING}a", b"0" * 2 * PIECE)
    (waiting,) = cloud.do(lambda spool: spool.page(PENDING, None)).objects
    cloud.put(f"{PENDING}a", b"1" * 2 * PIECE)
    with pytest.raises(StorageFailed, match="412 PreconditionFailed") as failure:
        cloud.do(lambda spool: spool.get(waiting))
    assert failure.value.passing is True


def test_a_missing_object_is_not_an_error(cloud: Cloud) -> None:
    assert cloud.do(lambda spool: spool.get(A)) is None
    assert cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", "why")) is False
    assert cloud.do(lambda spool: spool.delete([A.name])) == {A.name}
    assert cloud.oss.objects(BUCKET) == {}


def test_a_thousand_objects_are_deleted_at_once(cloud: Cloud) -> None:
    cloud.put(f"{PENDING}0")
    cloud.put(f"{PENDING}kept")
    gone = [f"{PENDING}{number}" for number in range(1000)]
    seen = cloud.oss.faults.seen
    assert cloud.do(lambda spool: spool.delete(gone)) == set(gone)
    assert list(cloud.oss.objects(BUCKET)) == [f"{PENDING}kept"]
    assert cloud.oss.faults.seen == seen + 1


@pytest.mark.parametrize("name", ODD)
def test_an_object_of_any_name_is_moved_and_deleted(cloud: Cloud, name: str) -> None:
    cloud.do(lambda spool: spool.put(PENDING + name, b"data"))
    assert list(cloud.oss.objects(BUCKET)) == [PENDING + name]
    assert cloud.do(lambda spool: spool.move(PENDING + name, f"{REJECTED}a", "why")) is True
    assert list(cloud.oss.objects(BUCKET)) == [f"{REJECTED}a"]


def test_an_object_is_put_in_the_place_of_another(cloud: Cloud) -> None:
    cloud.put(A.name, b"old")
    cloud.do(lambda spool: spool.put(A.name, b"new"))
    cloud.do(lambda spool: spool.put(f"{REJECTED}a", b"other", "the reason"))
    new, other = cloud.oss.objects(BUCKET).values()
    assert (new.body, dict(new.metadata), new.headers["content-type"]) == (b"new", {}, "application/gzip")
    assert (other.body, dict(other.metadata)) == (b"other", {"reason": "the%20reason"})


def test_an_object_is_moved_with_the_reason(cloud: Cloud) -> None:
    cloud.put(A.name, b"data")
    reason = "SLS answered 400 É&%, request id 5"
    assert cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", reason)) is True
    ((name, moved),) = cloud.oss.objects(BUCKET).items()
    assert (name, moved.body) == (f"{REJECTED}a", b"data")
    assert moved.headers["content-type"] == "application/gzip"
    assert list(moved.metadata) == ["reason"]
    assert moved.metadata["reason"].isascii()
    assert unquote(moved.metadata["reason"]) == reason


@pytest.mark.parametrize("lead", range(3))
def test_a_long_reason_is_cut_between_characters(cloud: Cloud, lead: int) -> None:
    cloud.put(A.name)
    cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", "x" * lead + "\n" * 600))
    kept = cloud.oss.objects(BUCKET)[f"{REJECTED}a"].metadata["reason"]
    assert LONGEST_REASON - 3 < len(kept) <= LONGEST_REASON
    assert kept == "x" * lead + "%0A" * ((LONGEST_REASON - lead) // 3)


def test_a_copy_that_fails_leaves_the_object(cloud: Cloud) -> None:
    cloud.put(A.name)
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), on="PUT ")
    with pytest.raises(StorageFailed):
        cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", "why"))
    assert list(cloud.oss.objects(BUCKET)) == [A.name]


def test_a_delete_that_fails_after_the_copy_leaves_both(cloud: Cloud) -> None:
    cloud.put(A.name)
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), on="?delete", times=1)
    with pytest.raises(StorageFailed):
        cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", "why"))
    assert list(cloud.oss.objects(BUCKET)) == [A.name, f"{REJECTED}a"]
    assert cloud.do(lambda spool: spool.move(A.name, f"{REJECTED}a", "why")) is True
    assert list(cloud.oss.objects(BUCKET)) == [f"{REJECTED}a"]


FAULTS = {
    "503": (Fault.status(503, code="ServiceUnavailable"), True),
    "throttled": (Fault.status(503, code="PartitionQpsLimitted"), True),
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
CALLS: dict[str, Call[object]] = {
    "page": lambda spool: spool.page(PENDING, None),
    "get": lambda spool: spool.get(A),
    "put": lambda spool: spool.put(A.name, b"y"),
    "delete": lambda spool: spool.delete([A.name]),
    "move": lambda spool: spool.move(A.name, f"{REJECTED}a", "why"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_failure_is_a_storage_failure(cloud: Cloud, call: str, fault: str) -> None:
    cloud.put(A.name)
    strike, passing = FAULTS[fault]
    cloud.oss.faults.add(strike)
    with pytest.raises(StorageFailed) as failure:
        cloud.do(CALLS[call])
    assert failure.value.passing is passing
    assert str(failure.value).startswith("OSS")
    assert cloud.keys.access_key_secret not in str(failure.value)
    assert cloud.oss.objects(BUCKET)[A.name].body == b"x"
    assert cloud.oss.faults.struck == 1


def test_keys_without_permission_are_refused_permanently(cloud: Cloud) -> None:
    stranger = Credentials(*cloud.ram.add_user("stranger", [policy("another/")]))
    with pytest.raises(StorageFailed, match="403 AccessDenied") as failure:
        cloud.do(lambda spool: spool.get(A), stranger)
    assert failure.value.passing is False
    wrong = Credentials(cloud.keys.access_key_id, "wrong", cloud.keys.security_token)
    with pytest.raises(StorageFailed, match="403 SignatureDoesNotMatch"):
        cloud.do(lambda spool: spool.page(PENDING, None), wrong)


def test_a_silent_oss_is_given_up_at_the_deadline() -> None:
    async def twice(spool: OssSpool) -> None:
        for _ in range(2):
            with pytest.raises(StorageFailed, match="OSS cannot be reached: TimeoutError") as failure:
                await spool.page(PENDING, None)
            assert failure.value.passing is True

    with RawServer(HANG) as server:
        started = time.monotonic()
        do(server.url, twice, Credentials("a", "b"), 1.0)
        assert 0.8 < time.monotonic() - started < 20
        assert len(server.received) == 1


def test_the_environments_proxy_is_not_used(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert cloud.do(lambda spool: spool.page(PENDING, None)) == Page([], [], None)
    assert cloud.oss.faults.seen == 1
