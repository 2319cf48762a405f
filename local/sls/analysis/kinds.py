"""Whether an expression is an integer: in Presto ``5 / 2`` is 2, in DuckDB 2.5."""

from __future__ import annotations

from sqlglot import exp

from local.sls.analysis.allowed import refused

_INTEGER_TYPES = {"BIGINT", "INT"}
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Length, exp.RowNumber, exp.StrPosition)
_FRACTIONS = (exp.Avg, exp.Stddev, exp.StddevSamp, exp.Variance, exp.TimeToUnix, exp.Sqrt, exp.Ln)
_OF_ARGUMENTS = (
    exp.Paren, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Div, exp.IntDiv, exp.Neg, exp.Sum, exp.Max, exp.Min,
    exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Coalesce, exp.Greatest, exp.Least, exp.AnyValue, exp.Nullif,
)  # fmt: skip


def divided(division: exp.Expression) -> exp.Expression:
    """Return the division in DuckDB's form. Raises SlsError if the types are unknown."""
    kinds = {is_integer(division.this), is_integer(division.expression)}
    if kinds == {True}:
        return exp.IntDiv(this=division.this, expression=division.expression)
    if False in kinds:
        return division
    raise refused(f"cast one side as double, as its type is not known here: {division.sql('presto')[:60]}")


def is_integer(node: exp.Expression) -> bool | None:
    """Whether it is an integer (True) or has a fraction (False); None if unknown."""
    if isinstance(node, exp.Literal):
        return None if node.is_string else node.is_int
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return node.to.this.name in _INTEGER_TYPES
    if isinstance(node, exp.Column):
        return True if node.name == "__time__" else None
    if isinstance(node, (*_COUNTS, *_FRACTIONS)):
        return isinstance(node, _COUNTS)
    if isinstance(node, exp.Case):
        return _together([is_integer(one) for one in (*node.args["ifs"], node.args.get("default")) if one])
    if isinstance(node, exp.If):
        return _together([is_integer(one) for one in (node.args["true"], node.args.get("false")) if one])
    if isinstance(node, _OF_ARGUMENTS):
        return _together([is_integer(part) for part in node.iter_expressions()])
    return None


def _together(kinds: list[bool | None]) -> bool | None:
    if False in kinds:
        return False
    return None if None in kinds or not kinds else True
