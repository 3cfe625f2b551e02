"""Every statement of portable SQL that the project runs, got by running the jobs themselves on an engine that
writes down what it is given and computes nothing.

The lake is an empty folder. What an engine writes in its own dialect is not portable SQL and not here.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from healthlake.checks.policy import Policy
from healthlake.checks.run import check_published
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import BRONZE_TABLES, TABLES
from healthlake.contracts.silver import ResourceType
from healthlake.contracts.views import CONVERSIONS
from healthlake.engine.dialect import parse
from healthlake.engine.protocol import Published, Row, Staged
from healthlake.gold import materialize_gold
from healthlake.gold_source import gold_source
from healthlake.jobs import bronze_to_silver, raw_to_bronze
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.lake.table_version import Version
from healthlake.report import Listener
from healthlake.split import SourceFile

DAY = datetime.date(2026, 1, 31)

_NOTHING = Version(None, {}, ())


@dataclass(frozen=True, slots=True)
class Statement:
    """A text and where it comes from: a file, or what a job did with it."""

    source: str
    sql: str
    dialect: str


class Recorder:
    """An engine that writes down statements. `changed` is whether history is said to have changed, and a
    day's bronze rows to be more than are kept: jobs go on differently then."""

    def __init__(self, changed: bool) -> None:
        self.changed = changed
        self.statements: list[Statement] = []
        self._what = ""

    def doing(self, what: str) -> None:
        self._what = what

    def read(
        self, contract: Contract, days: Iterable[datetime.date] | None = None, name: str | None = None
    ) -> Version:
        return _NOTHING

    def read_changes(self, contract: Contract, since: int | None, name: str) -> bool:
        return self.changed

    def define(self, name: str, sql: str) -> None:
        self._record(sql)

    def store(self, name: str, sql: str) -> None:
        self._record(sql)

    def store_few(self, name: str, sql: str) -> int:
        self._record(sql)
        # Not 0: what is then left out is to be seen too.
        return 1

    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        self._record(sql, dialect)
        return [self._row(select) for select in _selects(parse(sql, dialect)) if _counts(select)]

    def counts(
        self, contract: Contract, day: datetime.date | None, columns: Sequence[str]
    ) -> tuple[int, Mapping[str, int]] | None:
        # What metadata answers is asked of rows too, where metadata doesn't say.
        return None

    def apply_view(self, name: str, kind: ResourceType, source: str, carry: Sequence[str]) -> None:
        for conversions in CONVERSIONS.values():
            for conversion in conversions:
                value = conversion.expression.format(c="given", target=kind.name)
                self._record(f"SELECT {value} AS converted FROM {source}")

    def split(
        self, day: datetime.date, files: Sequence[SourceFile], progress: Callable[[int, int], None]
    ) -> Mapping[str, Staged]:
        return {table.name: self._staged(table, day) for table in BRONZE_TABLES}

    def stage(self, contract: Contract, day: datetime.date, sql: str, dialect: str = "spark") -> Staged:
        self._record(sql, dialect)
        return self._staged(contract, day)

    def discard(self, staged: Iterable[Staged]) -> None:
        return None

    def publish(
        self, contract: Contract, staged: Sequence[Staged], properties: Mapping[str, str]
    ) -> Published:
        return Published(_NOTHING, False)

    def merge(
        self,
        contract: Contract,
        keys: Sequence[str],
        touched: str,
        rows: str,
        properties: Mapping[str, str],
        audit: Callable[[str], None],
    ) -> Published:
        audit(rows)
        return Published(_NOTHING, False)

    def close(self) -> None:
        return None

    def _row(self, select: exp.Select) -> Row:
        """Zeros, which pass every check; literals as they are. Counts without FROM are compared with one
        another, so they can differ."""
        differ = self.changed and select.args.get("from_") is None
        return tuple(
            value.to_py() if isinstance(value := column.unalias(), exp.Literal) else n if differ else 0
            for n, column in enumerate(select.selects)
        )

    def _staged(self, contract: Contract, day: datetime.date) -> Staged:
        return Staged(contract, day, f"{contract.name}_staged", 0, ())

    def _record(self, sql: str, dialect: str = "spark") -> None:
        self.statements.append(Statement(self._what, sql, dialect))


def _selects(tree: exp.Expr) -> list[exp.Select]:
    """The arms of a UNION, or the one SELECT."""
    if isinstance(tree, exp.Union):
        return _selects(tree.left) + _selects(tree.right)
    return [tree] if isinstance(tree, exp.Select) else []


def _counts(select: exp.Select) -> bool:
    """Whether a SELECT has a row even where there are no data."""
    source = select.args.get("from_")
    return source is None or isinstance(source.this, exp.Subquery) or select.find(exp.AggFunc) is not None


def own_statements(sql_folder: Path) -> list[Statement]:
    """Gold's files in `sql_folder`, and once each what the jobs and checks of every table run."""
    files = [
        Statement(str(path), path.read_text("utf-8"), "athena") for path in sorted(sql_folder.glob("*.sql"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        catalog = LakeCatalog(LakeLayout(Path(folder)), "healthlake")
        recorded = [
            statement
            for changed in (False, True)
            for statement in _recorded(Recorder(changed), catalog, sql_folder)
        ]
    return files + list({(each.sql, each.dialect): each for each in recorded}.values())


def _recorded(engine: Recorder, catalog: LakeCatalog, sql_folder: Path) -> list[Statement]:
    reports = [
        raw_to_bronze(engine, catalog, [DAY]),
        raw_to_bronze(engine, catalog, [DAY], only=()),
        bronze_to_silver(engine, catalog, [DAY]),
    ]
    for table in GOLD_TABLES:
        source = gold_source(sql_folder, table, Policy())
        reports.append(materialize_gold(engine, catalog, table, source, [DAY], Listener()))
    for name in TABLES:
        check_published(engine, name, [DAY])
    if faults := [fault for report in reports for fault in report.faults]:
        raise AssertionError(f"a job went no further than {faults[0].table}: {faults[0].error}")
    return engine.statements
