"""Buckets and the objects in them, in memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from local.oss.errors import OssError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")  # documentation, "Bucket naming conventions"


class StoredObject(NamedTuple):
    """An object as it was written.

    `headers` are the request headers that are returned with it (Content-Type, Cache-Control, …), `metadata`
    its `x-oss-meta-*` headers without that prefix; names are in lower case. `etag` is the MD5 of the body in
    upper-case hexadecimal digits, `modified` is in epoch seconds.
    """

    key: str
    body: bytes
    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    etag: str
    modified: float


@dataclass
class Bucket:
    """A bucket with its settings; `created` is in epoch seconds, `lifecycle` the rules as XML."""

    name: str
    created: float
    objects: dict[str, StoredObject] = field(default_factory=dict)
    lifecycle: bytes | None = None
    blocks_public_access: bool = True  # the default of a new bucket: documentation, "Block Public Access"
    encryption: str | None = None


class Buckets:
    """All buckets of the account; thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def create(self, name: str) -> None:
        """Create the bucket unless it exists. Raises OssError: InvalidBucketName."""
        if not _BUCKET.fullmatch(name):
            raise OssError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
        with self._lock:
            self._buckets.setdefault(name, Bucket(name, self._clock()))

    def remove(self, name: str) -> None:
        """Delete the bucket. Raises OssError: NoSuchBucket, BucketNotEmpty."""
        with self._lock:
            if self._find(name).objects:
                message = "The bucket has objects. Please delete them first."
                raise OssError("BucketNotEmpty", message, BucketName=name)
            del self._buckets[name]

    def bucket(self, name: str) -> Bucket:
        """Return the bucket with its settings. Raises OssError: NoSuchBucket."""
        with self._lock:
            return self._find(name)

    def objects(self, name: str) -> dict[str, StoredObject]:
        """Return the bucket's objects in the order of their keys. Raises OssError: NoSuchBucket."""
        with self._lock:
            found = dict(self._find(name).objects)
        return {key: found[key] for key in sorted(found)}

    def put(self, name: str, stored: StoredObject, *, overwrite: bool) -> None:
        """Store an object. Raises OssError: NoSuchBucket, and FileAlreadyExists unless `overwrite`."""
        with self._lock:
            objects = self._find(name).objects
            if stored.key in objects and not overwrite:
                message = "The object you specified already exists and can not be overwritten."
                raise OssError("FileAlreadyExists", message, Key=stored.key)
            objects[stored.key] = stored

    def get(self, name: str, key: str) -> StoredObject:
        """Return an object. Raises OssError: NoSuchBucket, NoSuchKey."""
        with self._lock:
            found = self._find(name).objects.get(key)
        if found is None:
            raise OssError("NoSuchKey", "The specified key does not exist.", ec="0026-00000001", Key=key)
        return found

    def delete(self, name: str, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored. Raises OssError: NoSuchBucket."""
        with self._lock:
            objects = self._find(name).objects
            for key in keys:
                objects.pop(key, None)

    def _find(self, name: str) -> Bucket:
        found = self._buckets.get(name)
        if found is None:
            message = "The specified bucket does not exist."
            raise OssError("NoSuchBucket", message, ec="0015-00000101", BucketName=name)
        return found
