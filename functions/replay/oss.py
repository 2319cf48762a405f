"""The spool in an OSS bucket: six operations of its REST interface over the functions' own HTTP client.

Alibaba's SDK blocks a thread for each request, and an instance processes hundreds of objects at once. Tests
compare the requests with the SDK's signer and with a stand-in that works with the SDK.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree

from functions.replay.storage import Page, StorageFailed, Waiting
from shared.alibaba.percent import percent_encode
from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable
from shared.spool.settings import SpoolSettings

if TYPE_CHECKING:
    from shared.network.interface import Network

PIECE = 768 * 1024  # bytes of an object per request; the HTTP client accepts answers of up to 1 MB
LONGEST_WAIT = 10.0  # seconds for one request
LONGEST_REASON = 512  # characters of metadata
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")
_GZIP = "application/gzip"


class OssSpool:
    """The objects in one bucket, for one run. Implements `storage.Storage`."""

    def __init__(
        self,
        settings: SpoolSettings,
        credentials: Callable[[], Credentials],
        deadline: Deadline,
        network: Network,
    ) -> None:
        """`credentials` is called for each request. The first request opens a connection."""
        self._settings = settings
        self._credentials = credentials
        self._deadline = deadline
        self._upstream = HttpClient(settings.address, network)

    def close(self) -> None:
        """Close the connections."""
        self._upstream.close()

    async def page(self, prefix: str, token: str | None, *, delimiter: str = "", most: int = 1000) -> Page:
        """Return objects in the order of their names, from the beginning or from `token`."""
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix, "max-keys": str(most)}
        if delimiter:
            query["delimiter"] = delimiter
        if token:
            query["continuation-token"] = token
        answer = await self._exchange("GET", "", query=query)
        tree = _document(_successful(answer), "ListBucketResult")
        try:
            objects = [
                Waiting(unquote(_text(one, "Key")), int(_text(one, "Size")), _text(one, "ETag"))
                for one in tree.findall("Contents")
            ]
            folders = [unquote(_text(one, "Prefix")) for one in tree.findall("CommonPrefixes")]
            more = _text(tree, "IsTruncated") == "true"
            return Page(objects, folders, unquote(_text(tree, "NextContinuationToken")) if more else None)
        except ValueError:
            raise _doubtful() from None

    async def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content, as many bytes as were listed; None if there is no such object.

        A large object is read in pieces, all from the listed version.
        """
        if waiting.size <= PIECE:
            return await self._get(waiting, {}, waiting.size)
        content = bytearray()
        while len(content) < waiting.size:
            last = min(len(content) + PIECE, waiting.size) - 1
            headers = {"range": f"bytes={len(content)}-{last}", "if-match": waiting.etag}
            piece = await self._get(waiting, headers, last + 1 - len(content))
            if piece is None:
                return None
            content += piece
        return bytes(content)

    async def put(self, name: str, content: bytes, reason: str | None = None) -> None:
        """Write an object with `reason` in its metadata; an object of the same name is replaced."""
        headers = {"content-type": _GZIP, "content-md5": _md5(content), **_reason_header(reason)}
        answer = _successful(await self._exchange("PUT", name, headers=headers, body=content))
        if "etag" not in answer.headers:
            raise _doubtful()

    async def delete(self, names: Sequence[str]) -> Collection[str]:
        """Delete at most 1,000 objects and return those that are gone, including missing ones."""
        root = ElementTree.Element("Delete")
        for name in names:
            ElementTree.SubElement(ElementTree.SubElement(root, "Object"), "Key").text = name
        body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        headers = {"content-type": "application/xml", "content-md5": _md5(body)}
        query = {"delete": "", "encoding-type": "url"}
        answer = await self._exchange("POST", "", query=query, headers=headers, body=body)
        tree = _document(_successful(answer), "DeleteResult")
        return {unquote(one.findtext("Key", "")) for one in tree.findall("Deleted")}

    async def move(self, name: str, to: str, reason: str) -> bool:
        """Copy an object with the reason in its metadata, then delete it; False if there is no such object.

        After an interruption between both steps, the next run moves the object again.
        """
        headers = {
            "content-type": _GZIP,
            "x-oss-copy-source": f"/{self._settings.bucket}/{_encoded(name)}",
            "x-oss-metadata-directive": "REPLACE",
            **_reason_header(reason),
        }
        answer = await self._exchange("PUT", to, headers=headers)
        if _is_gone(answer):
            return False
        if not _document(_successful(answer), "CopyObjectResult").findtext("ETag"):
            raise _doubtful()
        if name not in await self.delete([name]):
            raise StorageFailed("OSS copied an object but did not delete it", passing=True)
        return True

    async def _get(self, waiting: Waiting, headers: Mapping[str, str], size: int) -> bytes | None:
        answer = await self._exchange("GET", waiting.name, headers=headers)
        if _is_gone(answer):
            return None
        if _successful(answer).status != (206 if headers else 200) or len(answer.body) != size:
            raise _doubtful()
        return answer.body

    async def _exchange(
        self,
        method: str,
        name: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Return the answer to a request for an object, or for the bucket if `name` is empty."""
        settings, query = self._settings, query or {}
        signed = signed_headers(
            OSS,
            method,
            settings.resource(name),
            query,
            headers or {},
            body,
            credentials=self._credentials(),
            region=settings.region,
            now=time.time(),
        )
        pairs = "&".join(f"{key}={percent_encode(value)}" if value else key for key, value in query.items())
        target = settings.target(_encoded(name)) + (f"?{pairs}" if pairs else "")
        try:
            return await self._upstream.exchange(
                method, target, [*signed.items()], body, deadline=self._deadline.within(LONGEST_WAIT)
            )
        except Unreachable as error:
            raise StorageFailed(f"OSS cannot be reached: {error}", passing=True) from error


def _successful(answer: Answer) -> Answer:
    """Return a successful answer. Raises StorageFailed, which has OSS's code but not its message."""
    if answer.status in (200, 206):
        return answer
    passing = answer.status >= 500 or answer.status in (408, 412, 429)
    said = f"OSS answered {answer.status} {_code(answer)}"
    raise StorageFailed(
        f"{said}, request id {answer.headers.get('x-oss-request-id', 'none')}", passing=passing
    )


def _is_gone(answer: Answer) -> bool:
    return answer.status == 404 and _code(answer) == "NoSuchKey"


def _code(answer: Answer) -> str:
    try:
        return _parsed(answer).findtext("Code", "")
    except ElementTree.ParseError:
        return ""


def _document(answer: Answer, root: str) -> ElementTree.Element:
    """Return the document in a successful answer, at most 1 MB (the HTTP client's limit)."""
    try:
        tree = _parsed(answer)
    except ElementTree.ParseError:
        raise _doubtful() from None
    if tree.tag != root:
        raise _doubtful()
    return tree


def _parsed(answer: Answer) -> ElementTree.Element:
    # From OSS over TLS, with limited size; expat refuses unbounded expansion (CPython's documentation,
    # "XML vulnerabilities", since expat 2.4.1).
    return ElementTree.fromstring(answer.body)  # noqa: S314


def _text(element: ElementTree.Element, name: str) -> str:
    text = element.findtext(name)
    if not text:
        raise ValueError(name)
    return text


def _doubtful() -> StorageFailed:
    """Return the error for a successful answer that is not from OSS: nothing may be deleted because of it."""
    return StorageFailed("OSS answered 200 with unexpected content", passing=True)


def _encoded(name: str) -> str:
    return "/".join(map(percent_encode, name.split("/")))


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _reason_header(reason: str | None) -> dict[str, str]:
    if reason is None:
        return {}
    return {"x-oss-meta-reason": _CUT_ESCAPE.sub("", percent_encode(reason)[:LONGEST_REASON])}
