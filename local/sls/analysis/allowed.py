"""The supported parts of a statement: all others are refused before execution, by name."""

from __future__ import annotations

from sqlglot import exp

from local.sls.errors import SlsError

_CLAUSES = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
    exp.Subquery, exp.CTE, exp.With, exp.Union, exp.Alias, exp.TableAlias, exp.Table, exp.Identifier,
    exp.Column, exp.Star, exp.Join, exp.Distinct, exp.Window, exp.WindowSpec,
)  # fmt: skip
_VALUES = (
    exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var,
    exp.Tuple, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript,
)  # fmt: skip
_OPERATORS = (
    exp.In, exp.Between, exp.Like, exp.Escape, exp.Is, exp.Not, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT,
    exp.GTE, exp.LT, exp.LTE, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Bracket,
)  # fmt: skip
_AGGREGATES = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.ApproxQuantile, exp.ApproxDistinct,
    exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.Stddev, exp.StddevSamp, exp.Variance,
    exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue,
)  # fmt: skip
_SCALARS = (
    exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Coalesce, exp.Nullif, exp.Concat, exp.Lower, exp.Upper,
    exp.Length, exp.Substring, exp.Trim, exp.StrPosition, exp.SplitPart, exp.Replace, exp.RegexpExtract,
    exp.RegexpLike, exp.RegexpReplace, exp.JSONExtract, exp.JSONExtractScalar, exp.UnixToTime,
    exp.TimeToUnix, exp.TimestampTrunc, exp.DateTrunc, exp.TimeToStr, exp.StrToTime, exp.DateDiff,
    exp.CurrentTimestamp, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Greatest, exp.Least, exp.Pow, exp.Ln,
    exp.Sqrt, exp.Distinct,
)  # fmt: skip
_ALLOWED = frozenset((*_CLAUSES, *_VALUES, *_OPERATORS, *_AGGREGATES, *_SCALARS))

# Functions without a class in sqlglot, each with its macro (`macros`).
NAMED = {
    "histogram": "histogram",
    "ip_to_country": "sls_ip_to_country",
    "rank": "rank",
    "dense_rank": "dense_rank",
    "starts_with": "starts_with",
    "url_decode": "url_decode",
    "url_extract_host": "sls_url_host",
    "url_extract_parameter": "sls_url_parameter",
    "url_extract_path": "sls_url_path",
    "url_extract_protocol": "sls_url_protocol",
    "url_extract_query": "sls_url_query",
}
_TYPES = {"VARCHAR", "TEXT", "BIGINT", "INT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "DATE", "DECIMAL"}
_RESERVED = {"log", "held"}


def check(statement: exp.Expression) -> exp.Select | exp.Union:
    """Return the statement. Raises SlsError: ParameterInvalid, which names an unsupported part."""
    if not isinstance(statement, (exp.Select, exp.Union)):
        raise refused("only SELECT is supported")
    names = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    if names & _RESERVED:
        raise refused(f"a WITH must not be named {min(names & _RESERVED)}")
    for node in statement.walk():
        _check_node(node, names)
    return statement


def refused(reason: str) -> SlsError:
    """Return the error for a statement that cannot run, in the service's format."""
    return SlsError("ParameterInvalid", f"ErrorType:SyntaxError.ErrorMessage:{reason}")


def _check_node(node: exp.Expr, tables: set[str]) -> None:
    if isinstance(node, exp.Anonymous):
        _check_name(node)
    elif type(node) not in _ALLOWED:
        raise (
            _not_registered(_name(node))
            if isinstance(node, exp.Func)
            else refused(f"not supported: {node.sql('presto')[:60]}")
        )
    elif isinstance(node, exp.Table):
        _check_table(node, tables)
    elif isinstance(node, exp.DataType) and node.this.name not in _TYPES:
        raise refused(f"type {node.sql('presto')} is not supported")
    elif isinstance(node, exp.With) and node.args.get("recursive"):
        raise refused("WITH RECURSIVE is not supported")


def _check_name(node: exp.Anonymous) -> None:
    if node.name.lower() not in NAMED:
        raise _not_registered(node.name)


def _check_table(node: exp.Table, tables: set[str]) -> None:
    plain = isinstance(node.this, exp.Identifier) and not node.args.get("db")
    if not plain or node.name.lower() not in {"log", *tables}:
        raise refused(f"Table {node.sql('presto')[:60]} does not exist; the logs are the table log")


def _name(node: exp.Func) -> str:
    return node.sql("presto").partition("(")[0].lower()


def _not_registered(name: str) -> SlsError:
    return refused(f"Function {name} not registered (this stand-in does not have it)")
