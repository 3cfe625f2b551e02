"""The DuckDB emitter (2.0: lambdas are `lambda v: …`; 1.x isn't supported).

Facts that shaped it, seen on 2.0.0: a WHERE on the parsed resource is pushed below the projection and parses
each text a second time (0.22 s -> 0.45 s on 172,790 Observations), while nothing passes an unnest; so the
view's conditions stand inside the one unnest. `from_json` fails the query on text that isn't JSON unless it
is in `try()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.dialects.emitter import Emitter
from healthlake.sql_on_fhir.types import ListType, Property, RowType, Scalar, Shape, ValueType

_INSTANT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
# What DECIMAL operands are cast to; see tree.Arithmetic. DuckDB divides decimals as doubles.
_DECIMAL_OPERANDS: Mapping[str, str] = {
    "+": "DECIMAL(28,9)",
    "-": "DECIMAL(28,9)",
    "*": "DECIMAL(18,6)",
    "/": "DECIMAL(20,9)",
}


class DuckDB(Emitter):
    """Typed tree -> DuckDB SQL."""

    scalars: ClassVar[Mapping[Scalar, str]] = {
        Scalar.TEXT: "VARCHAR",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.INTEGER: "INTEGER",
        Scalar.LONG: "BIGINT",
        Scalar.DECIMAL: "DECIMAL(38,9)",
        Scalar.DOUBLE: "DOUBLE",
        Scalar.INSTANT: "TIMESTAMPTZ",
        Scalar.JSON: "JSON",
    }

    def select(
        self, rows: tree.Node, shape: Shape, source: str, json_column: str, carry: Sequence[str]
    ) -> str:
        carried = "".join(f"{_quoted(name)}, " for name in carry)
        parsed = f"try(from_json({_quoted(json_column)}, {self._schema(shape)})) AS {self.prefix}r"
        return (
            f"SELECT {carried}unnest({self.sql(rows)}, max_depth := 2)\n"
            f"FROM (SELECT {carried}{parsed}\nFROM {source})"
        )

    def type_name(self, type_: ValueType) -> str:
        match type_:
            case Scalar():
                return self.scalars[type_]
            case ListType(item):
                return f"{self.type_name(item)}[]"
            case RowType(fields):
                named = [(name, self.type_name(field)) for name, field in fields]
            case Shape():
                named = [
                    (name, self.type_name(property_.stored) + "[]" * property_.is_list)
                    for name, property_ in _properties(type_)
                ]
        return "STRUCT(" + ", ".join(f"{_quoted(name)} {sql}" for name, sql in named) + ")"

    def text(self, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def error(self, message: str, type_: ValueType) -> str:
        return f"CAST(error({self.text(message)}) AS {self.type_name(type_)})"

    def variable_sql(self, node: tree.Variable) -> str:
        return f"{self.prefix}{node.number}"

    def index_sql(self, node: tree.Index) -> str:
        return f"({self.prefix}{node.number} - 1)"

    def field_sql(self, node: tree.Field) -> str:
        sql = f"{self.sql(node.base)}[{self.text(node.name)}]"
        if node.property is None:
            return sql
        stored: ValueType = node.property.stored
        stored = ListType(stored) if node.property.is_list else stored
        if stored == node.type:
            return sql
        if node.property.stored is Scalar.JSON:
            item, schema = f"{self.prefix}i", self._schema(tree.item_type(node))
            parsed = f"list_transform({sql}, lambda {item}: from_json({item}, {schema}))"
            return parsed if node.property.is_list else f"from_json({sql}, {schema})"
        return f"TRY_CAST({sql} AS {self.type_name(node.type)})"

    def cast_sql(self, node: tree.Cast) -> str:
        return f"TRY_CAST({self.sql(node.operand)} AS {self.scalars[node.type]})"

    def parse_sql(self, node: tree.Parse) -> str:
        return f"from_json({self.sql(node.text)}, {self._schema(node.type)})"

    def items_sql(self, node: tree.Items) -> str:
        return f"[{', '.join(map(self.sql, node.elements))}]"

    def compact_sql(self, node: tree.Compact) -> str:
        item = f"{self.prefix}i"
        return f"list_filter({self.sql(node.items)}, lambda {item}: {item} IS NOT NULL)"

    def filter_sql(self, node: tree.Filter) -> str:
        function = f"lambda {self.sql(node.variable)}: {self.sql(node.condition)}"
        return f"list_filter({self.sql(node.items)}, {function})"

    def map_sql(self, node: tree.Map) -> str:
        parameters = self.sql(node.variable)
        if node.index is not None:
            parameters += f", {self.prefix}{node.index.number}"
        return f"list_transform({self.sql(node.items)}, lambda {parameters}: {self.sql(node.body)})"

    def flatten_sql(self, node: tree.Flatten) -> str:
        return f"flatten({self.sql(node.items)})"

    def concat_sql(self, node: tree.Concat) -> str:
        return f"list_concat({', '.join(map(self.sql, node.lists))})"

    def orempty_sql(self, node: tree.OrEmpty) -> str:
        return f"coalesce({self.sql(node.items)}, CAST([] AS {self.type_name(node.type)}))"

    def itemat_sql(self, node: tree.ItemAt) -> str:
        items, position = self.sql(node.items), node.position
        if isinstance(position, tree.Literal) and isinstance(position.value, int):
            return (
                f"{items}[{position.value + 1}]"
                if position.value >= 0
                else self.null_sql(tree.Null(node.type))
            )
        # A subscript of -1 would be the last item.
        number = self.sql(position)
        return f"(CASE WHEN {number} >= 0 THEN {items}[{number} + 1] END)"

    def size_sql(self, node: tree.Size) -> str:
        return f"coalesce(len({self.sql(node.items)}), CAST(0 AS BIGINT))"

    def join_sql(self, node: tree.Join) -> str:
        return f"coalesce(array_to_string({self.sql(node.items)}, {self.text(node.separator)}), '')"

    def row_sql(self, node: tree.Row) -> str:
        return "{" + ", ".join(f"{self.text(name)}: {self.sql(value)}" for name, value in node.fields) + "}"

    def arithmetic_sql(self, node: tree.Arithmetic) -> str:
        left, right = self.sql(node.left), self.sql(node.right)
        if node.type is Scalar.LONG:
            # As HUGEINT, since BIGINT fails the query on overflow.
            return f"TRY_CAST(CAST({left} AS HUGEINT) {node.operator} CAST({right} AS HUGEINT) AS BIGINT)"
        if node.type is Scalar.DECIMAL:
            bound = _DECIMAL_OPERANDS[node.operator]
            left, right = (f"TRY_CAST({side} AS {bound})" for side in (left, right))
        if node.operator == "/":
            right = f"nullif({right}, 0)"
        return f"TRY_CAST({left} {node.operator} {right} AS {self.type_name(node.type)})"

    def length_sql(self, node: tree.Length) -> str:
        return f"length({self.sql(node.operand)})"

    def substring_sql(self, node: tree.Substring) -> str:
        length = f", {self.sql(node.length)}" if node.length is not None else ""
        return f"substring({self.sql(node.operand)}, {self.sql(node.start)} + 1{length})"

    def extract_sql(self, node: tree.Extract) -> str:
        return f"nullif(regexp_extract({self.sql(node.operand)}, {self.text(node.pattern)}, 1), '')"

    def lastday_sql(self, node: tree.LastDay) -> str:
        month = f"regexp_extract({self.sql(node.operand)}, '^[0-9]{{4}}-[0-9]{{2}}$')"
        return f"CAST(last_day(TRY_CAST({month} || '-01' AS DATE)) AS VARCHAR)"

    def toinstant_sql(self, node: tree.ToInstant) -> str:
        # Without the guard, text without offset would be taken in the session's zone.
        return f"TRY_CAST(regexp_extract({self.sql(node.operand)}, '{_INSTANT}') AS TIMESTAMPTZ)"

    def _schema(self, type_: ValueType) -> str:
        """The structure argument of from_json."""
        return self.text(json.dumps(self._structure(type_), separators=(",", ":")))

    def _structure(self, type_: ValueType) -> Any:
        match type_:
            case Scalar():
                return self.scalars[type_]
            case ListType(item):
                return [self._structure(item)]
            case Shape():
                return {
                    name: [structure] if property_.is_list else structure
                    for name, property_ in _properties(type_)
                    for structure in [self._structure(property_.stored)]
                }
            case RowType():
                raise TypeError("a row is not read from JSON")


def _properties(shape: Shape) -> list[tuple[str, Property]]:
    """What is read of an object; `id` where only its existence is asked, since a STRUCT needs a field."""
    return list(shape.properties.items()) or [("id", Property(False, scalars={Scalar.TEXT}))]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
