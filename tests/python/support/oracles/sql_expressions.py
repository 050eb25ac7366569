"""SQL expressions and aggregate calls in plain Python, for the oracle of the feature views.

Covers arithmetic, comparisons, ``and or not``, ``is null``, ``in (…)``, a few functions, and one
aggregate call with ``distinct``, ``order by`` and ``filter (where …)``. Nulls follow SQL. Anything
else raises an error that names what to add here.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from support.oracles.sql_aggregates import reduce_values

Event = Mapping[str, Any]
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|<>|<=|>=|!=|==|=|[\s\S]""")
_CALL = re.compile(r"(?is)\s*(\w+)\s*\((.*?)\)\s*(?:filter\s*\(\s*where\b(.*)\)\s*)?")
_WORDS = {"=": "==", "<>": "!=", "null": "None", "true": "True", "false": "False", "if": "if_"}
_LOWERED = {"and", "or", "not", "is", "in", *_WORDS}
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "nullif": lambda left, right: None if left == right else left,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "if_": lambda condition, then, otherwise: then if condition else otherwise,
    "abs": lambda value: None if value is None else abs(value),
    "lower": lambda value: None if value is None else value.lower(),
}


def _python_text(sql: str) -> str:
    """Return a SQL expression in Python's syntax, which `_evaluate` evaluates as SQL does."""
    tokens = []
    for token in _TOKEN.findall(sql.strip()):
        if token.startswith("'"):
            tokens.append(repr(token[1:-1].replace("''", "'")))
        elif token.startswith('"'):
            name = token[1:-1].replace('""', '"')
            tokens.append(f"quoted({name!r})")
        else:
            word = token.lower() if token.lower() in _LOWERED else token
            tokens.append(_WORDS.get(word, word))
    return "".join(tokens)


def _kleene(is_and: bool, values: list[bool | None]) -> bool | None:
    if (not is_and) in values:
        return not is_and
    return None if None in values else is_and


def _arithmetic(node: ast.BinOp, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Div):  # SQL's / gives a double, for decimals too
        return float(left) / float(right)
    if {type(left), type(right)} == {float, Decimal}:
        left, right = float(left), float(right)
    return _ARITHMETIC[type(node.op)](left, right)


def _evaluate(node: ast.AST, row: Event) -> Any:
    match node:
        case ast.Constant(value=float() as value):
            return Decimal(str(value))  # SQL's 0.5 is a decimal
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in row:
            return row[name]
        case ast.Call(func=ast.Name(id="quoted"), args=[ast.Constant(value=name)]) if name in row:
            return row[name]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_evaluate(argument, row) for argument in arguments))
        case ast.Tuple(elts=items):
            return tuple(_evaluate(item, row) for item in items)
        case ast.BinOp(left=left, right=right, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
            return _arithmetic(node, _evaluate(left, row), _evaluate(right, row))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _evaluate(operand, row)
            return None if value is None else -value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            value = _evaluate(operand, row)
            return None if value is None else not value
        case ast.BoolOp(op=op, values=values):
            return _kleene(isinstance(op, ast.And), [_evaluate(value, row) for value in values])
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op]):
            return (_evaluate(left, row) is None) == isinstance(op, ast.Is)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            values = _evaluate(left, row), _evaluate(right, row)
            return None if None in values else _COMPARISONS[type(op)](*values)
    raise NotImplementedError(f"the oracle cannot evaluate {ast.unparse(node)}; add it here")


def expression(sql: str) -> Callable[[Event], Any]:
    """Return a SQL expression as a function of a row."""
    tree = ast.parse(_python_text(sql), mode="eval").body
    return lambda row: _evaluate(tree, row)


def _arguments(sql: str) -> list[Callable[[Event], Any]]:
    """Return a list of SQL expressions as functions of a row."""
    tree = ast.parse(f"call({_python_text(sql)})", mode="eval").body
    assert isinstance(tree, ast.Call)
    return [lambda row, node=node: _evaluate(node, row) for node in tree.args]


@dataclass(frozen=True)
class AggregateCall:
    """One aggregate call of a declaration.

    Attributes:
        function: its name, lower case.
        is_distinct: whether repeated values count once.
        arguments: the function's arguments; none for ``count(*)``.
        order: the keys of its ``order by``.
        condition: of its ``filter (where …)``.
    """

    function: str
    is_distinct: bool
    arguments: list[Callable[[Event], Any]]
    order: list[Callable[[Event], Any]]
    condition: Callable[[Event], Any] | None

    def passes(self, event: Event) -> bool:
        """Return whether an event passes the filter; without one, every event does."""
        return self.condition is None or self.condition(event) is True

    def takes(self, event: Event) -> bool:
        """Return whether the call reads an event: it passes and no argument is null."""
        return self.passes(event) and all(
            argument(event) is not None for argument in self.arguments
        )

    def value(self, event: Event) -> Any:
        """Return what the call reads of an event: its argument (or arguments) and order keys."""
        values = tuple(argument(event) for argument in self.arguments)
        value = values[0] if len(values) == 1 else values
        return (value, tuple(key(event) for key in self.order)) if self.order else value

    def reduce(self, values: list[Any]) -> Any:
        """Return the aggregate of what :meth:`value` returned for each event of a window."""
        if self.order:
            values = [value for value, _ in sorted(values, key=lambda pair: pair[1])]
        if self.is_distinct:
            values = list(dict.fromkeys(values))
        return reduce_values(self.function, values)


def aggregate_call(sql: str) -> AggregateCall:
    """Read an aggregate call such as ``count(distinct a) filter (where b > 1)``.

    Raises:
        NotImplementedError: the text has another form, or a function that the oracle lacks.
    """
    found = _CALL.fullmatch(sql)
    if not found:
        raise NotImplementedError(f"the oracle cannot read the aggregate {sql!r}; add it here")
    function, inner, condition = found.groups()
    inner, _, order = re.sub(r"(?i)\border\s+by\b", "\0", inner.strip()).partition("\0")
    distinct = re.match(r"(?i)distinct\b", inner)
    inner = inner[distinct.end() :] if distinct else inner
    return AggregateCall(
        function=function.lower(),
        is_distinct=bool(distinct),
        arguments=[] if inner.strip() in ("", "*") else _arguments(inner),
        order=_arguments(order) if order else [],
        condition=expression(condition) if condition else None,
    )
