"""Typed tree -> SQL text in standard SQL; a dialect's own module has the rest, and what it writes otherwise.

An emitter decides nothing about FHIR. It has one method a node kind, `<kind>_sql`, which keeps the rule that
`tree` states for the kind; abstract here is what dialects write differently. Every method returns text that
binds tightly: it can be put before an operator or a subscript as it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.types import Property, Scalar, Shape, ValueType

# What ToInstant and LastDay take; a wider cast would bring in the session's zone, or today.
INSTANT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
    "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$"
)
MONTH = "^[0-9]{4}-[0-9]{2}$"
# What DECIMAL operands are cast to; see tree.Arithmetic.
DECIMAL_OPERANDS: Mapping[str, str] = {
    "+": "DECIMAL(28,9)",
    "-": "DECIMAL(28,9)",
    "*": "DECIMAL(18,6)",
    "/": "DECIMAL(20,9)",
}


class Emitter(ABC):
    """Writes nodes as SQL. `prefix` starts every name that it makes: of the parsed resource, of variables."""

    # SQL types of scalars, in casts and in the output.
    scalars: ClassVar[Mapping[Scalar, str]]

    def __init__(self, prefix: str = "_") -> None:
        self.prefix = prefix

    @abstractmethod
    def select(
        self, rows: tree.Node, shape: Shape, source: str, json_column: str, carry: Sequence[str]
    ) -> str:
        """A SELECT of the carried columns and the fields of each row in the list `rows`. Each text is parsed
        once, and one that isn't JSON gives no row."""

    @abstractmethod
    def type_name(self, type_: ValueType) -> str:
        """A type as SQL; a Shape as what `Parse` makes of it."""

    @abstractmethod
    def text(self, value: str) -> str:
        """A text literal."""

    @final
    def sql(self, node: tree.Node) -> str:
        """The SQL of any node."""
        method: Any = getattr(self, f"{type(node).__name__.lower()}_sql")
        written: str = method(node)
        return written

    def resource_sql(self, node: tree.Resource) -> str:
        return f"{self.prefix}r"

    @abstractmethod
    def variable_sql(self, node: tree.Variable) -> str: ...

    @abstractmethod
    def index_sql(self, node: tree.Index) -> str: ...

    def literal_sql(self, node: tree.Literal) -> str:
        if isinstance(node.value, str):
            return self.text(node.value)
        if isinstance(node.value, bool):
            return "true" if node.value else "false"
        number = str(node.value) if isinstance(node.value, int) else self.text(str(node.value))
        return f"CAST({number} AS {self.scalars[node.type]})"

    def null_sql(self, node: tree.Null) -> str:
        return f"CAST(NULL AS {self.type_name(node.type)})"

    def case_sql(self, node: tree.Case) -> str:
        branches = "".join(f" WHEN {self.sql(when)} THEN {self.sql(then)}" for when, then in node.branches)
        otherwise = f" ELSE {self.sql(node.otherwise)}" if node.otherwise is not None else ""
        return f"(CASE{branches}{otherwise} END)"

    def isnull_sql(self, node: tree.IsNull) -> str:
        return f"({self.sql(node.operand)} IS NULL)"

    def not_sql(self, node: tree.Not) -> str:
        return f"(NOT {self.sql(node.operand)})"

    def logic_sql(self, node: tree.Logic) -> str:
        return "(" + f" {node.operator.upper()} ".join(map(self.sql, node.operands)) + ")"

    def compare_sql(self, node: tree.Compare) -> str:
        operator = "<>" if node.operator == "!=" else node.operator
        return f"({self.sql(node.left)} {operator} {self.sql(node.right)})"

    def text_sql(self, node: tree.Text) -> str:
        return "(" + " || ".join(map(self.sql, node.parts)) + ")"

    def guard_sql(self, node: tree.Guard) -> str:
        null = self.null_sql(tree.Null(node.type))
        return f"(CASE WHEN {self.sql(node.violated)} THEN {null} ELSE {self.sql(node.value)} END)"

    @abstractmethod
    def field_sql(self, node: tree.Field) -> str: ...

    @abstractmethod
    def cast_sql(self, node: tree.Cast) -> str: ...

    @abstractmethod
    def parse_sql(self, node: tree.Parse) -> str: ...

    @abstractmethod
    def items_sql(self, node: tree.Items) -> str: ...

    @abstractmethod
    def compact_sql(self, node: tree.Compact) -> str: ...

    @abstractmethod
    def filter_sql(self, node: tree.Filter) -> str: ...

    @abstractmethod
    def map_sql(self, node: tree.Map) -> str: ...

    @abstractmethod
    def flatten_sql(self, node: tree.Flatten) -> str: ...

    @abstractmethod
    def concat_sql(self, node: tree.Concat) -> str: ...

    @abstractmethod
    def orempty_sql(self, node: tree.OrEmpty) -> str: ...

    @abstractmethod
    def itemat_sql(self, node: tree.ItemAt) -> str: ...

    @abstractmethod
    def size_sql(self, node: tree.Size) -> str: ...

    @abstractmethod
    def join_sql(self, node: tree.Join) -> str: ...

    @abstractmethod
    def row_sql(self, node: tree.Row) -> str: ...

    @abstractmethod
    def arithmetic_sql(self, node: tree.Arithmetic) -> str: ...

    @abstractmethod
    def length_sql(self, node: tree.Length) -> str: ...

    @abstractmethod
    def substring_sql(self, node: tree.Substring) -> str: ...

    @abstractmethod
    def extract_sql(self, node: tree.Extract) -> str: ...

    @abstractmethod
    def lastday_sql(self, node: tree.LastDay) -> str: ...

    @abstractmethod
    def toinstant_sql(self, node: tree.ToInstant) -> str: ...


def properties(shape: Shape) -> list[tuple[str, ValueType]]:
    """What is read of an object, with the types that the parse makes; `id` where only its existence is asked,
    since no engine has an empty row type."""
    read = list(shape.properties.items()) or [("id", Property(False, scalars={Scalar.TEXT}))]
    return [(name, property_.type) for name, property_ in read]
