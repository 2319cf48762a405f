"""Reading random answers, compared with `http.client`."""

from __future__ import annotations

import contextlib
import http.client
import io
import itertools
import socket
from typing import BinaryIO, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.network.answers import BadAnswer
from shared.network.blocking import run
from tests.shared.network.answers import feed, head, in_chunks, read, read_from

tokens = st.text("!#$%&'*+.^_`|~09AZaz-", min_size=1, max_size=12)
values = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=20
)


FRAMING = ("content-length", "transfer-encoding", "connection", "keep-alive")
headers = st.lists(st.tuples(tokens.filter(lambda name: name.lower() not in FRAMING), values), max_size=5)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw a valid answer, its body delimited in any of the four ways."""
    body = draw(st.binary(max_size=300))
    status = draw(st.sampled_from([200, 201, 400, 401, 403, 500, 503]))
    lines = [f"HTTP/1.1 {status} OK", *(f"{name}: {value}" for name, value in draw(headers))]
    way = draw(st.sampled_from(["length", "chunks", "until close", "none"]))
    if way == "length":
        return head(*lines, f"Content-Length: {len(body)}") + body
    if way == "chunks":
        cuts = sorted(draw(st.sets(st.integers(0, len(body)), max_size=4)) | {0, len(body)})
        chunks = [body[start:end] for start, end in itertools.pairwise(cuts)]
        return head(*lines, "Transfer-Encoding: chunked") + in_chunks(*chunks).split(b"\r\n\r\n", 1)[1]
    if way == "until close":
        return head(*lines) + body
    return head("HTTP/1.1 204 No Content", *lines[1:])


@given(answers(), st.lists(st.integers(1, 40), max_size=30))
def test_an_answer_reads_the_same_however_it_is_split(raw: bytes, sizes: list[int]) -> None:
    pieces, rest = [], raw
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read(*pieces, rest) == read(raw)


@given(answers(), st.data())
def test_a_truncated_answer_is_never_accepted_as_complete(raw: bytes, data: st.DataObject) -> None:
    whole = read(raw)
    cut = data.draw(st.integers(0, len(raw) - 1))
    try:
        answer = read(raw[:cut])
    except BadAnswer:
        return
    assert not answer.reusable  # only a body that ends with the connection can be truncated unnoticed
    assert "content-length" not in whole.headers
    assert "transfer-encoding" not in whole.headers
    assert whole.body.startswith(answer.body)


class Connection:
    """All that `http.client` uses of a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> BinaryIO:
        return io.BytesIO(self._raw)


@given(answers())
def test_the_standard_librarys_client_reads_the_same(raw: bytes) -> None:
    ours = read(raw)
    theirs = http.client.HTTPResponse(cast("socket.socket", Connection(raw)))
    theirs.begin()
    assert (ours.status, ours.body) == (theirs.status, theirs.read())
    joined: dict[str, str] = {}
    for name, value in theirs.getheaders():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    assert ours.headers == joined


HTTP_LIKE = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 100 Continue",
    b"\r\n",
    b"\n",
    b"Content-Length: 3",
    b"a: b",
    b"abc",
]


HTTP_LIKE += [
    b"Transfer-Encoding: chunked",
    b"\r\n\r\n",
    b"3",
    b"0",
    b":",
    b" ",
    b"\r",
    b"\0",
    b"HTTP/1.1 204 No",
]


@given(st.lists(st.binary(max_size=20) | st.sampled_from(HTTP_LIKE), max_size=40))
def test_any_bytes_whatever_end_in_an_answer_or_a_bad_answer(pieces: list[bytes]) -> None:
    calls = 0
    inner = feed(pieces)

    async def receive() -> bytes:
        nonlocal calls
        calls += 1
        return await inner()

    with contextlib.suppress(BadAnswer):
        assert 200 <= run(read_from(receive)).status < 600
    assert calls <= len(pieces) + 1  # the end of the stream is asked for once at most
