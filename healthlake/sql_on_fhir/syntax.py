"""The FHIRPath subset as text: expression -> syntax tree.

It knows the grammar only: no type, no element, no function by name. The subset is what SQL on FHIR v2 asks of
shareable views (paths, indexers, calls, literals, constants, `and or`, comparisons, arithmetic) plus date and
time literals. What is outside it (`|`, `is`, `in`, `xor`, `implies`, `~`, `mod`, quantities) is a
PathSyntaxError that says so. Source of the grammar: FHIRPath 2.0.0, appendix "Formal grammar".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from healthlake.sql_on_fhir.errors import PathSyntaxError


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: `type` is the FHIR type of the value (string, integer, decimal, boolean, date, dateTime,
    time)."""

    value: str | bool | int | Decimal
    type: str
    position: int


@dataclass(frozen=True, slots=True)
class Name:
    """`name` or `base.name`: an element, or a type specifier as an argument."""

    base: Syntax | None
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(…)` or `base.name(…)`."""

    base: Syntax | None
    name: str
    arguments: tuple[Syntax, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`."""

    base: Syntax
    index: Syntax
    position: int


@dataclass(frozen=True, slots=True)
class Environment:
    """`%name`: a constant of the view, or %rowIndex, %resource, %context."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class This:
    """`$this`."""

    position: int


@dataclass(frozen=True, slots=True)
class Negation:
    """`-operand`."""

    operand: Syntax
    position: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`."""

    operator: str
    left: Syntax
    right: Syntax
    position: int


Syntax: TypeAlias = Constant | Name | Call | Index | Environment | This | Negation | Operation

_TOKENS = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<time>@T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)
    |(?P<dateTime>@\d{4}(-\d{2}(-\d{2})?)?T(\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?)?)
    |(?P<date>@\d{4}(-\d{2}(-\d{2})?)?)
    |(?P<decimal>\d+\.\d+)
    |(?P<integer>\d+)
    |(?P<string>'(\\.|[^'\\])*')
    |(?P<quoted>`(\\.|[^`\\])*`)
    |(?P<environment>%[A-Za-z_]\w*|%'(\\.|[^'\\])*'|%`(\\.|[^`\\])*`)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<this>\$this\b)
    |(?P<symbol><=|>=|!=|!~|[-+*/=<>()\[\].,|~&])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
# Loosest first. Words that are operators may still be element names where an operand is expected.
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"=", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
_OUTSIDE = frozenset({"|", "~", "!~", "&", "xor", "implies", "is", "as", "in", "contains", "div", "mod"})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(path: str) -> Syntax:
    """The syntax tree of a path; PathSyntaxError with the offset where it stops making sense."""
    parser = _Parser(_tokens(path))
    tree = parser.operation(0)
    parser.end()
    return tree


def unescape(text: str) -> str:
    """The value of a quoted FHIRPath string or identifier, quotes included in `text`."""
    return re.sub(
        r"\\(u[0-9A-Fa-f]{4}|.)",
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else _ESCAPES.get(m[1], m[1]),
        text[1:-1],
        flags=re.DOTALL,
    )


def _tokens(path: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(path):
        match = _TOKENS.match(path, position)
        if match is None:
            raise PathSyntaxError(f"unexpected {path[position]!r}", position)
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match[0], position))
        position = match.end()
    return [*tokens, _Token("end", "", len(path))]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, symbol: str) -> _Token | None:
        return self._take() if self._next.kind == "symbol" and self._next.text == symbol else None

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise self._unexpected(f"'{symbol}'")

    def _unexpected(self, wanted: str) -> PathSyntaxError:
        token = self._next
        if token.kind in ("symbol", "name") and token.text in _OUTSIDE:
            return PathSyntaxError(f"'{token.text}' is outside the supported FHIRPath subset", token.position)
        found = f"found '{token.text}'" if token.text else "the path ends"
        return PathSyntaxError(f"expected {wanted}, {found}", token.position)

    def end(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected("an operator or the end")

    def operation(self, level: int) -> Syntax:
        if level == len(_LEVELS):
            return self._negation()
        left = self.operation(level + 1)
        while self._next.kind in ("symbol", "name") and self._next.text in _LEVELS[level]:
            token = self._take()
            left = Operation(token.text, left, self.operation(level + 1), token.position)
        return left

    def _negation(self) -> Syntax:
        if token := self._accept("-"):
            return Negation(self._negation(), token.position)
        return self._negation() if self._accept("+") else self._postfix()

    def _postfix(self) -> Syntax:
        tree = self._term()
        while True:
            if self._accept("."):
                tree = self._invocation(tree)
            elif token := self._accept("["):
                tree = Index(tree, self.operation(0), token.position)
                self._expect("]")
            else:
                return tree

    def _term(self) -> Syntax:
        token = self._next
        if self._accept("("):
            tree = self.operation(0)
            self._expect(")")
            return tree
        if token.kind in _LITERALS:
            return _LITERALS[token.kind](self._take())
        if token.kind == "name" and token.text in ("true", "false"):
            return Constant(self._take().text == "true", "boolean", token.position)
        return self._invocation(None)

    def _invocation(self, base: Syntax | None) -> Syntax:
        if self._next.kind not in ("name", "quoted"):
            raise self._unexpected("an element or function")
        token = self._take()
        name = unescape(token.text) if token.kind == "quoted" else token.text
        if not self._accept("("):
            return Name(base, name, token.position)
        arguments: list[Syntax] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.operation(0))
        return Call(base, name, tuple(arguments), token.position)


def _environment(token: _Token) -> Syntax:
    name = token.text[1:]
    return Environment(unescape(name) if name[0] in "'`" else name, token.position)


_LITERALS: Mapping[str, Callable[[_Token], Syntax]] = {
    "time": lambda token: Constant(token.text[2:], "time", token.position),
    "dateTime": lambda token: Constant(token.text[1:].removesuffix("T"), "dateTime", token.position),
    "date": lambda token: Constant(token.text[1:], "date", token.position),
    "decimal": lambda token: Constant(Decimal(token.text), "decimal", token.position),
    "integer": lambda token: Constant(int(token.text), "integer", token.position),
    "string": lambda token: Constant(unescape(token.text), "string", token.position),
    "environment": _environment,
    "this": lambda token: This(token.position),
}
