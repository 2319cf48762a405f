"""The stand-in as a whole: made by tests and by ``make run``, served by `local.serving.Server`."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.types import ASGIApp

from local.faults import Faults
from local.oss.access import OssAccess
from local.oss.app import Routes, envelope
from local.oss.bucket_settings import Settings
from local.oss.buckets import Buckets, StoredObject
from local.oss.errors import OssError, render_error
from local.oss.listing import Listing
from local.oss.objects import Objects
from local.ram import Ram

LARGEST_OBJECT = 5 * 1024**3  # bytes: the documentation of PutObject


class OssStandIn:
    """Object Storage Service in one process, for one account and one region.

    `app` is the ASGI application, `faults` what it is to do wrong. A bucket is named in the Host
    (`bucket.oss-cn-hangzhou.aliyuncs.com`) or, where the Host is anything else, in the path (`/bucket/key`).
    """

    app: ASGIApp

    def __init__(
        self,
        ram: Ram,
        *,
        clock: Callable[[], float] = time.time,
        region: str = "cn-hangzhou",
        largest: int = LARGEST_OBJECT,
    ) -> None:
        """Start without a bucket; signatures must be for `region`, objects have at most `largest` bytes."""
        self.faults = Faults(render_error)
        self._buckets = Buckets(clock)
        gate = OssAccess(ram, region=region, clock=clock)
        routes = Routes(
            self._buckets,
            gate,
            Objects(self._buckets, gate, clock, largest),
            Listing(self._buckets, gate),
            Settings(self._buckets, gate, region=region, account=ram.account_id),
        )
        self.app = envelope(self.faults.wrap(routes))

    def create(self, bucket: str) -> None:
        """Create a bucket unless it is there. Raises ValueError for a name the service would refuse."""
        try:
            self._buckets.create(bucket)
        except OssError:
            raise ValueError(f"not a bucket name: {bucket!r}") from None

    def objects(self, bucket: str) -> dict[str, StoredObject]:
        """Return what the bucket holds now, by key, in order. Raises LookupError for no such bucket."""
        try:
            return self._buckets.objects(bucket)
        except OssError:
            raise LookupError(bucket) from None

    def read(self, bucket: str, key: str) -> bytes | None:
        """Return the body of an object, None where there is none, for a service that has the right to it."""
        try:
            return self._buckets.get(bucket, key).body
        except OssError:
            return None

    def close(self) -> None:
        """Let go what hangs."""
        self.faults.clear()
