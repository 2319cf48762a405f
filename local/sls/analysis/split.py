"""Splits a query at the ``|`` between its search and its analysis statement."""

from __future__ import annotations

import re

from local.sls.errors import SlsError

_BEFORE_BAR = re.compile(r'(?:[^"|]|"(?:[^"\\]|\\.)*")*\|')
_STATEMENT = re.compile(r"(?:select|with)\b", re.IGNORECASE)


def split_statement(query: str) -> tuple[str, str]:
    """Return the search and the statement, which is empty if there is none.

    Raises SlsError: ParameterInvalid for anything but a SELECT after the ``|``.
    """
    found = _BEFORE_BAR.match(query)
    if found is None:
        return query.strip(), ""
    search, statement = found[0][:-1].strip(), query[found.end() :].strip()
    if not _STATEMENT.match(statement):
        message = f"ErrorType:SyntaxError.ErrorMessage:expected SELECT after |, got: {statement[:40]}"
        raise SlsError("ParameterInvalid", message)
    return search, statement
