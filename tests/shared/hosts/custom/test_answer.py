"""An answer as bytes: one line a header, whatever the core says."""

from __future__ import annotations

import pytest

from shared.hosts.custom.answer import written
from shared.http.response import Response


def test_an_answer_is_written_whole() -> None:
    answer = written(Response(200, {"X-A": "é", "x-b": "1"}, b"ab"))
    assert answer == b"HTTP/1.1 200 OK\r\nX-A: \xe9\r\nx-b: 1\r\ncontent-length: 2\r\n\r\nab"


def test_the_last_one_says_so_and_one_to_a_head_has_no_body() -> None:
    answer = written(Response(404, {}, b"ab"), close=True, with_body=False)
    assert answer == b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\x7f"])
def test_a_header_of_more_than_one_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="control"):
        written(Response(200, {"x-a": value}))
    with pytest.raises(ValueError, match="control"):
        written(Response(200, {value: "a"}))


@pytest.mark.parametrize("value", ["a\tb", "\xa0", "\u2028", "日"])
def test_unusual_characters_that_are_not_control_characters_pass(value: str) -> None:
    head = written(Response(200, {"x-a": value})).split(b"\r\n")
    assert head[1] == b"x-a: " + value.encode("latin-1", "replace")
    assert len(head) == 5
