"""The embedded engine: DuckDB computes, Parquet files are written beside their table, one PyIceberg snapshot
swaps them.

Tables are read with `read_parquet` over the file list of a snapshot, so a reader never sees half a commit.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from healthlake.contracts.model import ColumnType, Contract
from healthlake.contracts.silver import ResourceType
from healthlake.engine.dialect import to_duckdb
from healthlake.engine.duckdb_merge import DuckDBMergePlan
from healthlake.engine.fetched import FetchedFiles
from healthlake.engine.files import FileEngine, compiled
from healthlake.engine.protocol import Progress, Row, Staged
from healthlake.engine.split_shares import split_drop
from healthlake.errors import EngineError
from healthlake.functions import definitions
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.paths import LakePath
from healthlake.lake.scratch import scratch_folder
from healthlake.lake.table_version import Version
from healthlake.split import SourceFile, arrow_schema
from healthlake.storage_faults import storage_fault

SQL_TYPES: Mapping[ColumnType, str] = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INT: "INTEGER",
    ColumnType.LONG: "BIGINT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP",
}

# A replay writes bronze's JSON: 122,880 rows of it, DuckDB's own size of a row group, are a few hundred MB a
# thread, and 770,000 resources ended in its memory limit.
_COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE_BYTES 33554432"


class DuckDBEngine(FileEngine):
    """A DuckDB session on one lake. Use as a context manager, or close it."""

    dialect = "duckdb"

    def __init__(self, catalog: LakeCatalog, memory_limit: str = "600MB", threads: int | None = None) -> None:
        super().__init__(catalog)
        self._kinds: dict[str, str] = {}
        self._threads = threads or os.cpu_count() or 1
        self._exit = contextlib.ExitStack()
        folder = self._exit.enter_context(scratch_folder(catalog.layout.scratch))
        self.fetched = FetchedFiles(folder)
        self.connection = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "threads": self._threads,
                "temp_directory": str(folder),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "enable_external_file_cache": False,
            }
        )
        self._exit.callback(self.connection.close)
        self.execute("SET TimeZone = 'UTC'")
        for statement in definitions("duckdb"):
            self.execute(statement)

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._exit.close()

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Runs SQL of DuckDB's own dialect."""
        with self.guarded():
            return self.connection.execute(sql)

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """What DuckDB raises becomes an `EngineError`. Rows that are fetched are read then."""
        try:
            yield
        except duckdb.OutOfMemoryException:
            raise EngineError(
                f"{self._what}: DuckDB ran out of its memory limit. Raise HEALTHLAKE_MEMORY, then run the"
                " command again."
            ) from None
        except duckdb.Error as error:
            if fault := storage_fault(error):
                raise EngineError(f"{self._what}: {fault}") from None
            # DuckDB's messages quote values and SQL text; neither may leave the tables.
            raise EngineError(
                f"{self._what}: DuckDB failed ({type(error).__name__}); its message is withheld because it"
                " may quote values. Nothing was committed. See docs/runbook.md, 'A step fails in the"
                " engine'."
            ) from None

    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        with self.guarded():
            return self.execute(to_duckdb(sql, dialect)).fetchall()

    def define(self, name: str, sql: str) -> None:
        self.create("VIEW", name, to_duckdb(sql))

    def store(self, name: str, sql: str) -> None:
        self.create("TABLE", name, to_duckdb(sql))

    def read(
        self, contract: Contract, days: Iterable[datetime.date] | None = None, name: str | None = None
    ) -> Version:
        version = self.version(contract) or Version(None, {}, ())
        files = version.files
        if days is not None:
            wanted = set(days)
            files = tuple(file for file in files if file.day in wanted)
        self.relate(name or contract.name, contract, [file.path for file in files])
        return version

    def read_changes(self, contract: Contract, since: int | None, name: str) -> bool:
        now = self.version(contract) or Version(None, {}, ())
        then = self.version(contract, since) if since else None
        if then is None:
            self.relate(name, contract, [file.path for file in now.files])
            return False
        changed = {file.path for file in now.files} ^ {file.path for file in then.files}
        self.relate(name, contract, sorted(changed))
        return True

    def apply_view(self, name: str, kind: ResourceType, source: str, carry: Sequence[str]) -> None:
        self.create("VIEW", name, compiled(kind.view.name, self.dialect).select(source, "resource", carry))

    def split(
        self, day: datetime.date, files: Sequence[SourceFile], progress: Progress
    ) -> Mapping[str, Staged]:
        found = split_drop(self.catalog.layout, day, files, self._threads, progress)
        return {name: self.relate_staged(each) for name, each in found.items()}

    def stage(self, contract: Contract, day: datetime.date, sql: str, dialect: str = "spark") -> Staged:
        path = self.new_path(contract, day)
        rows = self.copy(to_duckdb(sql, dialect), path)
        self._require_schema(contract, path)
        files = ((str(path), rows),) if rows else ()
        if not rows:
            path.unlink()
        return self.relate_staged(Staged.of(contract, day, files))

    def plan_merge(
        self, contract: Contract, base: Version, keys: Sequence[str], touched: str, rows: str
    ) -> DuckDBMergePlan:
        return DuckDBMergePlan(self, contract, base, keys, touched, rows)

    def relate(self, name: str, contract: Contract, paths: Sequence[str], with_file: bool = False) -> None:
        before, self._what = self._what, f"{self._what}: opening the files of {contract.name}"
        self.create("VIEW", name, self.scan(contract, paths, with_file))
        self._what = before

    def create(self, kind: str, name: str, select: str) -> None:
        """A temporary VIEW or TABLE under a name that may be either before."""
        before = self._kinds.get(name)
        if before and before != kind:
            self.execute(f"DROP {before} {name}")
        self.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS {select}")
        self._kinds[name] = kind

    def scan(self, contract: Contract, paths: Sequence[str], with_file: bool = False) -> str:
        if not paths:
            nulls = [f"CAST(NULL AS {SQL_TYPES[column.type]}) AS {column.name}" for column in contract]
            extra = ["CAST(NULL AS VARCHAR) AS filename"] if with_file else []
            return f"SELECT {', '.join(nulls + extra)} WHERE FALSE"
        columns = ", ".join((*contract.column_names, *(("filename",) if with_file else ())))
        listed = ", ".join(_quote(path) for path in self.fetched.local(paths))
        options = f"hive_partitioning = false, filename = {str(with_file).lower()}"
        return f"SELECT {columns} FROM read_parquet([{listed}], {options})"

    def same_rows(self, contract: Contract, before: Sequence[str], after: Sequence[str]) -> bool:
        return self._fingerprint(before) == self._fingerprint(after)

    def _fingerprint(self, paths: Sequence[str]) -> Row:
        listed = ", ".join(_quote(path) for path in self.fetched.local(paths))
        row = self.execute(
            "SELECT count(*), sum(CAST(hash(t) AS HUGEINT)), bit_xor(hash(t, 1)) "
            f"FROM read_parquet([{listed}], hive_partitioning = false) AS t"
        ).fetchone()
        return row or ()

    def _require_schema(self, contract: Contract, path: LakePath) -> None:
        found = pq.read_schema(self.fetched.place_for(path))
        expected = arrow_schema(contract)
        if [(field.name, field.type) for field in found] != [(f.name, f.type) for f in expected]:
            path.unlink()
            wrong = [
                f.name for f in expected if f.name not in found.names or found.field(f.name).type != f.type
            ]
            raise self.wrong_schema(contract, wrong)

    def new_path(self, contract: Contract, day: datetime.date) -> LakePath:
        folder = self.catalog.layout.partition(contract, day)
        if isinstance(folder, Path):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{uuid.uuid4()}.parquet"

    def copy(self, select: str, path: LakePath) -> int:
        here = self.fetched.place_for(path)
        found = self.execute(f"COPY ({select}) TO {_quote(str(here))} ({_COPY_OPTIONS})").fetchone()
        self.fetched.sent(path)
        return int(found[0]) if found else 0


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
