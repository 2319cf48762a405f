"""Reading answers: valid ones, invalid ones, and every limit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from shared.network.answers import MAX_BODY, MAX_HEAD, Answer, BadAnswer
from shared.network.blocking import run
from tests.shared.network.answers import head, in_chunks, read, read_from, with_length


def test_an_answer_with_a_length_is_read_to_its_end() -> None:
    answer = read(with_length(b'{"a":1}', "x-log-requestid:  5F0C \t", "Content-Type: application/json"))
    assert answer == Answer(
        200,
        {"content-length": "7", "x-log-requestid": "5F0C", "content-type": "application/json"},
        b'{"a":1}',
        reusable=True,
    )


def test_repeated_headers_are_joined_in_order_whatever_their_case() -> None:
    assert read(with_length(b"", "X-A: 1", "x-a: 2", "X-a:")).headers["x-a"] == "1, 2, "


def test_a_status_line_needs_no_reason() -> None:
    assert read(b"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n").status == 503


def test_bytes_beyond_ascii_in_a_value_are_taken_as_latin_1() -> None:
    assert read(with_length(b"", "x-a: é")).headers["x-a"] == "é"


def test_chunks_are_put_together_and_extensions_and_trailers_passed_over() -> None:
    raw = head("HTTP/1.1 200 OK", "transfer-encoding: Chunked")
    answer = read(raw + b"5;name=value\r\nhello\r\n01 \r\n!\r\n0;last\r\nx-trailer: 1\r\n\r\n")
    assert answer.body == b"hello!"
    assert "x-trailer" not in answer.headers
    assert answer.reusable


def test_without_a_length_the_body_goes_on_until_the_end_of_the_stream() -> None:
    answer = read(head("HTTP/1.1 200 OK"), b"one", b"two")
    assert (answer.body, answer.reusable) == (b"onetwo", False)


def test_interim_answers_are_passed_over() -> None:
    interim = head("HTTP/1.1 100 Continue") + head("HTTP/1.1 103 Early Hints", "link: </a>")
    answer = read(interim + with_length(b"last"))
    assert (answer.status, answer.body) == (200, b"last")
    assert "link" not in answer.headers


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_needs_no_length(status: int) -> None:
    answer = read(head(f"HTTP/1.1 {status} Whatever", "Content-Length: 99"))
    assert (answer.status, answer.body, answer.reusable) == (status, b"", True)


@pytest.mark.parametrize(
    ("version", "header", "reusable"),
    [
        ("1.1", "x-a: b", True),
        ("1.1", "Connection: keep-alive", True),
        ("1.1", "Connection: close", False),
        ("1.1", "connection: Keep-Alive, Close", False),
        ("1.0", "x-a: b", False),
        ("1.0", "Connection: keep-alive", False),
    ],
)
def test_the_connection_is_kept_only_where_both_sides_take_that_for_granted(
    version: str, header: str, reusable: bool
) -> None:
    assert read(head(f"HTTP/{version} 200 OK", "Content-Length: 0", header)).reusable is reusable


@pytest.mark.parametrize(
    "whole",
    [with_length(b"body"), in_chunks(b"body"), head("HTTP/1.1 204 No Content")],
    ids=["length", "chunks", "204"],
)
def test_a_connection_with_bytes_left_over_is_not_kept(whole: bytes) -> None:
    assert read(whole).reusable
    assert not read(whole + b"H").reusable


MALFORMED = {
    "nothing": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "lower case": b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a blank first": b" HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
    "status 099": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "status of other digits": "HTTP/1.1 ２００ OK\r\nContent-Length: 0\r\n\r\n".encode(),
    "two blanks": b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
    "cut in the status line": b"HTTP/1.1 200",
    "cut in the headers": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "cut after an interim answer": head("HTTP/1.1 100 Continue"),
    "header without a colon": head("HTTP/1.1 200 OK", "Content-Length"),
    "header without a name": head("HTTP/1.1 200 OK", ": 0"),
    "blank before the colon": head("HTTP/1.1 200 OK", "Content-Length : 0"),
    "folded header": head("HTTP/1.1 200 OK", "x-a: 1", "  2", "Content-Length: 0"),
    "NUL in a value": head("HTTP/1.1 200 OK", "x-a: \0", "Content-Length: 0"),
    "CR in a value": head("HTTP/1.1 200 OK", "x-a: \rb", "Content-Length: 0"),
    "empty length": head("HTTP/1.1 200 OK", "Content-Length:"),
    "negative length": head("HTTP/1.1 200 OK", "Content-Length: -1"),
    "signed length": head("HTTP/1.1 200 OK", "Content-Length: +1") + b"x",
    "hexadecimal length": head("HTTP/1.1 200 OK", "Content-Length: 0x1") + b"x",
    "underscored length": head("HTTP/1.1 200 OK", "Content-Length: 1_0") + b"x" * 10,
    "length of other digits": head("HTTP/1.1 200 OK", "Content-Length: ²") + b"xx",
    "huge length": head("HTTP/1.1 200 OK", "Content-Length: " + "9" * 5000),
    "two lengths": head("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2") + b"xx",
    "both lengths": head("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "other coding": head("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"),
    "two codings": head("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "chunked twice": head("HTTP/1.1 200 OK", *["Transfer-Encoding: chunked"] * 2) + b"0\r\n\r\n",
    "cut in the body": with_length(b"body")[:-1],
    "chunk size missing": in_chunks(end=b"\r\n\r\n"),
    "chunk size negative": in_chunks(end=b"-1\r\n\r\n"),
    "chunk size signed": in_chunks(end=b"+1\r\nx\r\n0\r\n\r\n"),
    "chunk size with 0x": in_chunks(end=b"0x1\r\nx\r\n0\r\n\r\n"),
    "chunk size of nine digits": in_chunks(end=b"000000001\r\nx\r\n0\r\n\r\n"),
    "chunk longer than said": in_chunks(end=b"1\r\nxy\r\n0\r\n\r\n"),
    "chunk shorter than said": in_chunks(end=b"3\r\nx\r\n0\r\n\r\n"),
    "cut in a chunk": in_chunks(end=b"5\r\nhe"),
    "cut after a chunk": in_chunks(b"hello", end=b""),
    "cut before the last line": in_chunks(b"hello", end=b"0\r\n"),
    "two CRs after the status": b"HTTP/1.1 200 OK\r\r\nContent-Length: 0\r\n\r\n",
    "two CRs after a header": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n",
    "two CRs for the empty line": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\r\n",
    "bare LF after the status": b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi",
    "bare LFs alone": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "bare LF after a header": b"HTTP/1.1 200 OK\r\nx-a: b\nContent-Length: 2\r\n\r\nhi",
    "bare LF after a chunk size": in_chunks(end=b"1\nx\r\n0\r\n\r\n"),
    "bare LF after a chunk": in_chunks(end=b"1\r\nx\n0\r\n\r\n"),
    "two CRs after a chunk": in_chunks(end=b"1\r\nx\r\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_or_cut_off_is_a_bad_answer_in_one_piece_and_byte_by_byte(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(raw)
    with pytest.raises(BadAnswer):
        read(*(raw[at : at + 1] for at in range(len(raw))))


def filler(size: int) -> str:
    """Return short header lines with `size` bytes in total."""
    lines = ["x: " + "a" * 997] * (size // 1000)
    return "\r\n".join([*lines, "x:" + "a" * (size % 1000 - 2)])


CAPS: dict[str, Callable[[int], bytes]] = {
    "status line": lambda more: (
        b"HTTP/1.1 200 " + b"a" * (MAX_HEAD - 32 + more) + b"\r\nContent-Length: 0\r\n\r\n"
    ),
    "headers": lambda more: head(
        "HTTP/1.1 200 OK", "x: " + "a" * (MAX_HEAD - 39 + more), "Content-Length: 0"
    ),
    "body with a length": lambda more: with_length(b"a" * (MAX_BODY + more)),
    "body until the end": lambda more: head("HTTP/1.1 200 OK") + b"a" * (MAX_BODY + more),
    "body in one chunk": lambda more: in_chunks(b"a" * (MAX_BODY + more)),
    "body in two chunks": lambda more: in_chunks(b"a" * (MAX_BODY - 9), b"a" * (9 + more)),
    "chunk-size line": lambda more: in_chunks(end=b"0;" + b"a" * (MAX_HEAD - 2 + more) + b"\r\n\r\n"),
    "trailers": lambda more: in_chunks(end=b"0\r\n" + filler(MAX_HEAD + more).encode() + b"\r\n\r\n"),
}


@pytest.mark.parametrize("size", [1, 1000, 64 * 1024, 4 * MAX_BODY])
@pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS.keys())
def test_each_cap_is_passed_exactly_at_it_and_not_one_over(cap: Callable[[int], bytes], size: int) -> None:
    def read_in_pieces(raw: bytes) -> Answer:
        return read(*(raw[at : at + size] for at in range(0, len(raw), size)))

    if size == 1 and len(cap(0)) > 2 * MAX_HEAD:
        size = 777  # a megabyte byte by byte would take a second without showing more
    assert read_in_pieces(cap(0)).status == 200
    with pytest.raises(BadAnswer, match="too l"):
        read_in_pieces(cap(1))


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 ", head("HTTP/1.1 200 OK"), in_chunks(end=b"0\r\n"), in_chunks(end=b"1;")]
)
def test_an_endless_answer_is_given_up_at_the_cap(start: bytes) -> None:
    received = 0
    pieces = iter([start])

    async def receive() -> bytes:
        nonlocal received
        received += 1000
        return next(pieces, b"a" * 1000)

    with pytest.raises(BadAnswer, match="too l"):
        run(read_from(receive))
    assert received <= MAX_BODY + 3000


@pytest.mark.parametrize(
    "line",
    [
        b"x:" + b" " * 60_000 + b"\0",
        b"x: a" + b" " * 60_000 + b"b",
        b"x" * 60_000 + b"\0",
        b"x: " + b" \t" * 30_000 + b"\r \r",
    ],
    ids=["blanks then NUL", "blanks within", "name without colon", "blanks then CR"],
)
def test_a_hostile_header_takes_no_longer_than_a_plain_one(line: bytes) -> None:
    began = time.process_time()
    for raw in (line, b"Transfer-Encoding: chunked\r\n\r\n0" + line[2:]):
        with contextlib.suppress(BadAnswer):
            read(b"HTTP/1.1 200 OK\r\n" + raw + b"\r\n\r\n")
    assert time.process_time() - began < 1


def test_what_the_connection_raises_goes_through() -> None:
    async def receive() -> bytes:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        run(read_from(receive))
