"""`where`: a small, safe language of conditions on columns.

Columns, texts, numbers, == != < <= > >=, in, not in, and, or, not, parentheses; a column whose
name is no word is written row["Paper ID"]. Every cell is text; two that look like numbers
are compared as numbers. Python's parser reads it, and nothing of it is ever evaluated by Python.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal

from announce.problems import did_you_mean
from announce.reading.characters import halfwidth
from announce.texts import say

Cells = Sequence[str]
Test = Callable[[Cells], bool]
Value = Callable[[Cells], str]

# A leading zero belongs to a code (010020), not to a number.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\Z")
_MAX_LENGTH = 2000


class WhereFault(ValueError):
    """One fault of a condition; `code` is where-syntax or column-unknown."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class WhereFaults(Exception):
    """All faults of a condition."""

    def __init__(self, faults: list[WhereFault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def compile_where(text: str, columns: Sequence[str]) -> Test:
    """The condition as a test of a row's cells. Raises WhereFaults with every fault."""
    compiler = _Compiler(columns)
    try:
        test = compiler.condition(_parse(text))
    except WhereFault as fault:
        raise WhereFaults([*compiler.faults, fault]) from fault
    if compiler.faults:
        raise WhereFaults(compiler.faults)
    return test


def _parse(text: str) -> ast.expr:
    if len(text) > _MAX_LENGTH:
        raise _syntax(say("the condition is longer than {n} characters", n=_MAX_LENGTH))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as about odd backslashes
            return ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _syntax(say("this is no condition: {text}", text=text[:60]), _mend(text)) from error


def _mend(text: str) -> str:
    if halfwidth(text) != text:
        return say("write signs and quotes half-width: {text}", text=halfwidth(text)[:80])
    if re.search(r"[^=!<>]=[^=]", text):
        return say("equality is written ==")
    return _example()


def _example() -> str:
    return say("write for example: {example}", example="decision == 'oral' and track != 'demo'")


def _syntax(message: str, hint: str = "") -> WhereFault:
    return WhereFault("where-syntax", message, hint or _example())


class _Compiler:
    def __init__(self, columns: Sequence[str]) -> None:
        # Python reads names in NFKC.
        self.columns = {unicodedata.normalize("NFKC", name): at for at, name in enumerate(columns)}
        self.exact = {name: at for at, name in enumerate(columns)}
        self.faults: list[WhereFault] = []

    def condition(self, node: ast.expr) -> Test:
        if isinstance(node, ast.BoolOp):
            tests = [self.condition(part) for part in node.values]
            if isinstance(node.op, ast.And):
                return lambda cells: all(test(cells) for test in tests)
            return lambda cells: any(test(cells) for test in tests)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.condition(node.operand)
            return lambda cells: not inner(cells)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Name | ast.Subscript):
            self.value(node)
            raise _syntax(
                say('"{text}" must be compared with something', text=ast.unparse(node)),
                say(
                    "write {text} == 'yes', or {text} != '' for: not blank", text=ast.unparse(node)
                ),
            )
        raise _syntax(say("this is no condition: {text}", text=_source(node)))

    def _comparison(self, node: ast.Compare) -> Test:
        tests: list[Test] = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            tests.append(self._one(left, operator, right))
            left = right
        return tests[0] if len(tests) == 1 else lambda cells: all(test(cells) for test in tests)

    def _one(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Test:
        if isinstance(operator, ast.In | ast.NotIn):
            return self._membership(left, right, wanted=isinstance(operator, ast.In))
        compare = _COMPARE.get(type(operator))
        if compare is None:
            raise _syntax(say("`is` is not used here"), say("write == or !="))
        a, b = self.value(left), self.value(right)
        return lambda cells: compare(a(cells), b(cells))

    def _membership(self, left: ast.expr, right: ast.expr, *, wanted: bool) -> Test:
        a = self.value(left)
        if isinstance(right, ast.Tuple | ast.List | ast.Set):
            items = [self.value(item) for item in right.elts]
            return lambda cells: any(_equal(a(cells), item(cells)) for item in items) == wanted
        b = self.value(right)
        # `x in ('oral')` means the one word; within a column's text, `in` looks for a part.
        if isinstance(right, ast.Constant):
            return lambda cells: _equal(a(cells), b(cells)) == wanted
        return lambda cells: (a(cells) in b(cells)) == wanted

    def value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Name):
            return self._column(node.id, self.columns)
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "row"
        ):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                return self._column(node.slice.value, self.exact)
        elif (text := _constant(node)) is not None:
            return lambda _cells: text
        raise _syntax(
            say(
                "a column, a text in quotes or a number belongs here, not {text}",
                text=_source(node),
            )
        )

    def _column(self, name: str, columns: dict[str, int]) -> Value:
        at = columns.get(name)
        if at is None:
            near = did_you_mean(name, self.exact)
            self.faults.append(
                WhereFault(
                    "column-unknown",
                    say('there is no column "{name}"', name=name),
                    say("{hint} (a text is written in quotes: '{name}')", hint=near, name=name),
                )
            )
            return lambda _cells: ""
        return lambda cells: cells[at]


def _source(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:59] + "…"


def _constant(node: ast.expr) -> str | None:
    sign = ""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, "-"
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    if isinstance(node.value, str) and not sign:
        return node.value.strip()
    return f"{sign}{node.value}" if isinstance(node.value, int | float) else None


def _numbers(a: str, b: str) -> tuple[Decimal, Decimal] | None:
    return (Decimal(a), Decimal(b)) if _NUMBER.match(a) and _NUMBER.match(b) else None


def _equal(a: str, b: str) -> bool:
    if a == b:
        return True
    pair = _numbers(a, b)
    return pair is not None and pair[0] == pair[1]


def _ordered(a: str, b: str, sign: str) -> bool:
    # A blank cell is neither small nor large.
    if not a or not b:
        return False
    pair = _numbers(a, b)
    x, y = pair if pair else (a, b)
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]  # type: ignore[operator]


_COMPARE: dict[type[ast.cmpop], Callable[[str, str], bool]] = {
    ast.Eq: _equal,
    ast.NotEq: lambda a, b: not _equal(a, b),
    ast.Lt: lambda a, b: _ordered(a, b, "<"),
    ast.LtE: lambda a, b: _ordered(a, b, "<="),
    ast.Gt: lambda a, b: _ordered(a, b, ">"),
    ast.GtE: lambda a, b: _ordered(a, b, ">="),
}
