"""Lone surrogates are replaced, everything else stays unchanged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.surrogates import repair


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (rb'"\ud800"', '"�"'.encode()),
        (rb'"\uDFFF"', '"�"'.encode()),
        (rb'"\ud83d\ude00"', '"😀"'.encode()),
        (rb'"\uD83D\uDE00"', '"😀"'.encode()),
        (rb'"\ude00\ud83d"', '"��"'.encode()),
        (rb'"\ud83d\ud83d\ude00"', '"�😀"'.encode()),
        (rb'"\\ud800"', rb'"\\ud800"'),
        (rb'"\\\ud800"', rb'"\\' + '�"'.encode()),
        (rb'"?\ud800\u003f\"\?"', '"?�'.encode() + rb'\u003f\"\?"'),
        (rb'"\n\u00e9\u005c\ue000\ud800"', rb'"\n\u00e9\u005c\ue000' + '�"'.encode()),
        (b'"\xff\\ud800"', b'"\xff\\ud800"'),
        (b'"\x01\\ud800"', b'"\x01\\ud800"'),
        (b'"\\ud8zz"', b'"\\ud8zz"'),
        (b'"\\ud80', b'"\\ud80'),
        (b"\\", b"\\"),
        (b"", b""),
    ],
)
def test_only_lone_surrogates_are_replaced(text: bytes, repaired: bytes) -> None:
    assert repair(text) == repaired


halves = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"])


@given(st.text(st.characters() | halves | st.sampled_from('\\"u')))
def test_repaired_json_reads_as_utf_16_with_its_errors_replaced_would(text: str) -> None:
    expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert json.loads(repair(json.dumps(text).encode())) == expected


@given(st.binary())
def test_any_bytes_can_be_repaired_and_once_is_enough(junk: bytes) -> None:
    assert repair(repair(junk)) == repair(junk)
