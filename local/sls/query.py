"""The part of GetLogs' search language that the stand-in supports (documentation, "Search syntax").

Words, ``"quoted words"``, ``#"a phrase"``, ``key: value``, ``prefix*``, ranges of numbers (``key > 5``,
``key in [5 10)``), ``and``, ``or``, ``not`` and parentheses; adjacent words are joined by ``and``. A word
matches a whole word of a value, ignoring case; a phrase matches adjacent words. Everything else is
refused, such as wildcards that are not at the end of a word.

A search is compiled to an SQL condition, which the store applies to its columns.
"""

from __future__ import annotations

import re

from local.sls.errors import SlsError
from local.sls.groups import TAG_PREFIX
from local.sls.store import Condition
from local.sls.words import split_words

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TEXT = rf'{_QUOTED}|[^\s:"()\[\]|<>=#]+'
_KEY = rf"(?:{TAG_PREFIX})?(?:{_TEXT})"
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<mark>[()])
    |(?P<field>{_KEY})\s*(?P<compare><=|>=|<|>|=)\s*(?P<number>{_NUMBER})(?=[\s()]|$)
    |(?P<ranged>{_KEY})\s+in\s*(?P<open>[\[(])\s*(?P<low>{_NUMBER}|\*)\s+(?P<high>{_NUMBER}|\*)\s*(?P<close>[\])])
    |(?:(?P<key>{_KEY})\s*:\s*)?(?P<text>\#{_QUOTED}|{_TEXT})
    )\s*""",
    re.VERBOSE,
)
_LONGEST = 10_000  # characters of a search
_MOST = 100  # words, keys, operators and parentheses; SLS allows 30 operators
_DEEPEST = 64  # nested parentheses and ``not``

_EVERYTHING = Condition("1", ())
_ANY_KEY = "words"  # the column with the words of all values


def compile_query(text: str) -> Condition | None:
    """Compile `text`; None if it matches everything. Raises SlsError: ParameterInvalid."""
    if text.strip() in ("", "*"):
        return None
    if len(text) > _LONGEST:
        raise _invalid(f"it has more than {_LONGEST} characters")
    parser = _Parser(_tokens(text))
    condition = parser.either()
    if parser.left:
        raise _invalid(f"unexpected: {parser.left[0].shown}")
    return condition


class _Token:
    def __init__(self, found: re.Match[str]) -> None:
        self.parts = {name: value or "" for name, value in found.groupdict().items()}
        self.shown = found[0].strip()

    @property
    def word(self) -> str:
        """The token in lower case if it can be an operator."""
        if self.parts["mark"]:
            return self.parts["mark"]
        return self.parts["text"].lower() if self.parts["text"] and not self.parts["key"] else ""

    def condition(self) -> Condition:
        """Return its condition."""
        if self.parts["field"]:
            return _compared(self.parts["field"], self.parts["compare"], self.parts["number"])
        if self.parts["ranged"]:
            return self._range()
        return _term(self.parts["key"], self.parts["text"])

    def _range(self) -> Condition:
        key, low, high = (self.parts[name] for name in ("ranged", "low", "high"))
        above = ">=" if self.parts["open"] == "[" else ">"
        below = "<=" if self.parts["close"] == "]" else "<"
        return _joined(
            "AND",
            _compared(key, above, "-inf" if low == "*" else low),
            _compared(key, below, "inf" if high == "*" else high),
        )


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _invalid(f"cannot be parsed from: {text[position : position + 40]}")
        tokens.append(_Token(found))
        position = found.end()
        if len(tokens) > _MOST:
            raise _invalid(f"it has more than {_MOST} words")
    return tokens


def _invalid(reason: str) -> SlsError:
    return SlsError("ParameterInvalid", f"invalid query: {reason}")


class _Parser:
    """Parses tokens from the left: ``or`` binds weakest, then ``and``, then ``not``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.left = list(tokens)
        self._depth = 0

    def either(self) -> Condition:
        """Parse conditions joined by ``or``."""
        found = [self._all()]
        while self._take("or"):
            found.append(self._all())
        return _joined("OR", *found)

    def _all(self) -> Condition:
        found = [self._one()]
        while self.left and self.left[0].word not in ("or", ")"):
            self._take("and")
            found.append(self._one())
        return _joined("AND", *found)

    def _one(self) -> Condition:
        if not self.left:
            raise _invalid("it ends too early")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _invalid(f"more than {_DEEPEST} nested parentheses")
        try:
            return self._unguarded()
        finally:
            self._depth -= 1

    def _unguarded(self) -> Condition:
        if self._take("not"):
            inner = self._one()
            return Condition(f"NOT {inner.sql}", inner.values)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise _invalid("a parenthesis is not closed")
            return inner
        token = self.left.pop(0)
        if token.word in ("and", "or", ")"):
            raise _invalid(f"unexpected: {token.word}")
        return token.condition()

    def _take(self, word: str) -> bool:
        if self.left and self.left[0].word == word:
            self.left.pop(0)
            return True
        return False


