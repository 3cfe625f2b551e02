"""Node kinds that compute a single value; Case and Guard also choose between lists and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from healthlake.sql_on_fhir.types import Scalar, ValueType

if TYPE_CHECKING:
    from healthlake.sql_on_fhir.tree import Node


@dataclass(frozen=True, slots=True)
class Cast:
    """`operand` as another scalar; NULL where it isn't one: text that is no number, a number out of range.
    DECIMAL to DOUBLE is the nearest; DECIMAL to TEXT has always nine digits after the point, no exponent."""

    operand: Node
    type: Scalar


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first condition that is met, else `otherwise` (None: NULL). Evaluated lazily."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None = None

    @property
    def type(self) -> ValueType:
        return self.branches[0][1].type


@dataclass(frozen=True, slots=True)
class Guard:
    """`value` where `violated` is not true, else NULL. `place` (a column or clause of the view) and `rule`
    say what is violated; they are for `violations`, no emitter has a use for them."""

    value: Node
    violated: Node
    place: str
    rule: str

    @property
    def type(self) -> ValueType:
        return self.value.type


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether there is no value; never NULL. Not for lists."""

    operand: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """Three-valued negation."""

    operand: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Logic:
    """Three-valued `and` / `or`."""

    operator: str
    operands: tuple[Node, ...]
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Compare:
    """`= != < <= > >=` of two scalars of one type; NULL where either is."""

    operator: str
    left: Node
    right: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * /` of two LONG, DECIMAL or DOUBLE, with a result of that type; `/` never of LONG. NULL where
    either is, at division by zero, and where the result is beyond LONG or DECIMAL (DOUBLE has infinities).
    DECIMAL operands are first rounded to (28,9) for + and -, to (18,6) for *, to (20,9) for /, and are NULL
    beyond: so that no digit of the exact result is beyond an engine's 38. A quotient is rounded to 18
    places, then to 9."""

    operator: str
    left: Node
    right: Node

    @property
    def type(self) -> ValueType:
        return self.left.type


@dataclass(frozen=True, slots=True)
class Text:
    """Texts one after the other; NULL where any is."""

    parts: tuple[Node, ...]
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class Length:
    """The number of code points in a text, LONG."""

    operand: Node
    type: Scalar = Scalar.LONG


@dataclass(frozen=True, slots=True)
class Substring:
    """Text from position `start` on, `length` long or to the end; '' beyond the end. Neither is
    ever negative."""

    operand: Node
    start: Node
    length: Node | None = None
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class Extract:
    """What group 1 of `pattern` matches first in a text; NULL without a match or for ''. The pattern is in
    the common subset of RE2 and Java: classes in brackets, no look-around, no `\\d`; `$` only as its last
    character, where the text ends; `.` is anything but a line feed."""

    operand: Node
    pattern: str
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class LastDay:
    """`YYYY-MM` -> `YYYY-MM-DD` of the month's last day; NULL for any other text."""

    operand: Node
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class ToInstant:
    """Text with date, time of day (seconds may be missing) and offset (14 hours at most) -> INSTANT, digits
    after the sixth cut; NULL for any other text."""

    operand: Node
    type: Scalar = Scalar.INSTANT
