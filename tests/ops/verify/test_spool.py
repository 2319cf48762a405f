"""The checks of the spool, on a bucket of their own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import alibabacloud_oss_v2 as oss
import pytest

from local.faults import Fault
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from ops.provision.clients import Credentials, oss_client
from ops.provision.wanted import InvalidTarget
from ops.verify import spool
from ops.verify.check import Mark, Result, carry_out
from ops.verify.session import Session
from ops.verify.target import Target
from ops.verify.trigger import Trigger
from shared.spool.format import object_name

BUCKET, PREFIX = "shop-spool", "webtracking-spool/"
UNIQUE = "0123456789abcdef" * 2
LISTS = {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": f"acs:oss:*:*:{BUCKET}"}


class Place:
    """A bucket, a session of somebody who may list it, and what puts objects into it."""

    def __init__(self, url: str, standin: OssStandIn, owner: Credentials, reader: Credentials) -> None:
        self.standin = standin
        self._owner = oss_client(owner, "cn-hangzhou", url)
        target = Target("https://t", None, "web", region="cn-hangzhou", spool_bucket=BUCKET, oss_endpoint=url)
        self.session = Session(target, Trigger(60, None), reader, "verify1", 60)

    def put(self, key: str) -> None:
        self._owner.put_object(oss.PutObjectRequest(BUCKET, key, body=b"x"))

    def waiting(self, seconds: float, unique: str = UNIQUE) -> None:
        self.put(object_name(PREFIX, time.time() - seconds, unique))

    def results(self) -> list[Result]:
        return [carry_out(one, self.session) for one in spool.CHECKS]

    def result(self, word: str) -> Result:
        (found,) = [result for result in self.results() if word in result.check.name]
        return found


@pytest.fixture
def place() -> Iterator[Place]:
    ram = Ram()
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    owner = ram.add_user("owner", [{"Version": "1", "Statement": [everything]}])
    reader = ram.add_user("reader", [{"Version": "1", "Statement": [LISTS]}])
    standin = OssStandIn(ram)
    standin.create(BUCKET)
    with Server(standin.app) as server:
        yield Place(server.url, standin, Credentials(*owner), Credentials(*reader))
        standin.close()


def test_an_empty_spool_is_sound(place: Place) -> None:
    assert [(result.mark, result.detail) for result in place.results()] == [
        (Mark.PASSED, "403"),
        (Mark.PASSED, "empty"),
        (Mark.PASSED, "none"),
    ]


def test_the_oldest_may_have_the_last_name(place: Place) -> None:
    place.waiting(30)
    place.waiting(spool.MAX_AGE + 30, "f" * 32)
    assert place.result("go on").mark is Mark.FAILED


def test_a_batch_that_has_waited_briefly_passes(place: Place) -> None:
    place.waiting(30)
    place.waiting(10)
    drained = place.result("go on to SLS")
    assert drained.mark is Mark.PASSED
    assert drained.detail.startswith("2 batches, the oldest for 3")


def test_a_batch_that_has_waited_too_long_is_reported(place: Place) -> None:
    place.waiting(10)
    place.waiting(spool.MAX_AGE + 10)
    drained = place.result("go on to SLS")
    assert drained.mark is Mark.FAILED
    assert drained.detail.startswith("2 batches, the oldest for 6")  # and some seconds


def test_rejected_batches_are_reported(place: Place) -> None:
    place.put(f"{PREFIX}rejected/20261101T000000.000000Z-{UNIQUE}.json.gz")
    assert place.result("rejected").mark is Mark.FAILED
    assert place.result("rejected").detail == "1 batch rejected"
    assert place.result("go on to SLS").detail == "empty"


def test_an_object_that_is_no_batch_has_no_age(place: Place) -> None:
    place.put(f"{PREFIX}pending/note.txt")
    assert place.result("go on to SLS").detail == "1 batch, the oldest for 0 s"


def test_a_long_list_is_read_to_its_bound(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PAGE", 2)
    monkeypatch.setattr(spool, "MAX_PAGES", 2)
    for second in range(1, 5):
        place.waiting(second)
    assert place.result("go on to SLS").detail.startswith("4 batches")
    place.waiting(5)
    assert re.match(
        "more than 4 batches, the oldest for ([5-9]|[1-5][0-9]) s", place.result("go on to SLS").detail
    )


@pytest.mark.parametrize(
    ("status", "mark", "word"),
    [
        (200, Mark.FAILED, "an unsigned listing was answered"),
        (403, Mark.PASSED, "403"),
        (404, Mark.FAILED, "404, which does not show who may read"),
        (503, Mark.FAILED, "503, which does not show who may read"),
    ],
)
def test_only_a_refusal_says_that_a_bucket_is_closed(
    place: Place, status: int, mark: Mark, word: str
) -> None:
    place.standin.faults.add(Fault.status(status, code="Fault"), times=1)
    closed = place.result("closed")
    assert closed.mark is mark
    assert closed.detail.startswith(word)


def test_a_bucket_that_is_not_there_is_named(place: Place) -> None:
    place.session.target = replace(place.session.target, spool_bucket="no-such-bucket")
    for word in ("go on to SLS", "rejected"):
        assert place.result(word).mark is Mark.FAILED
        assert place.result(word).detail.startswith("404 NoSuchBucket")


def test_a_reader_without_the_right_is_told_which(place: Place) -> None:
    place.session.target = replace(place.session.target, spool_prefix="x/")
    ram = Ram()
    place.session.reader = Credentials(*ram.add_user("stranger", []))
    found = place.result("go on to SLS")
    assert found.mark is Mark.UNCHECKED
    assert "keys with oss:ListObjects on the bucket" in found.detail


def test_without_a_spool_or_keys_the_report_says_what_is_missing(place: Place) -> None:
    place.session.reader = None
    assert [result.mark for result in place.results()] == [Mark.PASSED, Mark.UNCHECKED, Mark.UNCHECKED]
    place.session.target = replace(place.session.target, oss_endpoint="", region="")
    assert {result.detail for result in place.results()} == {"needs --region or --oss-endpoint"}
    place.session.target = replace(place.session.target, spool_bucket="")
    assert {result.detail for result in place.results()} == {spool.SPOOL_WANTED}


def test_a_service_that_does_not_answer_is_said(place: Place) -> None:
    place.session.target = replace(place.session.target, oss_endpoint="http://127.0.0.1:9")
    assert {result.mark for result in place.results()} == {Mark.FAILED}


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("", "https://shop-spool.oss-cn-hangzhou.aliyuncs.com/"),
        ("oss-x.example.com", "https://shop-spool.oss-x.example.com/"),
        ("http://127.0.0.1:9003/", "http://127.0.0.1:9003/shop-spool"),
    ],
)
def test_the_address_of_the_bucket_follows_from_its_name_and_region(endpoint: str, address: str) -> None:
    target = Target(None, None, "web", region="cn-hangzhou", spool_bucket=BUCKET, oss_endpoint=endpoint)
    assert target.spool == address


def test_a_bucket_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidTarget, match="SPOOL_OSS_BUCKET"):
        Target("https://t", None, "web", spool_bucket="Shop")
