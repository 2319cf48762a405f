"""ListObjectsV2: the objects of a bucket, in pages, in the order of their keys' UTF-8."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from starlette.responses import Response

from local.oss.access import OssAccess
from local.oss.answers import encoder, xml
from local.oss.buckets import Buckets, StoredObject
from local.oss.call import Call
from local.oss.errors import OssError
from local.oss.markup import Child, Element, iso
from local.ram import Identity

USUAL_PAGE, LARGEST_PAGE = 100, 1000  # entries: the documentation of ListObjectsV2

Entry: TypeAlias = StoredObject | str
"""An object, or the common prefix that represents several objects."""


class ListParameters(NamedTuple):
    """The parameters of a listing; `after` is the last entry of the previous page, or the start."""

    prefix: str
    delimiter: str
    after: str
    most: int

    @staticmethod
    def read(query: Mapping[str, str]) -> ListParameters:
        """Read the parameters. Raises OssError: InvalidArgument."""
        token = query.get("continuation-token")
        after = query.get("start-after", "") if token is None else _parse_token(token)
        return ListParameters(query.get("prefix", ""), query.get("delimiter", ""), after, _page_size(query))


class Listing:
    """The operation, over all buckets."""

    def __init__(self, buckets: Buckets, gate: OssAccess) -> None:
        self._buckets, self._gate = buckets, gate

    def list_objects(self, call: Call, identity: Identity) -> Response:
        """ListObjectsV2. Raises OssError."""
        self._gate.permit(identity, "oss:ListObjects", call.bucket)
        if call.query["list-type"] != "2":
            raise OssError("InvalidArgument", "The list-type is invalid.")
        wanted, encode = ListParameters.read(call.query), encoder(call)
        page, more = _page(_entries(self._buckets.objects(call.bucket).values(), wanted), wanted.most)
        return xml(
            Element(
                "ListBucketResult",
                [*_echo(call, wanted, encode), *_page_xml(page, more, encode)],
            )
        )


def _page(entries: Iterator[Entry], most: int) -> tuple[list[Entry], bool]:
    page: list[Entry] = []
    for entry in entries:
        if len(page) == most:
            return page, True
        page.append(entry)
    return page, False


def _entries(found: Iterable[StoredObject], wanted: ListParameters) -> Iterator[Entry]:
    last = ""
    for stored in found:
        if not stored.key.startswith(wanted.prefix):
            continue
        common = _common_prefix(stored.key, wanted)
        name = common or stored.key
        if name != last and name > wanted.after:
            last = name
            yield common or stored


def _common_prefix(key: str, wanted: ListParameters) -> str:
    if not wanted.delimiter:
        return ""
    end = key.find(wanted.delimiter, len(wanted.prefix))
    return "" if end < 0 else key[: end + len(wanted.delimiter)]


def _echo(call: Call, wanted: ListParameters, encode: Callable[[str], str]) -> Iterator[Child]:
    yield "Name", call.bucket
    yield "Prefix", encode(wanted.prefix)
    yield "MaxKeys", str(wanted.most)
    yield "Delimiter", encode(wanted.delimiter)
    for parameter, name in (("start-after", "StartAfter"), ("continuation-token", "ContinuationToken")):
        if parameter in call.query:
            yield name, encode(call.query[parameter])
    if "encoding-type" in call.query:
        yield "EncodingType", "url"


def _page_xml(page: list[Entry], more: bool, encode: Callable[[str], str]) -> Iterator[Child]:
    yield "IsTruncated", "true" if more else "false"
    if more:
        yield "NextContinuationToken", encode(_token(page[-1]))
    for entry in page:
        if isinstance(entry, str):
            yield Element("CommonPrefixes", [("Prefix", encode(entry))])
        else:
            yield Element("Contents", _summary(entry, encode))
    yield "KeyCount", str(len(page))


def _summary(stored: StoredObject, encode: Callable[[str], str]) -> list[Child]:
    return [
        ("Key", encode(stored.key)),
        ("LastModified", iso(stored.modified)),
        ("ETag", f'"{stored.etag}"'),
        ("Type", "Normal"),
        ("Size", str(len(stored.body))),
        ("StorageClass", "Standard"),
    ]


def _token(entry: Entry) -> str:
    name = entry if isinstance(entry, str) else entry.key
    return base64.urlsafe_b64encode(name.encode()).decode().replace("=", ".")


def _parse_token(token: str) -> str:
    try:
        return base64.b64decode(token.replace(".", "="), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        message = "The continuation token provided is incorrect."
        raise OssError("InvalidArgument", message, ec="0015-00000404") from None


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("max-keys", str(USUAL_PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:5]) <= LARGEST_PAGE:
        message = f"Argument max-keys must be an integer between 1 and {LARGEST_PAGE}."
        raise OssError("InvalidArgument", message, ArgumentName="max-keys", ArgumentValue=text)
    return int(text)
