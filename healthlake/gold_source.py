"""What a gold table is computed by: its file in `sql/`, or the rules for the tables of verdicts.

A file is one SELECT in Athena's dialect. It names the day `:dt`, tables by their names, and `<current
table>_as_of` for the state as known on that day; it never spells a winner out.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlglot
from sqlglot import exp

from healthlake.checks.policy import Policy
from healthlake.conform.as_of import as_of_name, relate_as_of
from healthlake.contracts.gold import QUALITY_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.engine.protocol import Engine
from healthlake.errors import UsageError
from healthlake.quality import quality_inputs, quality_select


class GoldSource(Protocol):
    """How the rows of a gold table's day are made."""

    @property
    def text(self) -> str:
        """All that a day's rows depend on beside the inputs: with another text they are stale."""

    @property
    def inputs(self) -> Sequence[Contract]:
        """The tables that are read, by name."""

    @property
    def relations(self) -> frozenset[str]:
        """The names that are read: of tables, and of as-of relations."""

    def select(self, engine: Engine, day: datetime.date) -> str:
        """SELECT (Athena's dialect) of the day's rows, over relations of `engine` that this makes."""


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A SELECT with `:dt` for the day."""

    text: str

    @property
    def relations(self) -> frozenset[str]:
        return tables_of(self.text)

    @property
    def inputs(self) -> Sequence[Contract]:
        """An as-of relation's history among them."""
        by_as_of = {as_of_name(kind): kind.history for kind in RESOURCE_TYPES}
        found = {name: TABLES.get(name) or by_as_of.get(name) for name in tables_of(self.text)}
        return sorted({table for table in found.values() if table}, key=lambda table: table.name)

    def select(self, engine: Engine, day: datetime.date) -> str:
        relate(engine, self.text, day)
        return bind_day(self.text, day)


@dataclass(frozen=True, slots=True)
class QualitySource:
    """The rules, on the terms of a deployment."""

    contract: Contract
    policy: Policy

    @property
    def text(self) -> str:
        return self.policy.rule_set_hash

    @property
    def relations(self) -> frozenset[str]:
        return frozenset(table.name for table in self.inputs)

    @property
    def inputs(self) -> Sequence[Contract]:
        return quality_inputs(self.contract)

    def select(self, engine: Engine, day: datetime.date) -> str:
        return quality_select(engine, self.contract, self.policy, day)


def gold_source(folder: Path, contract: Contract, policy: Policy) -> GoldSource:
    """The source of a gold table; `UsageError` where `folder` should have its file and has none."""
    if contract in QUALITY_TABLES:
        return QualitySource(contract, policy)
    path = folder / f"{contract.name}.sql"
    if not path.is_file():
        raise UsageError(
            f"reading gold's SQL: there is no {path}. Set HEALTHLAKE_SQL to the folder that has it."
        )
    return SqlSource(path.read_text("utf-8"))


def relate(engine: Engine, sql: str, day: datetime.date | None) -> None:
    """Makes every table that `sql` names a relation of the engine, and the as-of ones of `day`."""
    named = tables_of(sql)
    by_as_of = {as_of_name(kind): kind for kind in RESOURCE_TYPES}
    for name in sorted(named):
        if name in TABLES:
            engine.read(TABLES[name])
        elif name in by_as_of and day is not None:
            relate_as_of(engine, by_as_of[name], day)


@functools.cache
def tables_of(sql: str) -> frozenset[str]:
    """Names of the tables that `sql` (Athena's dialect) reads, those that it defines itself left out."""
    tree = sqlglot.parse_one(sql, read="athena")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own


def bind_day(sql: str, day: datetime.date) -> str:
    """`sql` with the literal day in place of `:dt`."""
    tree = sqlglot.parse_one(sql, read="athena")
    for placeholder in list(tree.find_all(exp.Placeholder)):
        if placeholder.this == "dt":
            placeholder.replace(exp.cast(exp.Literal.string(day.isoformat()), "date"))
    return tree.sql(dialect="athena")
