"""Gold and checks in Athena's SQL: tables are read pinned to a snapshot, relations are texts in a WITH, a day
is published by one MERGE.

Refuses bronze and silver, which Spark makes as Glue jobs. Knows no AWS client: a session runs the statements.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from healthlake.contracts.model import DT, ColumnType, Contract
from healthlake.contracts.silver import ResourceType
from healthlake.engine.athena_merge import changes, merge, source
from healthlake.engine.athena_relations import Relations, selected_names
from healthlake.engine.protocol import Progress, Published, Row, Staged
from healthlake.errors import EngineError, StructuralViolation
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.table_version import Version
from healthlake.split import SourceFile

LONGEST = 262_144
"""Bytes of UTF-8 that Athena takes as one statement; a limit that no quota raises."""

SQL_TYPES: Mapping[ColumnType, str] = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INT: "INTEGER",
    ColumnType.LONG: "BIGINT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP(6)",
}


class SqlSession(Protocol):
    """Runs statements of Athena's SQL, one at a time; `what` they do stands in the message of an error.

    Raises `EngineError` without the engine's own words, and `CommitConflict` where another writer committed
    to the table first.
    """

    def rows(self, sql: str, parameters: Sequence[str] = (), *, what: str) -> list[tuple[Any, ...]]:
        """The result as Python's values: None, str, int, float, bool, date, datetime without zone."""

    def execute(self, sql: str, parameters: Sequence[str] = (), *, what: str, token: str) -> None:
        """Runs a statement that writes. The same `token` and text again, of one run, is the same
        execution."""

    def close(self) -> None:
        """Ends the session and what it still runs."""


