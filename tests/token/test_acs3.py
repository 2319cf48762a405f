"""The signature against the SDK's own functions, for any input."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from alibabacloud_tea_openapi.utils import Utils, get_canonical_query_string
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st

from functions.token import acs3
from shared.alibaba.percent import percent_encode

text = st.text(st.characters(exclude_categories=["Cs"]))
header_names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E))


@given(text)
def test_text_is_encoded_as_the_standard_library_would(value: str) -> None:
    assert percent_encode(value) == quote(value, safe="~")


@given(st.dictionaries(text, text))
def test_the_query_is_the_sdks(parameters: dict[str, str]) -> None:
    keys = {percent_encode(name): value for name, value in parameters.items()}
    # The SDK leaves names as they are; those of AssumeRole need no encoding.
    plain = {name: value for name, value in parameters.items() if name.isascii() and name.isalnum()}
    assert acs3.canonical_query(plain) == get_canonical_query_string(plain)
    assert acs3.canonical_query(parameters).count("=") == len(keys) == len(parameters)


@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(["Policy", "RoleArn", "A"]), text),
    st.dictionaries(header_names, header_values),
    st.binary(),
    st.text(st.characters(codec="ascii"), min_size=1),
)
def test_the_authorization_is_the_sdks(
    method: str, parameters: dict[str, str], headers: dict[str, str], body: bytes, secret: str
) -> None:
    signed = {**headers, "host": "sts.aliyuncs.com", "x-acs-content-sha256": acs3.payload_hash(body)}
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = method, "/", parameters, signed
    expected = Utils.get_authorization(
        request, "ACS3-HMAC-SHA256", hashlib.sha256(body).hexdigest(), "LTAI5tId", secret
    )
    query = acs3.canonical_query(parameters)
    ours = acs3.authorization(method, query, signed, access_key_id="LTAI5tId", access_key_secret=secret)
    assert ours == expected


def test_the_hash_of_an_empty_body_is_the_documented_one() -> None:
    assert acs3.payload_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
