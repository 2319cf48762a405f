"""The operations on objects: put, get, copy, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import unquote
from xml.etree import ElementTree

from starlette.responses import Response

from local.oss.access import OssAccess
from local.oss.answers import content, encoder, nothing, xml
from local.oss.buckets import Buckets, StoredObject
from local.oss.call import Call, base64_md5, check_md5, crc64
from local.oss.errors import OssError
from local.oss.markup import Child, Element, NotMarkup, iso, parse
from local.ram import Identity

MOST_DELETED = 1000  # keys in one DeleteMultipleObjects: its documentation

_META = "x-oss-meta-"
_KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding", "expires")


class Objects:
    """The operations; `clock` returns epoch seconds, `largest` is the maximum size of an object in bytes."""

    def __init__(self, buckets: Buckets, gate: OssAccess, clock: Callable[[], float], largest: int) -> None:
        self._buckets, self._gate, self._clock, self.largest = buckets, gate, clock, largest

    def put(self, call: Call, identity: Identity) -> Response:
        """PutObject. Raises OssError."""
        self._gate.permit(identity, "oss:PutObject", call.bucket, call.key)
        if len(call.body) > self.largest:
            message = "Your proposed upload exceeds the maximum allowed size."
            raise OssError("EntityTooLarge", message, MaxSizeAllowed=str(self.largest))
        check_md5(call)
        stored = self._keep(call, call.body, _kept(call.headers), _metadata(call.headers))
        told = {"etag": f'"{stored.etag}"', "content-md5": base64_md5(call.body)}
        return nothing(headers={**told, "x-oss-hash-crc64ecma": crc64(call.body)})

    def get(self, call: Call, identity: Identity) -> Response:
        """GetObject, HeadObject and GetObjectMeta. Raises OssError."""
        self._gate.permit(identity, "oss:GetObject", call.bucket, call.key)
        return content(self._buckets.get(call.bucket, call.key), call)

    def copy(self, call: Call, identity: Identity) -> Response:
        """CopyObject. Raises OssError."""
        source_bucket, source_key = _source(call.headers["x-oss-copy-source"])
        self._gate.permit(identity, "oss:PutObject", call.bucket, call.key)
        self._buckets.bucket(source_bucket)
        self._gate.permit(identity, "oss:GetObject", source_bucket, source_key)
        check_md5(call)
        source = self._buckets.get(source_bucket, source_key)
        directive = call.headers.get("x-oss-metadata-directive", "COPY").upper()
        if directive not in ("COPY", "REPLACE"):
            raise OssError("InvalidArgument", "The x-oss-metadata-directive is invalid.")
        if directive == "COPY":
            stored = self._keep(call, source.body, source.headers, source.metadata)
        else:
            stored = self._keep(call, source.body, _kept(call.headers), _metadata(call.headers))
        told = [("LastModified", iso(stored.modified)), ("ETag", f'"{stored.etag}"')]
        return xml(Element("CopyObjectResult", told))

    def delete(self, call: Call, identity: Identity) -> Response:
        """DeleteObject, which also succeeds if there is no such object. Raises OssError."""
        self._gate.permit(identity, "oss:DeleteObject", call.bucket, call.key)
        self._buckets.delete(call.bucket, [call.key])
        return nothing(204)

    def delete_many(self, call: Call, identity: Identity) -> Response:
        """DeleteMultipleObjects: all of them or none. Raises OssError."""
        if "content-md5" not in call.headers:
            raise OssError("InvalidArgument", "Missing Some Required Arguments: Content-MD5.")
        check_md5(call)
        keys, quiet = _keys_to_delete(call.body)
        for key in keys:
            self._gate.permit(identity, "oss:DeleteObject", call.bucket, key)
        self._buckets.delete(call.bucket, keys)
        encode = encoder(call)
        gone: list[Child] = [Element("Deleted", [("Key", encode(key))]) for key in keys]
        kind = [("EncodingType", "url")] if "encoding-type" in call.query else []
        return nothing() if quiet else xml(Element("DeleteResult", [*kind, *gone]))

    def _keep(
        self, call: Call, body: bytes, headers: Mapping[str, str], metadata: Mapping[str, str]
    ) -> StoredObject:
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
        stored = StoredObject(call.key, body, headers, metadata, etag, self._clock())
        overwrite = call.headers.get("x-oss-forbid-overwrite", "false").lower() != "true"
        self._buckets.put(call.bucket, stored, overwrite=overwrite)
        return stored


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: headers[name] for name in _KEPT if name in headers}
    return {"content-type": "application/octet-stream", **kept}


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)}


def _source(value: str) -> tuple[str, str]:
    bucket, _, key = unquote(value).removeprefix("/").partition("/")
    if not bucket or not key:
        raise OssError("InvalidArgument", "Copy Source must mention the source bucket and key.")
    return bucket, key


def _keys_to_delete(body: bytes) -> tuple[list[str], bool]:
    try:
        tree = parse(body, "Delete")
    except NotMarkup:
        raise _malformed() from None
    keys = [_key(element) for element in tree.findall("Object")]
    if not 1 <= len(keys) <= MOST_DELETED:
        raise _malformed()
    return keys, tree.findtext("Quiet") == "true"


def _key(element: ElementTree.Element) -> str:
    key = element.findtext("Key")
    if not key:
        raise _malformed()
    return key


def _malformed() -> OssError:
    return OssError("MalformedXML", "The XML you provided was not well-formed or did not validate.")