class AthenaEngine:
    """A session of Athena on one lake. Use as a context manager, or close it."""

    def __init__(self, catalog: LakeCatalog, session: SqlSession) -> None:
        self.catalog = catalog
        self._session = session
        self._relations = Relations()
        self._what = "starting the engine"

    def __enter__(self) -> AthenaEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def doing(self, what: str) -> None:
        self._what = what

    def read(
        self, contract: Contract, days: Iterable[datetime.date] | None = None, name: str | None = None
    ) -> Version:
        version = self.catalog.version(contract) or Version(None, {}, ())
        self._relations.give(name or contract.name, self._scan(contract, version, days))
        return version

    def read_changes(self, contract: Contract, since: int | None, name: str) -> bool:
        self._refuse(f"reading what changed in {contract.name}", "bronze_to_silver")

    def define(self, name: str, sql: str) -> None:
        self._relations.define(name, sql, "spark")

    def store(self, name: str, sql: str) -> None:
        # Computed where it is read: tables are pinned, so the rows are the same.
        self.define(name, sql)

    def store_few(self, name: str, sql: str) -> int:
        self.store(name, sql)
        return int(self.rows(f"SELECT count(*) FROM {name}")[0][0])

    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        return self._session.rows(self._sendable(self._relations.statement(sql, dialect)), what=self._what)

    def statement(self, sql: str) -> str:
        """`sql`, of Athena's dialect, as it is sent: over the relations that it names."""
        return self._sendable(self._relations.statement(sql, "athena"))

    def counts(
        self, contract: Contract, day: datetime.date | None, columns: Sequence[str]
    ) -> tuple[int, Mapping[str, int]] | None:
        return self.catalog.counts(contract, day, columns)

    def apply_view(self, name: str, kind: ResourceType, source: str, carry: Sequence[str]) -> None:
        self._refuse(f"applying the view {kind.view.name}", "bronze_to_silver")

    def split(
        self, day: datetime.date, files: Sequence[SourceFile], progress: Progress
    ) -> Mapping[str, Staged]:
        self._refuse(f"splitting the drop of {day}", "raw_to_bronze")

    def merge(
        self,
        contract: Contract,
        keys: Sequence[str],
        touched: str,
        rows: str,
        properties: Mapping[str, str],
        audit: Callable[[str], None],
    ) -> Published:
        self._refuse(f"merging into {contract.name}", "bronze_to_silver")

    def stage(self, contract: Contract, day: datetime.date, sql: str, dialect: str = "spark") -> Staged:
        """Writes nothing: what is staged is the SELECT, over tables that are pinned."""
        self._require_columns(contract, selected_names(sql, dialect), contract.column_names)
        selected = f"selected_{contract.name}_{day:%Y%m%d}"
        self._relations.define(selected, sql, dialect)
        types = ", ".join(f"typeof(max({name}))" for name in contract.column_names)
        ((rows, *found),) = self.rows(f"SELECT count(*), {types} FROM {selected}", "athena")
        expected = [SQL_TYPES[column.type] for column in contract]
        self._require_columns(contract, [_kind(text) for text in found], [_kind(text) for text in expected])
        relation = Staged.of(contract, day, ()).relation
        columns = ", ".join(
            f"CAST({each.name} AS {SQL_TYPES[each.type]}) AS {each.name}" for each in contract
        )
        self._relations.define(relation, f"SELECT {columns} FROM {selected}", "athena")
        return Staged(contract, day, relation, int(rows), ())

    def discard(self, staged: Iterable[Staged]) -> None:
        return None

    def publish(
        self, contract: Contract, staged: Sequence[Staged], properties: Mapping[str, str]
    ) -> Published:
        """One MERGE a day, so each day is a snapshot. `properties` become the table's, a day each: Athena
        sets none of a snapshot."""
        self.catalog.create(contract)
        added = removed = 0
        for each in staged:
            more, fewer = self._replace(contract, each)
            added, removed = added + more, removed + fewer
        self._set_properties(contract, staged, properties)
        version = self.catalog.version(contract) or Version(None, {}, ())
        return Published(version, bool(added or removed), added, removed)

    def _replace(self, contract: Contract, staged: Staged) -> tuple[int, int]:
        """Rows that are new, and rows that are gone; a changed one is both. No statement where there are
        none."""
        before = f"before_{contract.name}"
        base = self.read(contract, [staged.day], before).snapshot_id
        ((added, removed),) = self.rows(changes(contract, before, staged.relation), "athena")
        if added or removed:
            table = self._name(contract)
            rows = self._relations.statement(source(contract, table, staged.day, staged.relation), "athena")
            statement = self._sendable(merge(contract, table, staged.day, rows))
            # With its base: the same change of another state of the table is another execution.
            token = f"{contract.name}/{staged.day}/{base}"
            self._session.execute(statement, what=self._what, token=token)
        return int(added), int(removed)

    def _set_properties(
        self, contract: Contract, staged: Sequence[Staged], properties: Mapping[str, str]
    ) -> None:
        known = self.catalog.properties(contract)
        told = {f"{name}.{each.day}": value for name, value in properties.items() for each in staged}
        if changed := {name: value for name, value in told.items() if known.get(name, "false") != value}:
            self.catalog.set_properties(contract, changed)

    def _scan(self, contract: Contract, version: Version, days: Iterable[datetime.date] | None) -> str:
        if version.snapshot_id is None:
            nulls = ", ".join(f"CAST(NULL AS {SQL_TYPES[each.type]}) AS {each.name}" for each in contract)
            return f"SELECT {nulls} WHERE FALSE"
        columns = ", ".join(contract.column_names)
        scan = f"SELECT {columns} FROM {self._name(contract)} FOR VERSION AS OF {version.snapshot_id}"
        if days is None:
            return scan
        listed = ", ".join(f"DATE '{day}'" for day in sorted(set(days)))
        return f"{scan} WHERE {f'{DT} IN ({listed})' if listed else 'FALSE'}"

    def _name(self, contract: Contract) -> str:
        """The table's own name, which no relation has."""
        return f'"{self.catalog.database}"."{contract.name}"'

    def _sendable(self, statement: str) -> str:
        size = len(statement.encode())
        if size > LONGEST:
            raise EngineError(
                f"{self._what}: the statement has {size:,} bytes, and Athena takes {LONGEST:,}. Nothing was"
                " sent. Ask for fewer days or rules at once; of gold's own SQL, make the file in sql/"
                " shorter."
            )
        return statement

    def _require_columns(self, contract: Contract, found: Sequence[str], expected: Sequence[str]) -> None:
        if list(found) == list(expected):
            return
        pairs = zip(contract.column_names, found, expected, strict=False)
        wrong = [name for name, has, should in pairs if has != should] or [f"{len(found)} columns"]
        raise StructuralViolation(
            f"{self._what}: the columns of {contract.name} are not its contract's ({', '.join(wrong)});"
            " expected names, order and types as in docs/tables.md. Nothing was committed."
        )

    def _refuse(self, doing: str, job: str) -> NoReturn:
        raise EngineError(
            f"{doing}: Athena does gold and checks alone. Spark does this, in the job {job}: run `healthlake"
            " materialize` with HEALTHLAKE_PROFILE=aws, which submits it to Glue."
        )


def _kind(sql_type: str) -> str:
    """A type without its length or precision: literals have their own."""
    return sql_type.partition("(")[0].lower()
