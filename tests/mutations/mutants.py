"""Modules with one thing changed: an operator, a constant, a condition, a returned value, a call left out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    """A changed module; `line` is where, in the one that it was made of."""

    line: int
    change: str
    source: str


_OPERATORS: Mapping[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}


def mutants(source: str) -> Iterator[Mutant]:
    """Yield all, by line."""
    lines = [
        (getattr(node, "lineno", 0), at)
        for at, node in enumerate(ast.walk(ast.parse(source)))
        if type(node) in _CHANGES
    ]
    for line, at in sorted(lines):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[at]
        if id(node) in _without_effect(tree):
            continue
        before = ast.unparse(node)
        after = _CHANGES[type(node)](node)
        if after is not None:
            changed = ast.fix_missing_locations(_Replace(node, after).visit(tree))
            yield Mutant(line, f"{before} -> {ast.unparse(after)}", ast.unparse(changed))


def _without_effect(tree: ast.AST) -> set[int]:
    """Return the ids of nodes that nothing depends on at run time: annotations, docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if part is not None:
                found.update(map(id, ast.walk(part)))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.update(map(id, ast.walk(node)))
    return found


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)


def _operator(node: Any) -> ast.AST | None:
    """Change the one operator of a comparison, of `and` and `or`, or of arithmetic."""
    several = isinstance(node, ast.Compare)
    old = type(node.ops[0] if several else node.op)
    if old not in _OPERATORS or (several and len(node.ops) > 1):
        return None
    changed = {"ops": [_OPERATORS[old]()]} if several else {"op": _OPERATORS[old]()}
    return _like(node, changed)


def _constant(node: ast.Constant) -> ast.AST | None:
    value = node.value
    if isinstance(value, bool):
        return ast.Constant(not value)
    if isinstance(value, int | float):
        return ast.Constant(value + 1)
    if isinstance(value, str) and value:
        return ast.Constant(f"{value}XX")
    return ast.Constant(value + b"XX") if isinstance(value, bytes) else None


def _without_not(node: ast.UnaryOp) -> ast.AST | None:
    return node.operand if isinstance(node.op, ast.Not) else None


def _condition(node: Any) -> ast.AST | None:
    if isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        return None  # these are changed themselves
    return _like(node, {"test": ast.UnaryOp(ast.Not(), node.test)})


def _like(node: ast.AST, changed: Mapping[str, Any]) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **changed})


def _returned(node: ast.Return) -> ast.AST | None:
    return None if node.value is None else ast.Return(ast.Constant(None))


def _called(node: ast.Expr) -> ast.AST | None:
    return ast.Pass() if isinstance(node.value, ast.Call | ast.Await) else None


def _nothing(_node: ast.AST) -> ast.AST:
    return ast.Pass()


_CHANGES: dict[type[ast.AST], Callable[[Any], ast.AST | None]] = {
    ast.Compare: _operator,
    ast.BoolOp: _operator,
    ast.BinOp: _operator,
    ast.UnaryOp: _without_not,
    ast.Constant: _constant,
    ast.If: _condition,
    ast.IfExp: _condition,
    ast.While: _condition,
    ast.Return: _returned,
    ast.Expr: _called,
    ast.AugAssign: _nothing,
    ast.Raise: _nothing,
}
