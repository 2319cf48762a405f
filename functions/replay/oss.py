"""The spool in an OSS bucket, through Alibaba's own SDK."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import alibabacloud_oss_v2 as sdk
import requests
from alibabacloud_oss_v2.transport import RequestsHttpClient

from functions.replay.storage import StorageFailed, Waiting
from shared.alibaba.percent import percent_encode
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.spool.settings import SpoolSettings

PAGE = 1000  # objects a listing, the most that OSS gives
LONGEST_WAIT = 10.0  # seconds for a connection, and for each piece of an answer
LONGEST_REASON = 512  # characters of metadata
_BLOCK = 64 * 1024  # bytes read at a time
_GONE = frozenset({"NoSuchKey"})
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")


class _Doubtful(Exception):
    """An answer of success that is not what OSS answers: on its word nothing is deleted or given up."""


class OssSpool:
    """The objects in one bucket, for as long as one run takes. Implements `storage.Storage`."""

    def __init__(
        self, settings: SpoolSettings, credentials: Callable[[], Credentials], deadline: Deadline
    ) -> None:
        """Nothing is connected yet; `credentials` is asked for each request."""
        self._bucket = settings.bucket
        self._deadline = deadline
        self._connections = _Bounded(deadline)
        self._client: Any = sdk.Client(
            sdk.Config(
                region=settings.region,
                endpoint=settings.endpoint.rstrip("/"),
                use_path_style=settings.path_style,
                credentials_provider=sdk.credentials.CredentialsProviderFunc(
                    lambda: sdk.credentials.Credentials(*credentials())
                ),
                http_client=self._connections,
                retry_max_attempts=1,  # whoever asks decides on a second one, and for how long to pause
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def page(self, prefix: str, after: str) -> list[Waiting]:
        """Return the next objects in the order of their names; none is the end."""
        asked = sdk.ListObjectsV2Request(
            bucket=self._bucket, prefix=prefix, start_after=after or None, max_keys=PAGE
        )
        with _reported():
            found = self._client.list_objects_v2(asked).contents or ()
            return [Waiting(item.key, item.size) for item in found]

    def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content, as many bytes as were listed; None where there is no such object."""
        with _reported():
            try:
                result = self._client.get_object(sdk.GetObjectRequest(bucket=self._bucket, key=waiting.name))
            except sdk.exceptions.OperationError as error:
                if _code(error) in _GONE:
                    return None
                raise
            with result.body as body:
                return self._read(body, waiting.size)

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there counts as deleted."""
        with _reported():
            self._client.delete_object(sdk.DeleteObjectRequest(bucket=self._bucket, key=name))

    def move(self, name: str, to: str, reason: str) -> bool:
        """Copy an object with the reason as its metadata, then delete it; False where there is none.

        Interrupted between the two it is there twice, and moved again by the next run.
        """
        copied = sdk.CopyObjectRequest(
            bucket=self._bucket,
            key=to,
            source_key=name,
            metadata={"reason": _as_metadata(reason)},
            metadata_directive="REPLACE",
            content_type="application/gzip",
        )
        with _reported():
            try:
                if not self._client.copy_object(copied).etag:
                    raise _Doubtful
            except sdk.exceptions.OperationError as error:
                if _code(error) in _GONE:
                    return False
                raise
        self.delete(name)
        return True

    def _read(self, body: Any, size: int) -> bytes:
        content = bytearray()
        for block in body.iter_bytes(block_size=_BLOCK):
            content += block
            if self._deadline.remaining() <= 0:
                raise TimeoutError
            if len(content) > size:
                break
        if len(content) != size:
            raise _Doubtful
        return bytes(content)


class _Bounded:
    """The SDK's connections, none of which is waited for past the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, no netrc: the environment holds settings, not those
        self._client: Any = RequestsHttpClient(session=self._session)

    def send(self, request: Any, **more: Any) -> Any:
        """Send one request, with what time is left for it."""
        seconds = min(self._deadline.remaining(), LONGEST_WAIT)
        if seconds <= 0:
            raise TimeoutError
        return self._client.send(
            request, **{**more, "connect_timeout": seconds, "readwrite_timeout": seconds}
        )

    def open(self) -> None:
        """Connections are opened as they are needed."""

    def close(self) -> None:
        """Close them all."""
        self._session.close()


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Turn every failure into StorageFailed: the SDK's own, its transport's and its parsers'."""
    try:
        yield
    except Exception as error:
        cause = error
        while callable(unwrap := getattr(cause, "unwrap", None)) and isinstance(unwrap(), Exception):
            cause = unwrap()
        if isinstance(cause, sdk.exceptions.ServiceError):
            passing = cause.status_code >= 500 or cause.status_code in (408, 429)
            what = f"OSS answered {cause.status_code} {cause.code}, request id {cause.request_id}"
            raise StorageFailed(what, passing=passing) from error
        raise StorageFailed(f"OSS: {type(cause).__name__}", passing=True) from error


def _code(error: Any) -> str:
    """Return OSS's code for a failure, "" where it is not OSS's."""
    return str(getattr(error.unwrap(), "code", ""))


def _as_metadata(reason: str) -> str:
    return _CUT_ESCAPE.sub("", percent_encode(reason)[:LONGEST_REASON])
