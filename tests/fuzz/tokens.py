"""Words with a meaning for a target; mutations with them are more effective than single bytes."""

from __future__ import annotations

_JSON = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\",
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"1.5E-7",
    b"NaN",
)
_TEXTS = (
    b"\\ud800",
    b"\\udc00",
    b"\\ud83d\\ude00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\0",
)
_BATCH = (b'"__logs__"', b'"__tags__"', b'"__topic__"', b'"__source__"', b'"__time__"', b'"client_ip"')
_EVENT = (b'"requestContext"', b'"http"', b'"method"', b'"rawPath"', b'"headers"', b'"isBase64Encoded"')
_PAIRS = (b"=", b"&", b"+", b"%", b"%26", b"%00", b"APIVersion=0.6.0", b"__topic__=", b"__source__=")
_ORIGINS = (
    b"https://",
    b"http://",
    b"*.",
    b":*",
    b":443",
    b":65535",
    b":65536",
    b"localhost",
    b"[::1]",
    b"\n\n",
)
_HOSTS = (b"a.example.com", b".", b"-", b"@", b"\\", b"/", b"?", b"#", b"xn--", b"null", b"127.0.0.1")
_HTTP = (b"HTTP/1.1 200 OK", b"HTTP/1.0 500 ", b"HTTP/1.1 100 Continue", b"\r\n", b"\n", b"\r", b"0\r\n\r\n")
_FIELDS = (b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Connection: close", b" ", b"\t", b"1;x=y")
_STS = (b'"Credentials"', b'"Expiration"', b'"2027-01-15T08:00:00Z"', b'"Code"', b'"Throttling.User"', b"429")
_CASES = (b"signed up POST ", b"anonymous ", b"audit down GET ", b"/track.gif?", b"/logstores/checkout/track")
_NAMED = (b"Origin: ", b"Referer: ", b"Content-Encoding: gzip", b"x-log-compresstype: lz4", b"User-Agent: ")
_BINARY = (
    b"\x1f\x8b\x08",
    b"\x78\x9c",
    b"\xff\xff",
    b"\x00\x01\x00",
    b"\x0f",
    b"\xf0",
    b"\x80\x00",
    b"\x03\x00",
)
_SPOOL = (b'"version":1', b'"project"', b'"logstore"', b'"received":1', b'"body":{}', b"{}")

TOKENS: dict[str, tuple[bytes, ...]] = {
    "event": (*_JSON, *_TEXTS, *_EVENT),
    "pairs": (*_PAIRS, *_TEXTS),
    "body_plain": (*_JSON, *_TEXTS, *_BATCH),
    "body_lz4": _BINARY,
    "body_deflate": _BINARY,
    "body_gzip": _BINARY,
    "origins": (*_ORIGINS, *_HOSTS),
    "sls_answer": (*_HTTP, *_FIELDS),
    "sts_answer": (*_JSON, *_TEXTS, *_STS),
    "spool": (*_SPOOL, *_JSON, *_TEXTS, *_BINARY),
    "handler": (*_CASES, *_NAMED, *_BATCH, *_JSON, *_TEXTS, *_PAIRS, *_HOSTS),
}
