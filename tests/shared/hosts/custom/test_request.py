"""A custom runtime's HTTP request: what the core sees of it, and what it must not see."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.incoming import Incoming
from shared.hosts.custom.request import read_request, split_target
from shared.http.request import Request

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def read(
    *headers: tuple[str, str], query: bytes = b"", path: str = "/a", client: str = "127.0.0.1"
) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return read_request(Incoming(Admission(1), 1, "GET", path, query, raw, client), Deadline(9))


def test_the_path_stays_as_it_came() -> None:
    assert read(path="//logstores/a%2Fb/track").path == "//logstores/a%2Fb/track"


@given(st.dictionaries(TEXT, TEXT, max_size=6))
def test_a_query_is_decoded(pairs: dict[str, str]) -> None:
    assert read(query=urlencode(pairs).encode()).query == pairs


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"a=1&a=2&b=&c", {"a": "1,2", "b": "", "c": ""}),
        (b"a=x+y%20z%2B", {"a": "x y z+"}),
        (b"a=%ff&%F0%9F%98%80=1", {"a": "\ufffd", "\U0001f600": "1"}),
        (b"a=1;b=2&&", {"a": "1;b=2"}),
        (b"=x", {"": "x"}),
    ],
)
def test_a_query_is_decoded_as_on_a_built_in_runtime(query: bytes, expected: dict[str, str]) -> None:
    assert read(query=query).query == expected


def test_header_names_are_in_lower_case_and_repeated_ones_joined() -> None:
    request = read(("User-Agent", "é"), ("x-a", "1"), ("X-A", "2"), ("Host", "h"), ("Connection", "close"))
    assert request.headers == {"user-agent": "é", "x-a": "1,2"}


def test_the_functions_keys_come_from_its_host_and_never_reach_the_headers() -> None:
    request = read(
        ("x-fc-access-key-id", "STS.id"),
        ("x-fc-access-key-secret", "SECRET"),
        ("x-fc-security-token", "TOKEN"),
        ("x-fc-request-id", "1-65d71219-15d63510-fecf237c590c"),
        ("X-Fc-Anything", "else"),
    )
    assert request.credentials == Credentials("STS.id", "SECRET", "TOKEN")
    assert request.id == "1-65d71219-15d63510-fecf237c590c"
    assert request.headers == {}
    assert "SECRET" not in repr(request)


@pytest.mark.parametrize("given", [[], [("x-fc-access-key-id", "a")], [("x-fc-access-key-secret", "b")]])
def test_an_incomplete_key_is_no_credential(given: list[tuple[str, str]]) -> None:
    assert read(*given).credentials is None


def test_keys_without_a_token_are_keys() -> None:
    keys = read(("x-fc-access-key-id", "a"), ("x-fc-access-key-secret", "b"), ("x-fc-security-token", ""))
    assert keys.credentials == Credentials("a", "b", None)


@pytest.mark.parametrize("sent", ["", "a b", "é", "a" * 129])
def test_an_invalid_request_id_is_not_used(sent: str) -> None:
    assert read(("x-fc-request-id", sent)).id == ""


@pytest.mark.parametrize(
    ("forwarded", "source", "left"),
    [
        ([], "127.0.0.1", None),
        (["203.0.113.7"], "203.0.113.7", None),
        (["9.9.9.9, 203.0.113.7"], "203.0.113.7", "9.9.9.9"),
        (["8.8.8.8", "9.9.9.9 , 2001:db8::1"], "2001:db8::1", "8.8.8.8,9.9.9.9 "),
        ([""], "127.0.0.1", None),
    ],
)
def test_the_last_hop_is_the_source_and_the_rest_the_clients_word(
    forwarded: list[str], source: str, left: str | None
) -> None:
    request = read(*(("X-Forwarded-For", value) for value in forwarded))
    assert (request.source_ip, request.headers.get("x-forwarded-for")) == (source, left)


def test_without_any_address_the_source_ip_is_empty() -> None:
    assert read(client="").source_ip == ""


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/a%2Fb?c=d?e", ("/a%2Fb", b"c=d?e")),
        (b"//a/b", ("//a/b", b"")),
        (b"/a?b=\xff", ("/a", b"b=\xff")),
        (b"/a?b#c", ("/a", b"b")),
        (b"http://host:1/a?b", ("/a", b"b")),
    ],
)
def test_a_target_is_a_path_and_a_query_whatever_its_form(target: bytes, parts: tuple[str, bytes]) -> None:
    assert split_target(target) == parts


@pytest.mark.parametrize("target", [b"/\xff", b"host", b""])
def test_an_invalid_target_raises_value_error(target: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        split_target(target)


def test_a_name_too_long_to_be_remembered_is_a_name() -> None:
    assert read(("X" * 65, "1"), ("x" * 65, "2"), ("x-fc-" + "a" * 65, "3")).headers == {"x" * 65: "1,2"}
