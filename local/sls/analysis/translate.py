"""Translates SLS's dialect to DuckDB's: a checked statement, and the log columns that it uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from local.sls.analysis.allowed import NAMED, check, refused
from local.sls.analysis.kinds import divided

_LONGEST = 20_000  # characters of a statement
_USUAL_ROWS = 100  # SLS's default without LIMIT
_MOST_ROWS = 100_000  # of a result; SLS returns a million


class Translated(NamedTuple):
    """A statement for DuckDB over a table ``log`` with these columns; `every` means all columns."""

    sql: str
    columns: list[str]
    every: bool


def translate(text: str) -> Translated:
    """Translate a statement. Raises SlsError: ParameterInvalid."""
    if len(text) > _LONGEST:
        raise refused(f"the statement has more than {_LONGEST} characters")
    try:
        return _translated(text)
    except SqlglotError as error:
        raise refused(str(error).partition("\n")[0][:300]) from None
    except RecursionError:
        raise refused("the statement is too deep") from None


def _translated(text: str) -> Translated:
    statements = [one for one in sqlglot.parse(text, read="presto") if one is not None]
    if len(statements) != 1 or not isinstance(statements[0], exp.Expression):
        raise refused("expected one statement")
    statement = check(statements[0])
    _complete(statement)
    columns = sorted(set(_columns(statement)))
    every = any(_selects_everything(select) for select in _selects_of_log(statement))
    _distinct_names(columns)
    changed = statement.transform(_changed)
    sql = changed.sql("duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    return Translated(sql, columns, every)


def _complete(statement: exp.Query) -> None:
    """Add the optional parts: ``from log``, column names, the limit."""
    for select in [statement] if isinstance(statement, exp.Select) else []:
        if not select.args.get("from_") and not select.args.get("from"):
            select.from_("log", copy=False)
        for at, projection in enumerate(list(select.expressions)):
            if not isinstance(projection, (exp.Alias, exp.Column, exp.Star)):
                projection.replace(exp.alias_(projection.copy(), f"_col{at}", quoted=True))
    limit = statement.args.get("limit")
    if limit is None:
        statement.limit(_USUAL_ROWS, copy=False)
    elif not (isinstance(limit.expression, exp.Literal) and limit.expression.is_int):
        raise refused("LIMIT has to be a number")
    elif int(limit.expression.name) > _MOST_ROWS:
        raise refused(f"LIMIT is at most {_MOST_ROWS} here")


def _columns(statement: exp.Expression) -> Iterator[str]:
    """Yield the names that are columns of the logs, not aliases of the statement."""
    for select in _selects_of_log(statement):
        given = {projection.alias for projection in select.expressions if projection.alias}
        for column in _own(select, exp.Column):
            named_here = (
                column.name in given
                and column.find_ancestor(exp.Group, exp.Order, exp.Having, exp.Select) is not select
            )
            if isinstance(column.this, exp.Identifier) and not named_here:
                yield column.name


def _selects_of_log(statement: exp.Expression) -> Iterator[exp.Select]:
    for table in statement.find_all(exp.Table):
        select = table.find_ancestor(exp.Select)
        if table.name.lower() == "log" and select is not None:
            yield select


def _own(select: exp.Select, kind: type[exp.Column]) -> Iterator[exp.Column]:
    for node in select.walk(prune=lambda node: node is not select and isinstance(node, exp.Query)):
        if isinstance(node, kind):
            yield node


def _selects_everything(select: exp.Select) -> bool:
    return any(
        isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star))
        for one in select.expressions
    )


def _distinct_names(columns: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in columns:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise refused(f"columns that differ in case only are not supported: {other}, {name}")


def _changed(node: exp.Expression) -> exp.Expression:
    change = _CHANGES.get(type(node))
    return change(node) if change else node


def _macro(name: str, *arguments: exp.Expression | str | None) -> exp.Anonymous:
    given = [exp.Literal.string(one) if isinstance(one, str) else one for one in arguments]
    return exp.Anonymous(this=name, expressions=[one for one in given if one is not None])


def _named(node: exp.Expression) -> exp.Expression:
    return _macro(NAMED.get(node.name.lower(), node.name), *node.expressions)


def _json(name: str) -> Callable[[exp.Expression], exp.Expression]:
    def change(node: exp.Expression) -> exp.Expression:
        return _macro(name, node.this, _path(node.expression))

    return change


def _path(path: exp.Expression) -> str:
    if not isinstance(path, exp.JSONPath):
        raise refused("the path of a JSON function has to be a text such as '$.status'")
    text = "$"
    for part in path.expressions[1:]:
        if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str) and '"' not in part.this:
            text += f'."{part.this}"'
        elif isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int):
            text += f"[{part.this}]"
        else:
            raise refused(f"this JSON path is not supported: {path.sql('presto')[:60]}")
    return text


def _from_unixtime(node: exp.Expression) -> exp.Expression:
    return _macro("sls_from_unixtime", node.this)


def _regexp_extract(node: exp.Expression) -> exp.Expression:
    group = node.args.get("group")
    if group is None and isinstance(node.expression, exp.Literal) and _never_empty(node.expression.name):
        return _macro("sls_regexp_some", node.this, node.expression)
    group = group or exp.Literal.number(0)
    return _macro("sls_regexp_extract", node.this, node.expression, group)


def _never_empty(pattern: str) -> bool:
    """Whether the pattern begins with a literal brace, such as the brace around a log line in JSON."""
    return pattern.startswith("\\{") and "|" not in pattern and pattern[2:3] not in ("*", "?")


def _of_time(node: exp.Expression) -> exp.Expression:
    """SLS accepts ``__time__``, a number, wherever it accepts a time."""
    if isinstance(node.this, exp.Column) and node.this.name == "__time__":
        node.set("this", _macro("sls_from_unixtime", node.this.copy()))
    return node


def _now(_: exp.Expression) -> exp.Expression:
    return _macro("sls_from_unixtime", exp.Literal.number(repr(time.time())))


def _percentile(node: exp.Expression) -> exp.Expression:
    share = node.args.get("quantile")
    if not isinstance(share, exp.Literal) or len([one for one in node.args.values() if one]) != 2:
        raise refused("approx_percentile takes a column and a share such as 0.99")
    return _macro("quantile_disc", node.this, share)


def _distinct(node: exp.Expression) -> exp.Expression:
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _count_if(node: exp.Expression) -> exp.Expression:
    """Presto counts 0 if the condition is always NULL; DuckDB returns NULL."""
    return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this, true=exp.Literal.number(1))]))


def _div(node: exp.Expression) -> exp.Expression:
    return divided(node)


_CHANGES: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.Anonymous: _named,
    exp.ApproxDistinct: _distinct,
    exp.ApproxQuantile: _percentile,
    exp.CountIf: _count_if,
    exp.CurrentTimestamp: _now,
    exp.Div: _div,
    exp.JSONExtract: _json("sls_json"),
    exp.JSONExtractScalar: _json("sls_json_scalar"),
    exp.RegexpExtract: _regexp_extract,
    exp.TimeToStr: _of_time,
    exp.TimestampTrunc: _of_time,
    exp.UnixToTime: _from_unixtime,
}
