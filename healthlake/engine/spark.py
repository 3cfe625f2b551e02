"""The Spark engine: Spark computes, its tasks write Parquet files beside their table, one PyIceberg snapshot
swaps them.

Works on a session that is given, classic or Spark Connect: no `spark._jvm`, no GlueContext. Tables are read
through the session's Iceberg catalog. What comes back to the driver are counts, names of files and answers of
checks, never rows of a table.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
)

from healthlake.contracts.model import DT, ColumnType, Contract
from healthlake.contracts.silver import ResourceType
from healthlake.engine.bronze_files import staged
from healthlake.engine.files import FileEngine, compiled
from healthlake.engine.protocol import Progress, Row, Staged
from healthlake.engine.spark_files import Written, write_files
from healthlake.engine.spark_merge import SparkMergePlan
from healthlake.engine.spark_split import split_drop
from healthlake.errors import EngineError, HealthlakeError
from healthlake.functions import definitions
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.catalog_store import CATALOG_NAME
from healthlake.lake.table_version import Version
from healthlake.split import SourceFile
from healthlake.storage_faults import storage_fault

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPARK_TYPES: Mapping[ColumnType, DataType] = {
    ColumnType.STRING: StringType(),
    ColumnType.INT: IntegerType(),
    ColumnType.LONG: LongType(),
    ColumnType.DOUBLE: DoubleType(),
    ColumnType.BOOLEAN: BooleanType(),
    ColumnType.DATE: DateType(),
    ColumnType.TIMESTAMP: TimestampNTZType(),
}


class SparkEngine(FileEngine):
    """A Spark session on one lake. Use as a context manager, or close it; the session itself stays."""

    dialect = "spark"

    def __init__(self, session: SparkSession, catalog: LakeCatalog) -> None:
        super().__init__(catalog)
        self.session = session
        self._stored: dict[str, DataFrame] = {}
        self._discarded: list[Staged] = []
        self._read: dict[tuple[str, int | None, tuple[datetime.date, ...] | None], DataFrame] = {}
        # pyspark 4.1.1 writes the message of an error, values and SQL, to stderr when its condition is asked.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            # A level, not `disabled`: `dictConfig` takes that back. And a logger of PySpark's own class: a
            # plain one doesn't take the arguments that PySpark logs with, and fails in place of the error.
            PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)
        for statement in definitions("spark"):
            session.sql(statement)

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def discard(self, staged: Iterable[Staged]) -> None:
        # A relation that was stored may still be to be computed from these files.
        self._discarded += staged

    def close(self) -> None:
        super().discard(self._discarded)
        self._discarded.clear()
        for stored in self._stored.values():
            # Where the JVM died, it says so here again, in place of what the job had to say.
            with contextlib.suppress(Exception):
                stored.unpersist()
        self._stored.clear()
        self._read.clear()

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Raises what Spark says without its words: they quote values and SQL text."""
        try:
            yield
        except HealthlakeError:
            raise
        except Exception as error:
            if fault := storage_fault(error):
                raise EngineError(f"{self._what}: {fault}") from None
            # Py4J's errors, and over Connect gRPC's, come as they are. A condition is a name from Spark's own
            # list, such as DIVIDE_BY_ZERO.
            condition = error.getCondition() if isinstance(error, PySparkException) else None
            name = condition or type(error).__name__
            raise EngineError(
                f"{self._what}: Spark failed ({name}); its message is withheld because it may quote values."
                " Nothing was committed. See docs/runbook.md, 'A step fails in the engine'."
            ) from None

    def query(self, sql: str) -> DataFrame:
        """What `sql`, of Spark's own dialect, gives: computed when it is asked."""
        with self.quiet():
            return self.session.sql(sql)

    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        frame = self.query(_to_spark(sql, dialect))
        with self.quiet():
            return [tuple(row) for row in frame.collect()]

    def define(self, name: str, sql: str) -> None:
        self.name(name, self.query(sql))

    def store(self, name: str, sql: str) -> None:
        self.name(name, self.query(sql).persist(), is_stored=True)

    def name(self, name: str, frame: DataFrame, is_stored: bool = False) -> None:
        """Gives a relation its name; what was stored under it before is let go."""
        frame.createOrReplaceTempView(name)
        if before := self._stored.pop(name, None):
            before.unpersist()
        if is_stored:
            self._stored[name] = frame

    def read(
        self, contract: Contract, days: Iterable[datetime.date] | None = None, name: str | None = None
    ) -> Version:
        version = self.version(contract) or Version(None, {}, ())
        self.name(name or contract.name, self._table(contract, version, days))
        return version

    def read_changes(self, contract: Contract, since: int | None, name: str) -> bool:
        now = self.version(contract) or Version(None, {}, ())
        then = self.version(contract, since) if since else None
        if then is None:
            self.name(name, self._table(contract, now, None))
            return False
        # A day's files are replaced together, so the days of changed files hold what changed.
        days = {file.day for file in {*now.files} ^ {*then.files}}
        frames = [self._table(contract, version, days) for version in (now, then)]
        self.name(name, frames[0].unionAll(frames[1]))
        return True

    def _table(self, contract: Contract, version: Version, days: Iterable[datetime.date] | None) -> DataFrame:
        """The table as of `version`; the same relation where it was asked for before."""
        wanted = None if days is None else tuple(sorted(set(days)))
        if wanted is not None:
            wanted = tuple(sorted({file.day for file in version.files}.intersection(wanted)))
        key = (contract.name, version.snapshot_id, wanted)
        if key not in self._read:
            self._read[key] = self._opened(contract, version, wanted)
        return self._read[key]

    def _opened(
        self, contract: Contract, version: Version, days: tuple[datetime.date, ...] | None
    ) -> DataFrame:
        if not version.files or days == ():
            return self.no_rows(contract)
        listed = "" if days is None else ", ".join(f"DATE '{day}'" for day in days)
        return self.query(
            f"SELECT {', '.join(contract.column_names)} FROM {self.table(contract)} VERSION AS OF"
            f" {version.snapshot_id}" + (f" WHERE {DT} IN ({listed})" if listed else "")
        )

    def table(self, contract: Contract) -> str:
        """The table's name in the session's catalog."""
        return f"{CATALOG_NAME}.{self.catalog.database}.{contract.name}"

    def no_rows(self, contract: Contract) -> DataFrame:
        # Spark knows that this is empty, and leaves out what would be done with it. It doesn't know it of
        # createDataFrame([]).
        nulls = [f"CAST(NULL AS {SPARK_TYPES[c.type].simpleString()}) AS {c.name}" for c in contract]
        return self.query(f"SELECT {', '.join(nulls)} WHERE FALSE")

    def apply_view(self, name: str, kind: ResourceType, source: str, carry: Sequence[str]) -> None:
        self.define(name, compiled(kind.view.name, self.dialect).select(source, "resource", carry))

    def split(
        self, day: datetime.date, files: Sequence[SourceFile], progress: Progress
    ) -> Mapping[str, Staged]:
        with self.quiet():
            shares = split_drop(self.session, self.catalog.layout, day, files, progress)
        found = staged(self.catalog.layout, day, shares)
        return {name: self.relate_staged(each) for name, each in found.items()}

    def stage(self, contract: Contract, day: datetime.date, sql: str, dialect: str = "spark") -> Staged:
        frame = self.query(_to_spark(sql, dialect))
        written = self.write(contract, frame)
        return self.relate_staged(Staged.of(contract, day, ((each.path, each.rows) for each in written)))

    def write(self, contract: Contract, frame: DataFrame) -> list[Written]:
        """Writes rows to Parquet files beside the table, each of one day; none is published."""
        found = {field.name: field.dataType for field in frame.schema}
        expected = {column.name: SPARK_TYPES[column.type] for column in contract}
        if list(found.items()) != list(expected.items()):
            wrong = [name for name, kind in expected.items() if found.get(name) != kind]
            raise self.wrong_schema(contract, wrong)
        with self.quiet():
            return write_files(frame, contract, self.catalog.layout)

    def relate(self, name: str, contract: Contract, paths: Sequence[str]) -> None:
        self.name(name, self.scan(contract, paths))

    def scan(self, contract: Contract, paths: Sequence[str]) -> DataFrame:
        """The rows of Parquet files, published or not."""
        if not paths:
            return self.no_rows(contract)
        with self.quiet():
            return self.session.read.schema(spark_schema(contract)).parquet(*paths)

    def same_rows(self, contract: Contract, before: Sequence[str], after: Sequence[str]) -> bool:
        self.relate("rows_before", contract, before)
        self.relate("rows_after", contract, after)
        columns = ", ".join(contract.column_names)
        hashed = f"xxhash64({columns}, {', '.join(_null_marks(contract))})"
        sides = " UNION ALL ".join(
            f"SELECT count(*) AS n, sum(CAST(h AS DECIMAL(38, 0))) AS total, bit_xor(h) AS mixed"
            f" FROM (SELECT {hashed} AS h FROM {side}) AS hashed"
            for side in ("rows_before", "rows_after")
        )
        return len(set(self.rows(sides))) == 1

    def plan_merge(
        self, contract: Contract, base: Version, keys: Sequence[str], touched: str, rows: str
    ) -> SparkMergePlan:
        return SparkMergePlan(self, contract, base, keys, touched, rows)


def spark_schema(contract: Contract) -> StructType:
    """The schema of a table."""
    return StructType([StructField(column.name, SPARK_TYPES[column.type]) for column in contract])


def _null_marks(contract: Contract) -> list[str]:
    """xxhash64 skips NULLs: ('a', NULL) and (NULL, 'a') have one hash. A bit a column tells them apart."""
    return [f"{column.name} IS NULL" for column in contract]


def _to_spark(sql: str, dialect: str) -> str:
    if dialect == "spark":
        return sql
    import sqlglot

    return sqlglot.transpile(sql, read=dialect, write="spark")[0]
