"""The whole stand-in: created by tests and by ``make run``, served by `local.serving.Server`."""

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

    `app` is the ASGI application, `faults` its fault injection. The bucket is in the Host header
    (`bucket.oss-cn-hangzhou.aliyuncs.com`) or, for any other Host, in the path (`/bucket/key`).
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
        """Start without buckets; signatures must be for `region`, objects have at most `largest` bytes."""
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
        """Create a bucket unless it exists. Raises ValueError for a name that the service would refuse."""
        try:
            self._buckets.create(bucket)
        except OssError:
            raise ValueError(f"not a bucket name: {bucket!r}") from None

    def objects(self, bucket: str) -> dict[str, StoredObject]:
        """Return the bucket's objects by key, in order. Raises LookupError if there is no such bucket."""
        try:
            return self._buckets.objects(bucket)
        except OssError:
            raise LookupError(bucket) from None

    def read(self, bucket: str, key: str) -> bytes | None:
        """Return the body of an object, None if there is none; no permission is checked."""
        try:
            return self._buckets.get(bucket, key).body
        except OssError:
            return None

    def close(self) -> None:
        """Release hanging requests."""
        self.faults.clear()
