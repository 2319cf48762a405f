from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.token.assume_role import Issued, TemporaryError, read_answer
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.answers import Answer

CREDENTIALS = {
    "AccessKeyId": "STS.NId",
    "AccessKeySecret": "the-secret",
    "SecurityToken": "CAIS-the-token",
    "Expiration": "2027-01-15T08:00:00Z",
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["Code", "Credentials"]), inner)
    ),
)


def answer(status: int, document: object) -> Answer:
    return Answer(status, {}, json.dumps(document).encode())


def failure(reply: Answer) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_answer(reply)
    return caught.value


def test_a_credential_is_read_with_its_expiry() -> None:
    issued = read_answer(answer(200, {"RequestId": "R", "Credentials": CREDENTIALS}))
    assert issued == Issued(
        "STS.NId", "the-secret", "CAIS-the-token", "2027-01-15T08:00:00Z", 1_800_000_000.0
    )


def test_a_credential_shows_no_secret() -> None:
    shown = repr(read_answer(answer(200, {"Credentials": CREDENTIALS})))
    assert "the-secret" not in shown
    assert "CAIS-the-token" not in shown


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in CREDENTIALS.items() if key != name}


NONSENSE: list[Any] = [
    None,
    [],
    "text",
    {},
    {"Credentials": None},
    {"Credentials": "STS.NId"},
    {"Credentials": [CREDENTIALS]},
    *({"Credentials": without(name)} for name in CREDENTIALS),
    *({"Credentials": {**CREDENTIALS, name: ""}} for name in CREDENTIALS),
    *({"Credentials": {**CREDENTIALS, name: 7}} for name in CREDENTIALS),
    {"Credentials": {**CREDENTIALS, "Expiration": "tomorrow"}},
    {"Credentials": {**CREDENTIALS, "Expiration": "2027-02-30T08:00:00Z"}},
    {"Credentials": {**CREDENTIALS, "Expiration": "2027-01-15T08:00:00"}},
    {"Credentials": {**CREDENTIALS, "Expiration": "2027-01-15T08:00:00Z\n"}},
    {"Credentials": {**CREDENTIALS, "Expiration": "٢٠٢٧-01-15T08:00:00Z"}},
]


@pytest.mark.parametrize("document", NONSENSE)
def test_a_200_that_makes_no_sense_is_rejected(document: object) -> None:
    assert failure(answer(200, document)).kind is UPSTREAM_REJECTED


NOT_JSON = [
    *(b"", b"<html>", b"\xff", b"{", b"[" * 100_000, b'{"Credentials":{}'),
    *(b'{"Credentials":"\xff"}', b'{"\xff":1}', b'{"a":"\xed\xa0\x80"}', b'{"a":' + b"1" * 5000 + b"}"),
]


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:20]))
def test_a_200_that_is_not_json_is_rejected(body: bytes) -> None:
    assert failure(Answer(200, {}, body)).kind is UPSTREAM_REJECTED


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:20]))
def test_a_503_that_is_not_json_may_pass(body: bytes) -> None:
    with pytest.raises(TemporaryError, match=r"STS answered 503 \(none\)"):
        read_answer(Answer(503, {}, body))


@given(st.integers(200, 599), st.binary() | anything.map(lambda value: json.dumps(value).encode()))
def test_whatever_sts_answers_ends_in_one_of_three_ways(status: int, body: bytes) -> None:
    try:
        outcome: object = read_answer(Answer(status, {}, body))
    except TemporaryError:
        outcome = "once more"
    except ApiError as error:
        outcome = error.kind
    if isinstance(outcome, Issued):
        assert status == 200
    elif outcome == "once more":
        assert status >= 500 or b"SignatureNonceUsed" in body
    else:
        assert outcome in (SERVER_BUSY, UPSTREAM_REJECTED)


@pytest.mark.parametrize("code", ["x" * 81, "two words", "a\nb", "", None, 5, {"a": 1}])
def test_an_invalid_error_code_is_not_logged(code: object) -> None:
    detail = failure(answer(403, {"Code": code, "RequestId": "R-1", "Message": "m"})).detail
    assert detail == "STS answered 403 (none), request id R-1"


def test_throttling_is_recognised_whatever_the_status() -> None:
    for status in (400, 429, 503):
        assert failure(answer(status, {"Code": "Throttling.User"})).kind is SERVER_BUSY


def test_sts_own_words_are_never_repeated() -> None:
    error = failure(
        answer(400, {"Code": "SignatureDoesNotMatch", "Message": "string to sign is: CAIS-the-token"})
    )
    assert "CAIS" not in f"{error} {error.detail}"
