from __future__ import annotations

from tests.mutations.mutants import mutants

SOURCE = '''
def f(a: int = 1) -> str:
    """A docstring."""
    if a > 2 and not a:
        g(a)
    return "x" if a else b""
'''


def test_each_change_is_one_and_annotations_and_docstrings_stay() -> None:
    assert [(found.line, found.change) for found in mutants(SOURCE)] == [
        (2, "1 -> 2"),
        (4, "a > 2 and (not a) -> a > 2 or not a"),
        (4, "a > 2 -> a >= 2"),
        (4, "not a -> a"),
        (4, "2 -> 3"),
        (5, "g(a) -> pass"),
        (6, "return 'x' if a else b'' -> return None"),
        (6, "'x' if a else b'' -> 'x' if not a else b''"),
        (6, "'x' -> 'xXX'"),
        (6, "b'' -> b'XX'"),
    ]


def test_the_rest_of_the_module_stays() -> None:
    (_, _, *_, call, _, _, _, _) = mutants(SOURCE)
    assert "g(a)" not in call.source
    assert call.source.count("a > 2 and (not a)") == 1
    assert "A docstring." in call.source
