"""The Spark emitter (4.1, ANSI mode on): Spark SQL without functions of its own.

Facts that shaped it, seen on 4.1.1 with JDK 17:

- The parse stands in a subquery below `inline`, which no expression passes, so it is planned once. A lambda
  over a list's one field costs more than `list.field`, which Spark compiles.
- `from_json` stops after the first value and ignores what follows; so the text is put inside an object, and
  what comes after it there must be found.
- Nothing may fail: every cast is `try_cast`, every operator of whole numbers and decimals `try_…`.
- The parser reads ahead to the end of every pair of parentheses and every CASE, again at each level of
  nesting: 150 views in 20 s of CPU time. Operators and conditions written as function calls take 6 s.
- Java's `$` also matches before a line break at the end, and its `.` stops at more breaks than RE2's.
- Text that holds `${` is taken for a variable of the session.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.dialects.emitter import DECIMAL_OPERANDS, INSTANT, MONTH, Emitter, properties
from healthlake.sql_on_fhir.types import ListType, RowType, Scalar, Shape, ValueType

_STRICT = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
_ARITHMETIC: Mapping[str, str] = {"+": "try_add", "-": "try_subtract", "*": "try_multiply", "/": "try_divide"}


class Spark(Emitter):
    """Typed tree -> Spark SQL."""

    scalars: ClassVar[Mapping[Scalar, str]] = {
        Scalar.TEXT: "STRING",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.INTEGER: "INT",
        Scalar.LONG: "BIGINT",
        Scalar.DECIMAL: "DECIMAL(38,9)",
        Scalar.DOUBLE: "DOUBLE",
        Scalar.INSTANT: "TIMESTAMP",
        Scalar.JSON: "STRING",
    }

    def select(
        self, rows: tree.Node, shape: Shape, source: str, json_column: str, carry: Sequence[str]
    ) -> str:
        carried = "".join(f"{_quoted(name)}, " for name in carry)
        parsed = f"{self.prefix}r"
        schema = self.text(f"r {self.type_name(shape)}, e INT")
        text = f"""concat('{{"r":', {_quoted(json_column)}, ',"e":0}}')"""
        return (
            f"SELECT {carried}inline(if({parsed}.e = 0, {self.sql(rows)}, NULL))\n"
            f"FROM (SELECT {carried}from_json({text}, {schema}, {_STRICT}) AS {parsed}\nFROM {source})"
        )

    def type_name(self, type_: ValueType) -> str:
        match type_:
            case Scalar():
                return self.scalars[type_]
            case ListType(item):
                return f"ARRAY<{self.type_name(item)}>"
            case RowType(fields):
                named = [(name, self.type_name(field)) for name, field in fields]
            case Shape():
                named = [(name, self.type_name(stored)) for name, stored in properties(type_)]
        return "STRUCT<" + ", ".join(f"{_quoted(name)}: {sql}" for name, sql in named) + ">"

    def text(self, value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{")
        return f"'{escaped}'"

    def resource_sql(self, node: tree.Resource) -> str:
        return f"{self.prefix}r.r"

    def variable_sql(self, node: tree.Variable) -> str:
        return f"{self.prefix}{node.number}"

    def index_sql(self, node: tree.Index) -> str:
        return f"CAST({self.prefix}{node.number} AS BIGINT)"

    def case_sql(self, node: tree.Case) -> str:
        sql = self.sql(node.otherwise if node.otherwise is not None else tree.Null(node.type))
        for condition, value in reversed(node.branches):
            sql = f"if({self.sql(condition)}, {self.sql(value)}, {sql})"
        return sql

    def guard_sql(self, node: tree.Guard) -> str:
        return f"if({self.sql(node.violated)}, {self.null_sql(tree.Null(node.type))}, {self.sql(node.value)})"

    def isnull_sql(self, node: tree.IsNull) -> str:
        return f"isnull({self.sql(node.operand)})"

    def not_sql(self, node: tree.Not) -> str:
        return f"`not`({self.sql(node.operand)})"

    def logic_sql(self, node: tree.Logic) -> str:
        *before, last = map(self.sql, node.operands)
        return functools.reduce(
            lambda sql, operand: f"`{node.operator}`({operand}, {sql})", reversed(before), last
        )

    def compare_sql(self, node: tree.Compare) -> str:
        operands = f"({self.sql(node.left)}, {self.sql(node.right)})"
        return f"`not`(`=`{operands})" if node.operator == "!=" else f"`{node.operator}`{operands}"

    def text_sql(self, node: tree.Text) -> str:
        return f"concat({', '.join(map(self.sql, node.parts))})"

    def field_sql(self, node: tree.Field) -> str:
        sql = f"{self.sql(node.base)}.{_quoted(node.name)}"
        if node.property is None or node.property.type == node.type:
            return sql
        stored, wanted = node.property.stored, tree.item_type(node)
        if not node.property.is_list:
            return self._read(sql, stored, wanted)
        item = f"{self.prefix}i"
        return f"transform({sql}, {item} -> {self._read(item, stored, wanted)})"

    def cast_sql(self, node: tree.Cast) -> str:
        return self._cast(self.sql(node.operand), node.operand.type, node.type)

    def parse_sql(self, node: tree.Parse) -> str:
        return self._parse(self.sql(node.text), node.type)

    def items_sql(self, node: tree.Items) -> str:
        return f"array({', '.join(map(self.sql, node.elements))})"

    def compact_sql(self, node: tree.Compact) -> str:
        item = f"{self.prefix}i"
        return f"filter({self.sql(node.items)}, {item} -> {item} IS NOT NULL)"

    def filter_sql(self, node: tree.Filter) -> str:
        return f"filter({self.sql(node.items)}, {self.sql(node.variable)} -> {self.sql(node.condition)})"

    def map_sql(self, node: tree.Map) -> str:
        match node.body:
            case tree.Field(base=base, name=name, property=property_) if base == node.variable and (
                property_ is None or property_.type == node.body.type
            ):
                return f"{self.sql(node.items)}.{_quoted(name)}"
        parameters = self.sql(node.variable)
        if node.index is not None:
            parameters = f"({parameters}, {self.prefix}{node.index.number})"
        return f"transform({self.sql(node.items)}, {parameters} -> {self.sql(node.body)})"

    def flatten_sql(self, node: tree.Flatten) -> str:
        items = self.sql(node.items)
        if not (isinstance(node.items, tree.Map) and _never_null(node.items.body)):
            item = f"{self.prefix}i"
            items = f"filter({items}, {item} -> {item} IS NOT NULL)"
        return f"flatten({items})"

    def concat_sql(self, node: tree.Concat) -> str:
        lists = (part if _never_null(part) else tree.OrEmpty(part) for part in node.lists)
        return f"concat({', '.join(map(self.sql, lists))})"

    def orempty_sql(self, node: tree.OrEmpty) -> str:
        if isinstance(node.items, tree.Null):
            return f"CAST(array() AS {self.type_name(node.type)})"
        return f"coalesce({self.sql(node.items)}, CAST(array() AS {self.type_name(node.type)}))"

    def itemat_sql(self, node: tree.ItemAt) -> str:
        items = self.sql(node.items)
        match node.position:
            case tree.Literal(value=int() as position) if -1 <= position <= 1000:
                return f"get({items}, {position})"
        return f"get({items}, try_cast({self.sql(node.position)} AS INT))"

    def size_sql(self, node: tree.Size) -> str:
        return f"CAST(coalesce(array_size({self.sql(node.items)}), 0) AS BIGINT)"

    def join_sql(self, node: tree.Join) -> str:
        return f"coalesce(array_join({self.sql(node.items)}, {self.text(node.separator)}), '')"

    def row_sql(self, node: tree.Row) -> str:
        fields = (f"{self.text(name)}, {self.sql(value)}" for name, value in node.fields)
        return f"named_struct({', '.join(fields)})"

    def arithmetic_sql(self, node: tree.Arithmetic) -> str:
        left, right = self.sql(node.left), self.sql(node.right)
        if node.type is Scalar.DECIMAL:
            bound = DECIMAL_OPERANDS[node.operator]
            left, right = (f"try_cast({side} AS {bound})" for side in (left, right))
        result = f"{_ARITHMETIC[node.operator]}({left}, {right})"
        return f"try_cast({result} AS DECIMAL(38,9))" if node.type is Scalar.DECIMAL else result

    def length_sql(self, node: tree.Length) -> str:
        return f"CAST(char_length({self.sql(node.operand)}) AS BIGINT)"

    def substring_sql(self, node: tree.Substring) -> str:
        length = f", CAST({self.sql(node.length)} AS INT)" if node.length is not None else ""
        return f"substring({self.sql(node.operand)}, CAST({self.sql(node.start)} AS INT) + 1{length})"

    def extract_sql(self, node: tree.Extract) -> str:
        return f"nullif({self._matched(self.sql(node.operand), node.pattern, 1)}, '')"

    def lastday_sql(self, node: tree.LastDay) -> str:
        month = self._matched(self.sql(node.operand), MONTH, 0)
        return f"CAST(last_day(try_cast({month} || '-01' AS DATE)) AS STRING)"

    def toinstant_sql(self, node: tree.ToInstant) -> str:
        instant = self._matched(self.sql(node.operand), INSTANT, 0)
        # Spark takes no time of day without seconds.
        whole = f"regexp_replace({instant}, '(T[0-9][0-9]:[0-9][0-9])([Z+-])', '$1:00$2')"
        return f"try_cast({whole} AS TIMESTAMP)"

    def _matched(self, text: str, pattern: str, group: int) -> str:
        java = "(?d)" + (pattern[:-1] + r"\z" if pattern.endswith("$") else pattern)
        return f"regexp_extract({text}, {self.text(java)}, {group})"

    def _read(self, sql: str, stored: ValueType, wanted: ValueType) -> str:
        """A stored value as the type that a reader wants."""
        if stored is Scalar.JSON:
            return self._parse(sql, wanted)
        return self._cast(sql, stored, wanted)

    def _parse(self, text: str, type_: ValueType) -> str:
        return f"from_json({text}, {self.text(self.type_name(type_))}, {_STRICT})"

    def _cast(self, sql: str, type_: ValueType, wanted: ValueType) -> str:
        if type_ is Scalar.TEXT and wanted is Scalar.DOUBLE:
            # A number beyond the doubles is read as the text "Infinity", quotes included.
            sql = f"""trim(BOTH '"' FROM {sql})"""
        elif type_ is Scalar.TEXT and wanted is Scalar.DECIMAL:
            sql = self._digits(sql)
        return f"try_cast({sql} AS {self.type_name(wanted)})"

    def _digits(self, text: str) -> str:
        """The digits of a number's text; see tree.Field.

        Java before 19 lengthens what it writes of doubles from 2^53 on: 2E23 as 1.9999999999999998E23 (none
        of 1.5 million below). Spark casts doubles by that text too, so the value is put together from two
        BIGINT.
        """
        item, part = f"{self.prefix}t", "17592186044416"
        double = f"try_cast({item} AS DOUBLE)"
        high = f"floor({double} / {part}D)"
        low = f"CAST({double} - {high} * {part}D AS BIGINT)"
        value = f"CAST(CAST({high} AS DECIMAL(17,0)) * {part} + {low} AS STRING)"
        large = f"{item} LIKE '%E%' AND abs({double}) BETWEEN 9007199254740992D AND 1e29D"
        return f"get(transform(array({text}), {item} -> if({large}, {value}, {item})), 0)"


def _never_null(node: tree.Node) -> bool:
    """Whether a list is certainly not NULL in Spark."""
    match node:
        case tree.Items() | tree.OrEmpty() | tree.Concat():
            return True
        case tree.Compact(items=items) | tree.Filter(items=items) | tree.Map(items=items):
            return _never_null(items)
        case tree.Case(branches=branches, otherwise=otherwise) if otherwise is not None:
            return all(map(_never_null, (otherwise, *(value for _, value in branches))))
        case _:
            return False


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
