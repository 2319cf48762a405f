"""Replays the corpus, with small mutations by hypothesis; `make fuzz` does more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS
from tests.fuzz.tokens import TOKENS

MAX_FILE = 8 * 1024  # bytes; a test builds larger cases
EXAMPLES = 60  # of each target in a normal run

CASES = [(target, path) for target in TARGETS for path in corpus.entries(target)]


@pytest.mark.parametrize(("target", "path"), CASES, ids=[f"{t}-{p.name}" for t, p in CASES])
def test_a_case_of_the_corpus_keeps_the_contract(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_a_corpus_is_there_and_small(target: str) -> None:
    files = corpus.entries(target)
    assert files
    assert max(path.stat().st_size for path in files) <= MAX_FILE
    assert {path.name for path in corpus.CORPUS.iterdir()} == set(TARGETS) == set(TOKENS)


@st.composite
def mutants(draw: st.DrawFn, target: str) -> bytes:
    """Draw a case of the corpus with a few parts replaced by a word, bytes or parts of another case."""
    seeds = st.sampled_from([path.read_bytes() for path in corpus.entries(target)])
    data = draw(seeds)
    filling = st.sampled_from(TOKENS[target]) | st.binary(max_size=8) | seeds | st.just(b"")
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 16)) | st.just(len(data)))
        data = data[:start] + draw(filling) + data[end:]
    return data


@pytest.mark.parametrize("target", TARGETS)
def test_a_mutated_case_keeps_the_contract(target: str) -> None:
    @settings(max_examples=max(EXAMPLES, settings().max_examples // 2))
    @given(mutants(target))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()
