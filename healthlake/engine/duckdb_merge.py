"""What a merge writes and replaces on DuckDB, where tables are copy-on-write: only files that hold a row to
be removed are written again. Commits nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from healthlake.contracts.model import Contract
from healthlake.lake.paths import LakePath
from healthlake.lake.table_version import TableFile, Version

if TYPE_CHECKING:
    from healthlake.engine.duckdb import DuckDBEngine


class DuckDBMergePlan:
    """The files that a merge writes and replaces: only files that hold a row to be removed are written
    again."""

    def __init__(
        self,
        engine: DuckDBEngine,
        contract: Contract,
        base: Version,
        keys: Sequence[str],
        touched: str,
        rows: str,
    ) -> None:
        self.engine, self.contract, self.base = engine, contract, base
        self.replaced: list[TableFile] = []
        self.added = self.removed = self.rewritten = 0
        self._written: list[LakePath] = []
        columns = ", ".join(contract.column_names)
        if not base.files:
            engine.create("VIEW", "merge_add", f"SELECT {columns} FROM {rows}")
            return
        engine.relate("merge_base", contract, [file.path for file in base.files], with_file=True)
        on = " AND ".join(f"b.{key} IS NOT DISTINCT FROM t.{key}" for key in keys)
        engine.create("TABLE", "merge_old", f"SELECT b.* FROM merge_base b SEMI JOIN {touched} t ON {on}")
        engine.create(
            "TABLE", "merge_add", f"SELECT {columns} FROM {rows} EXCEPT ALL SELECT {columns} FROM merge_old"
        )
        engine.create(
            "TABLE",
            "merge_remove",
            f"SELECT {columns} FROM merge_old EXCEPT ALL SELECT {columns} FROM {rows}",
        )

    def write(self) -> list[tuple[str, int]]:
        """Writes one file for each day that gains or loses rows; returns paths and rows."""
        grain = ", ".join(self.contract.grain)
        if self.base.files:
            found = self.engine.execute(
                f"SELECT DISTINCT filename FROM merge_old SEMI JOIN merge_remove USING ({grain})"
            ).fetchall()
            holders = {self.engine.fetched.given(path) for (path,) in found}
            self.replaced = [file for file in self.base.files if file.path in holders]
            self.removed = self._count("merge_remove")
        gains = dict(self.engine.execute("SELECT dt, count(*) FROM merge_add GROUP BY dt").fetchall())
        self.added = sum(gains.values())
        written = []
        for day in sorted(gains.keys() | {file.day for file in self.replaced}):
            paths = [file.path for file in self.replaced if file.day == day]
            path = self.engine.new_path(self.contract, day)
            self._written.append(path)
            rows = self.engine.copy(self._day_rows(day, paths, grain), path)
            if rows:
                written.append((str(path), rows))
            else:
                path.unlink()
        self.rewritten = sum(rows for _, rows in written) - self.added
        return written

    def _day_rows(self, day: datetime.date, paths: Sequence[str], grain: str) -> str:
        columns = ", ".join(self.contract.column_names)
        added = f"SELECT {columns} FROM merge_add WHERE dt = DATE '{day}'"
        if not paths:
            return added
        return (
            f"SELECT * FROM ({self.engine.scan(self.contract, paths)}) ANTI JOIN merge_remove USING"
            f" ({grain}) UNION ALL {added}"
        )

    def _count(self, name: str) -> int:
        found = self.engine.execute(f"SELECT count(*) FROM {name}").fetchone()
        return int(found[0]) if found else 0

    @property
    def written(self) -> list[str]:
        return [str(path) for path in self._written]
