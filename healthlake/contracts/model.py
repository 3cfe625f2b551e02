"""What a table's contract is made of: value objects that validate themselves. Standard library only.

A contract is the one declaration of a table. DDL, Dagster asset, column schema, asset checks and docs page
are all generated from it; nothing here knows an engine, a catalog or a resource type by name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

DT = "dt"
"""The partition column of every table: the day of the drop (UTC), a DATE inside every file."""


class Layer(enum.StrEnum):
    """The layers, in the order in which data passes them. A layer is also a Dagster asset group and a
    folder."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class ColumnType(enum.StrEnum):
    """Column types by their Iceberg names. A `timestamp` has no zone and is UTC."""

    STRING = "string"
    INT = "int"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


class Kind(enum.StrEnum):
    """How rows of a table come and go.

    DAILY tables hold one independent partition a day, replaced as a whole. CURRENT tables hold one state of
    the whole lake; a row's `dt` is the drop that it came from.
    """

    DAILY = "daily"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what an analyst needs to use it and what the engines need to make it.

    `phi` columns hold what may tell who a patient is. `expression` is the portable SQL that makes the column
    from the columns of the table's view, where it isn't a view column as it stands.
    """

    name: str
    type: ColumnType
    description: str
    unit: str | None = None
    phi: bool = False
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """One table: `grain` are the columns that identify a row (never NULL), within a day for a DAILY table."""

    name: str
    layer: Layer
    kind: Kind
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    resource_type: str | None = None
    checks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        names = self.column_names
        if not self.name.startswith(f"{self.layer}_"):
            raise ValueError(f"{self.name}: a {self.layer} table's name starts with {self.layer}_")
        if names[0] != DT or self.columns[0].type is not ColumnType.DATE:
            raise ValueError(f"{self.name}: the first column is {DT}, a date")
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a column is declared twice")
        if missing := set(self.grain) - set(names):
            raise ValueError(f"{self.name}: grain columns {sorted(missing)} are not declared")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that are unique over the whole table: the grain, and `dt` where the table is DAILY."""
        if self.kind is Kind.DAILY and DT not in self.grain:
            return (DT, *self.grain)
        return self.grain

    @property
    def folder(self) -> str:
        """Where the table lies under the lake's root: `bronze/patient`."""
        return f"{self.layer}/{self.name.removeprefix(f'{self.layer}_')}"

    def column(self, name: str) -> Column:
        """The column of that name; `KeyError` names the table where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)