def _joined(operator: str, *conditions: Condition) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    sql = f" {operator} ".join(one.sql for one in conditions)
    return Condition(f"({sql})", tuple(value for one in conditions for value in one.values))


def _plain(text: str) -> str:
    prefix = TAG_PREFIX if text.startswith(f'{TAG_PREFIX}"') else ""
    quoted = text[len(prefix) :]
    return prefix + re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted.startswith('"') else text


def _column(key: str) -> tuple[str, tuple[str, ...]]:
    """Return the SQL of a key's value with its bound values; NULL in a log without the key."""
    name = _plain(key)
    if name in ("__topic__", "__source__", "__time__"):
        return name.strip("_"), ()
    if '"' in name or "\\" in name or name == "*":
        raise _invalid(f"a key with this name cannot be searched: {name[:40]}")
    if name.startswith(TAG_PREFIX):
        return "json_extract(tags, ?)", (f'$."{name[len(TAG_PREFIX) :]}"',)
    return "json_extract(fields, ?)", (f'$."{name}"',)


def _compared(key: str, operator: str, number: str) -> Condition:
    if key.endswith("!"):
        raise _invalid("!= is not supported; write: not key = number")
    column, values = _column(key)
    # A value that is not a number is outside every range. The operator comes from this module's grammar.
    return Condition(f"COALESCE(number_of({column}) {operator} ?, 0)", (*values, float(number)))


def _term(key: str, text: str) -> Condition:
    phrase = text.startswith("#")
    quoted = text.startswith('"')
    plain = _plain(text[1:] if phrase else text)
    if plain == "*" and not phrase:
        return _present(key) if key else _EVERYTHING
    needles = _needles(plain, phrase=phrase, quoted=quoted)
    # A fast first filter over all values, before the check of the key's own value.
    anywhere = [Condition(f"instr({_ANY_KEY}, ?) > 0", (needle,)) for needle in needles]
    if not key:
        return _joined("AND", *anywhere)
    column, values = _column(key)
    own = [
        Condition(f"instr(words_of(COALESCE({column}, '')), ?) > 0", (*values, needle)) for needle in needles
    ]
    return _joined("AND", *anywhere, *own) if column != "time" else _joined("AND", *own)


def _present(key: str) -> Condition:
    column, values = _column(key)
    return Condition(f"{column} IS NOT NULL", values)


def _needles(text: str, *, phrase: bool, quoted: bool) -> list[str]:
    """Return the texts that the words of a value must contain, with blanks as word boundaries."""
    words = split_words(text)
    if not words:
        raise _invalid(f"no word in: {text[:40]}")
    if phrase:
        return [f" {' '.join(words)} "]
    if not quoted and "?" in text:
        raise _invalid(f"the wildcard ? is not supported: {text[:40]}")
    return [_needle(word) for word in words]


def _needle(word: str) -> str:
    if word == "*":
        return " "  # in a quoted text with other words: any word
    start = word.rstrip("*")
    if not start or "*" in start or len(word) - len(start) > 1:
        raise _invalid(f"a * is supported at the end of a word only: {word[:40]}")
    # Text without blanks between words, such as Chinese, is found anywhere in a value.
    if not word.isascii():
        return start
    return f" {start}" if start != word else f" {word} "
