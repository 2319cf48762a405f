"""The search language of GetLogs, as far as looking up logs needs it (documentation, "Search syntax").

Words, ``"quoted words"``, ``key: value``, ``prefix*``, ``and``, ``or``, ``not`` and parentheses; words side
by side are joined by ``and``. A word matches a whole word of a log, whatever its case. SQL after a ``|`` and
comparisons of numbers are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from local.sls.errors import SlsError
from local.sls.groups import TAG_PREFIX
from local.sls.store import StoredLog

_TEXT = r'"(?:[^"\\]|\\.)*"|[^\s:"()|<>=]+'
_TOKEN = re.compile(
    rf"\s*(?:(?P<mark>[()])|(?:(?P<key>(?:{TAG_PREFIX})?(?:{_TEXT}))\s*:\s*)?(?P<text>{_TEXT}))\s*"
)
_DELIMITERS = re.compile(r"[\s,'\";=()\[\]{}?@&<>/:]+")  # the default ones of an index

Match = Callable[[StoredLog], bool]


class Query(NamedTuple):
    """A compiled query; `needle` is a text every match contains, to narrow the search by."""

    matches: Match
    needle: str


class _Token(NamedTuple):
    mark: str
    key: str
    text: str

    @property
    def word(self) -> str:
        """The token in lower case if it can be an operator."""
        return self.mark or ("" if self.key else self.text.lower())


def compile_query(text: str) -> Query | None:
    """Compile `text`; None if it asks for everything. Raises SlsError: ParameterInvalid."""
    if text.strip() in ("", "*"):
        return None
    tokens = _tokens(text)
    parser = _Parser(tokens)
    matches = parser.either()
    if parser.left:
        raise _invalid(f"not expected: {parser.left[0].mark or parser.left[0].text}")
    return Query(matches, _needle(tokens))


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _invalid(f"cannot be read from: {text[position : position + 40]}")
        tokens.append(_Token(*(found[group] or "" for group in ("mark", "key", "text"))))
        position = found.end()
    return tokens


def _needle(tokens: list[_Token]) -> str:
    if any(token.word in ("or", "not") for token in tokens):
        return ""
    parts = [part for token in tokens if token.word != "and" for part in _parts(_plain(token.text))]
    return max((part.rstrip("*") for part in parts), key=len, default="")


def _invalid(reason: str) -> SlsError:
    return SlsError("ParameterInvalid", f"the query is not understood: {reason}")


class _Parser:
    """Reads tokens from the left: ``or`` binds weakest, then ``and``, then ``not``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.left = list(tokens)

    def either(self) -> Match:
        """Read alternatives."""
        matches = self._all()
        while self._take("or"):
            matches = _any_of(matches, self._all())
        return matches

    def _all(self) -> Match:
        matches = self._one()
        while self.left and self.left[0].word not in ("or", ")"):
            self._take("and")
            matches = _all_of(matches, self._one())
        return matches

    def _one(self) -> Match:
        if not self.left:
            raise _invalid("it ends too early")
        if self._take("not"):
            return _none_of(self._one())
        if self._take("("):
            matches = self.either()
            if not self._take(")"):
                raise _invalid("a parenthesis is not closed")
            return matches
        token = self.left.pop(0)
        if token.word in ("and", "or", ")"):
            raise _invalid(f"not expected: {token.word}")
        return _term(_plain(token.key), _plain(token.text))

    def _take(self, word: str) -> bool:
        if self.left and self.left[0].word == word:
            self.left.pop(0)
            return True
        return False


def _any_of(first: Match, second: Match) -> Match:
    return lambda log: first(log) or second(log)


def _all_of(first: Match, second: Match) -> Match:
    return lambda log: first(log) and second(log)


def _none_of(inner: Match) -> Match:
    return lambda log: not inner(log)


def _plain(text: str) -> str:
    prefix = TAG_PREFIX if text.startswith(f'{TAG_PREFIX}"') else ""
    quoted = text[len(prefix) :]
    return prefix + re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted.startswith('"') else text


def _term(key: str, text: str) -> Match:
    if not key:
        return lambda log: any(_contains(value, text) for value in contents(log).values())
    return lambda log: key in (content := contents(log)) and _contains(content[key], text)


def contents(log: StoredLog) -> dict[str, str]:
    """Return a log's keys and values as GetLogs shows them, tags with their prefix."""
    tags = {TAG_PREFIX + key: value for key, value in log.tags.items()}
    return {"__topic__": log.topic, "__source__": log.source, **tags, **log.fields}


def _parts(text: str) -> list[str]:
    return [part for part in _DELIMITERS.split(text.casefold()) if part]


def _contains(value: str, text: str) -> bool:
    if not text.isascii():
        return text.casefold() in value.casefold()
    words = _parts(value)
    return text == "*" or all(_found(part, words) for part in _parts(text))


def _found(part: str, words: list[str]) -> bool:
    if part.endswith("*"):
        return any(word.startswith(part[:-1]) for word in words)
    return part in words
