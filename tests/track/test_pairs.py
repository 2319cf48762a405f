"""A GET's pairs: how each is stored, and how their size is counted."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from functions.track.query import encoded_size, read_pairs
from shared.http.errors import ApiError
from tests.track.support import fields_of

LARGEST = 16 * 1024 - 1


def test_topic_and_source_go_beside_the_log_and_the_version_nowhere() -> None:
    query = {"APIVersion": "0.6.0", "__topic__": "T", "__source__": "S", "__SOURCE__": "x", "a": "1"}
    batch = read_pairs(query)
    assert (batch.topic, batch.source, batch.tags) == ("T", "S", None)
    assert fields_of(batch) == [{"__SOURCE__": "x", "a": "1"}]
    assert len(query) == 5  # the request keeps its own


def test_pairs_that_are_too_long_are_refused_with_their_size_and_the_way_out() -> None:
    assert fields_of(read_pairs({"a": "x" * (LARGEST - 2)})) == [{"a": "x" * (LARGEST - 2)}]
    with pytest.raises(ApiError) as refused:
        read_pairs({"a": "x" * (LARGEST - 1)})
    assert refused.value.kind.code == "ParameterTooLarge"
    assert refused.value.message == (
        "the pairs have 16384 bytes; at most 16383 are allowed: use POST for more"
    )


@pytest.mark.parametrize(
    ("pairs", "size"),
    [({}, 0), ({"": ""}, 1), ({"": "", "a": ""}, 4), ({"a": "\ud800"}, 5), ({"é": "~ *"}, 12)],
)
def test_the_size_of_pairs_is_counted_in_bytes_as_they_are_sent(pairs: dict[str, str], size: int) -> None:
    assert encoded_size(pairs) == size  # a lone surrogate counts as its `?`


def test_each_character_counts_as_form_encoding_writes_it() -> None:
    for character in map(chr, range(0x180)):
        pairs = {"k": character}
        assert encoded_size(pairs) == len(urlencode(pairs)), repr(character)
