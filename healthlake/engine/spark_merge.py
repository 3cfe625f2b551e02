"""What a merge writes and replaces on Spark, copy-on-write as on DuckDB: only files that hold a row to be
removed are written again. Commits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from healthlake.contracts.model import Contract
from healthlake.lake.table_version import TableFile, Version, local_path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from healthlake.engine.spark import SparkEngine


class SparkMergePlan:
    """The files that a merge writes and replaces."""

    def __init__(
        self,
        engine: SparkEngine,
        contract: Contract,
        base: Version,
        keys: Sequence[str],
        touched: str,
        rows: str,
    ) -> None:
        self.engine, self.contract, self.base = engine, contract, base
        self.replaced: list[TableFile] = []
        self.added = self.removed = self.rewritten = 0
        self._keys, self._touched, self._rows = keys, touched, rows
        self.written: list[str] = []

    def write(self) -> list[tuple[str, int]]:
        """Writes the files of the days that gain or lose rows; returns paths and rows."""
        columns = ", ".join(self.contract.column_names)
        if not self.base.files:
            new = self.engine.query(f"SELECT {columns} FROM {self._rows}")
            written = self._write(new)
            self.added = sum(rows for _, rows in written)
            return written
        self._store_difference(columns)
        if not self.added and not self.replaced:
            return []
        written = self._write(self.engine.query(self._new_rows()))
        self.rewritten = sum(rows for _, rows in written) - self.added
        return written

    def _write(self, frame: DataFrame) -> list[tuple[str, int]]:
        written = [(each.path, each.rows) for each in self.engine.write(self.contract, frame)]
        self.written = [path for path, _ in written]
        return written

    def _store_difference(self, columns: str) -> None:
        """The rows that come (n > 0) and go (n < 0, with their file), from one grouping of both sides."""
        engine = self.engine
        engine.store("merge_rows", f"SELECT {columns} FROM {self._rows}")
        on = " AND ".join(f"b.{key} <=> t.{key}" for key in self._keys)
        engine.store(
            "merge_difference",
            f"SELECT {columns}, sum(side) AS n, max(file) AS file FROM ("
            f"SELECT {columns}, 1 AS side, CAST(NULL AS STRING) AS file FROM merge_rows UNION ALL "
            f"SELECT {columns}, -1 AS side, _file AS file FROM {engine.table(self.contract)} VERSION AS OF"
            f" {self.base.snapshot_id} AS b LEFT SEMI JOIN {self._touched} AS t ON {on}"
            f") AS sides GROUP BY {columns} HAVING sum(side) <> 0",
        )
        holders = set()
        for file, gone, come in engine.rows(
            "SELECT CASE WHEN n < 0 THEN file END, sum(CASE WHEN n < 0 THEN -n ELSE 0 END),"
            " sum(CASE WHEN n > 0 THEN n ELSE 0 END) FROM merge_difference GROUP BY 1"
        ):
            self.removed += int(gone)
            self.added += int(come)
            holders.update([local_path(file)] if file else [])
        self.replaced = [file for file in self.base.files if file.path in holders]

    def _new_rows(self) -> str:
        # Not the rows of the difference: a grouping makes -0.0 to 0.0. All rows of a grain that comes, so
        # that the audit sees where there are several.
        come = self._semi_join("merge_rows", "LEFT SEMI", "n > 0")
        if not self.replaced:
            return come
        self.engine.relate("merge_replaced", self.contract, [file.path for file in self.replaced])
        return f"{self._semi_join('merge_replaced', 'LEFT ANTI', 'n < 0')} UNION ALL {come}"

    def _semi_join(self, relation: str, kind: str, which: str) -> str:
        """The rows of `relation` whose grain is, or isn't, among rows of the difference."""
        grain = ", ".join(self.contract.grain)
        on = " AND ".join(f"r.{column} <=> d.{column}" for column in self.contract.grain)
        columns = ", ".join(f"r.{column}" for column in self.contract.column_names)
        return (
            f"SELECT {columns} FROM {relation} AS r {kind} JOIN"
            f" (SELECT {grain} FROM merge_difference WHERE {which}) AS d ON {on}"
        )
