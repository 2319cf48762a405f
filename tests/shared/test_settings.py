"""Each reader of settings: its bounds, what counts as unset, and its message."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.network.client import HttpClient
from shared.settings import Environment, SettingError

Reader = Callable[[Environment], object]

BLANK = ["", " ", "\t\n "]
COLOUR = re.compile(r"red|blue")


def env(**variables: str) -> Environment:
    return Environment(variables)


def fault(read: Reader, **variables: str) -> str:
    with pytest.raises(SettingError) as caught:
        read(env(**variables))
    return str(caught.value)


def colour(environment: Environment) -> str:
    return environment.text("X", COLOUR, "a colour")


def duration(environment: Environment) -> int:
    return environment.integer("X", 900, 43200, 3600)


def mode(environment: Environment) -> str:
    return environment.choice("X", ("enforce", "audit"))


def endpoint(environment: Environment) -> str:
    return environment.endpoint("X", "sls.example")


def entries(environment: Environment) -> tuple[str, ...]:
    return environment.entries("X")


def test_surrounding_blanks_of_a_value_are_removed() -> None:
    assert env(X=" \t red\n").get("X") == "red"


@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_value_counts_as_unset(blank: str) -> None:
    environment = env(X=blank)
    assert environment.get("X") is None
    assert environment.text("X", COLOUR, "a colour", "blue") == "blue"
    assert environment.optional_text("X", COLOUR, "a colour") is None
    assert (mode(environment), duration(environment), endpoint(environment)) == (
        "enforce",
        3600,
        "sls.example",
    )
    assert environment.entries("X") == ()


@pytest.mark.parametrize("blank", [*BLANK, None])
def test_an_unset_required_setting_is_refused(blank: str | None) -> None:
    variables = {} if blank is None else {"X": blank}
    assert fault(colour, **variables) == "X is not set; expected a colour"


@pytest.mark.parametrize("held", ["green", "reddish", "red\nx", "Red"])
def test_a_value_of_another_form_is_refused_with_its_value_and_the_format(held: str) -> None:
    assert fault(colour, X=held) == f"X has the value {held!r}; expected a colour"
    assert fault(lambda read: read.optional_text("X", COLOUR, "a colour"), X=held).startswith(
        "X has the value"
    )


def test_an_error_knows_the_settings_name() -> None:
    with pytest.raises(SettingError) as caught:
        colour(env())
    assert caught.value.name == "X"


@pytest.mark.parametrize("held", ["enforce", "audit"])
def test_each_option_is_accepted(held: str) -> None:
    assert mode(env(X=held)) == held


@pytest.mark.parametrize("held", ["Audit", "audit,enforce", "off"])
def test_an_unknown_option_is_refused_with_the_options(held: str) -> None:
    assert fault(mode, X=held) == f"X has the value {held!r}; expected one of enforce, audit"


@pytest.mark.parametrize(("held", "number"), [("900", 900), ("43200", 43200), ("000900", 900)])
def test_a_number_at_its_bounds_is_accepted(held: str, number: int) -> None:
    assert duration(env(X=held)) == number


@pytest.mark.parametrize(
    "held", ["899", "43201", "-900", "+900", "9e2", "900.0", "9_00", "９００", "x", "9" * 5000]
)
def test_an_invalid_or_out_of_bounds_number_is_refused(held: str) -> None:
    assert fault(duration, X=held) == f"X has the value {held!r}; expected a whole number from 900 to 43200"


def test_entries_are_split_at_commas_without_surrounding_blanks() -> None:
    assert env(X=" a ,b,\tc d ").entries("X") == ("a", "b", "c d")


@pytest.mark.parametrize("held", [",", "a,", ",a", "a,,b", "a, ,b"])
def test_an_empty_entry_is_refused(held: str) -> None:
    assert fault(entries, X=held).startswith(f"X has the value {held!r}; expected entries")


@pytest.mark.parametrize("name", ["abc", "a-1", "1a2", "a" * 63, "a--b"])
def test_a_project_name_of_3_to_63_characters_is_accepted(name: str) -> None:
    assert env(SLS_PROJECT=name).project() == name


@pytest.mark.parametrize("name", ["ab", "a" * 64, "-ab", "ab-", "a_b", "Abc", "a.b", "a b", "äbc", "a/b"])
def test_an_invalid_project_name_is_refused(name: str) -> None:
    assert fault(Environment.project, SLS_PROJECT=name).startswith(
        f"SLS_PROJECT has the value {name!r}; expected a Project"
    )


@pytest.mark.parametrize("names", [("ab",), ("a" * 63, "a_b-c", "0_0")])
def test_logstore_names_of_2_to_63_characters_are_accepted(names: tuple[str, ...]) -> None:
    assert env(SLS_LOGSTORES=" , ".join(names)).logstores() == names


@pytest.mark.parametrize(
    "names", ["a", "a" * 64, "_ab", "ab_", "ab-", "AB", "good,..", "good,a/b", "good,a%2fb", "good, "]
)
def test_an_invalid_logstore_name_is_refused(names: str) -> None:
    assert fault(Environment.logstores, SLS_LOGSTORES=names).startswith(
        f"SLS_LOGSTORES has the value {names.strip()!r}"
    )


@pytest.mark.parametrize("read", [Environment.project, Environment.logstores, Environment.region])
def test_project_logstores_and_region_are_required(read: Reader) -> None:
    assert "is not set" in fault(read)


def test_the_region_is_by_default_the_one_the_function_runs_in() -> None:
    assert env(FC_REGION="cn-hangzhou").region() == "cn-hangzhou"
    assert env(FC_REGION="cn-hangzhou", SLS_REGION="eu-central-1").region() == "eu-central-1"


@pytest.mark.parametrize("held", ["cn_hangzhou", "CN", "cn-", "cn/hangzhou", "cn.hangzhou"])
def test_an_invalid_region_is_refused(held: str) -> None:
    assert "cn-hangzhou" in fault(Environment.region, SLS_REGION=held)


@pytest.mark.parametrize(
    "held",
    [
        "cn-hangzhou.log.aliyuncs.com",
        "http://127.0.0.1:9001",
        "https://a.example/",
        "http://[::1]:9001",
        "https://a.example:65535",
    ],
)
def test_an_endpoint_is_a_host_name_or_an_address(held: str) -> None:
    assert endpoint(env(X=held)) == held


@pytest.mark.parametrize(
    "held",
    [
        "a.example:80",
        "a.example/",
        "[::1]",
        "http://a.example/path",
        "http://a.example:0",
        "http://a.example:65536",
        "http://[1:2]",
        "http://user@a.example",
        "ftp://a.example",
        "a..example",
        "a.example@evil.io",
        "a.example#",
    ],
)
def test_an_invalid_endpoint_is_refused_with_the_expected_form(held: str) -> None:
    message = fault(endpoint, X=held)
    assert message.startswith(f"X has the value {held!r}; expected a host name")
    assert "http(s)://host[:port]" in message


HOSTS = ["[::1]", "::1", "127.0.0.1", "a", "b-c", "a" * 63, "a" * 64, "é", "fe80::1%1"]
PORTS = [":80", ":65535", ":65536", ":0", ":"]
MARKS = ["[", "]", "_", ".", "..", "/", "@", "%", "?", "#", "\\", "\n", "-"]
pieces = st.sampled_from(["http://", "https://", *HOSTS, *PORTS, *MARKS])


@given(st.lists(pieces, max_size=7).map("".join) | st.text(string.printable, max_size=30))
def test_every_accepted_endpoint_is_a_valid_address(held: str) -> None:
    try:
        taken = endpoint(env(X=held))
    except SettingError:
        return
    address = taken if "://" in taken else f"https://{'p' * 63}.{taken}"
    assert HttpClient(address).host


@pytest.mark.parametrize("read", [colour, duration, mode, endpoint, entries])
@given(st.text(string.printable, max_size=30))
def test_invalid_settings_raise_only_setting_errors(read: Reader, held: str) -> None:
    assume(held.strip())
    try:
        taken = read(env(X=held))
    except SettingError as error:
        taken = str(error).startswith(f"X has the value {held.strip()!r}; expected ")
    assert taken
