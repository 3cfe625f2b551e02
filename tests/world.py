"""A lake that tests drive as a user would, without Dagster: land, run the jobs, read every row of every
table."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from healthlake.checks.policy import Policy
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, ResourceType
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.gold import materialize_gold
from healthlake.gold_source import gold_source
from healthlake.jobs import bronze_to_silver, raw_to_bronze
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.report import JobReport, Listener
from healthlake.split import arrow_schema
from tests.memory_catalog import MemoryCatalog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from healthlake.engine.spark import SparkEngine

SQL = Path(__file__).resolve().parent.parent / "sql"
OWN_TERMS = Policy()
Rows = list[tuple[Any, ...]]


def day(number: int) -> datetime.date:
    """The `number`th day of January 2026."""
    return datetime.date(2026, 1, number)


class World:
    """One lake and one engine on it."""

    def __init__(self, root: Path, in_memory: bool = False, spark: SparkSession | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.layout = LakeLayout(root)
        self.catalog = MemoryCatalog(self.layout) if in_memory else LakeCatalog(self.layout, "healthlake")
        self.engine: DuckDBEngine | SparkEngine
        if spark is None:
            self.engine = DuckDBEngine(self.catalog)
        else:
            from healthlake.engine.spark import SparkEngine
            from healthlake.engine.spark_session import open_lake

            self.engine = SparkEngine(open_lake(spark, self.layout), self.catalog)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *exc: object) -> None:
        self.engine.close()

    def put(self, on: datetime.date, name: str, content: bytes) -> Path:
        """A file in the day's drop."""
        path = self.layout.drop(on) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def put_resources(self, on: datetime.date, name: str, resources: Iterable[dict[str, Any]]) -> Path:
        """An NDJSON file in the day's drop."""
        return self.put(on, name, b"".join(json.dumps(r).encode() + b"\n" for r in resources))

    def bronze(self, *days: datetime.date) -> JobReport:
        return raw_to_bronze(self.engine, self.catalog, days)

    def silver(self, *days: datetime.date, types: Sequence[ResourceType] = RESOURCE_TYPES) -> JobReport:
        return bronze_to_silver(self.engine, self.catalog, days, types)

    def gold(self, *days: datetime.date, policy: Policy = OWN_TERMS) -> JobReport:
        report = JobReport()
        for contract in GOLD_TABLES:
            source = gold_source(SQL, contract, policy)
            each = materialize_gold(
                self.engine, self.catalog, contract, source, days, Listener(), policy=policy
            )
            report.tables += each.tables
            report.checks += each.checks
            report.faults += each.faults
        return report

    def run(self, *days: datetime.date) -> None:
        """Bronze and silver of `days`, which must succeed."""
        for report in (self.bronze(*days), self.silver(*days)):
            assert not report.faults, report.faults

    def rows(self, table: Contract | str) -> Rows:
        """All rows of a table in an order of their own."""
        contract = TABLES[table] if isinstance(table, str) else table
        self.engine.read(contract, name="all_rows")
        return sorted(self.engine.rows("SELECT * FROM all_rows"), key=repr)

    def arrow(self, table: str) -> pa.Table:
        """The rows as they lie in the table's files, in order of all columns, whatever engine wrote them."""
        contract = TABLES[table]
        version = self.catalog.version(contract)
        files = version.files if version else ()
        schema = arrow_schema(contract)
        tables = [schema.empty_table()]
        for file in files:
            read = pq.read_table(file.path, partitioning=None)
            # DuckDB writes what it knows to be never NULL as required.
            assert [(f.name, f.type) for f in read.schema] == [(f.name, f.type) for f in schema]
            tables.append(pa.Table.from_arrays(read.columns, schema=schema))
        found = pa.concat_tables(tables)
        return found.sort_by([(name, "ascending") for name in found.schema.names])

    def records(self, table: str) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(TABLES[table].column_names, row, strict=True)) for row in self.rows(table)]

    def tables(self, prefix: str = "") -> dict[str, Rows]:
        """Every table's rows."""
        return {name: self.rows(name) for name in TABLES if name.startswith(prefix)}

    def snapshots(self) -> dict[str, int | None]:
        """The current snapshot of every table."""
        found = {}
        for name, contract in TABLES.items():
            version = self.catalog.version(contract)
            found[name] = version.snapshot_id if version else None
        return found


def patient(identifier: str, **fields: Any) -> dict[str, Any]:
    """A Patient of right shape."""
    return {
        "resourceType": "Patient",
        "id": identifier,
        "gender": "female",
        "birthDate": "1980-02-29",
        **fields,
    }


def encounter(identifier: str, of: str, **fields: Any) -> dict[str, Any]:
    """An Encounter of right shape."""
    return {
        "resourceType": "Encounter",
        "id": identifier,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{of}"},
        "period": {"start": "2025-12-01T10:00:00+01:00", "end": "2025-12-01T10:15:00+01:00"},
        **fields,
    }


def observation(identifier: str, of: str, value: float | None = 1.0, **fields: Any) -> dict[str, Any]:
    """An Observation of right shape with a quantity, unless `value` is None."""
    own = {} if value is None else {"valueQuantity": {"value": value, "unit": "kg", "code": "kg"}}
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": "2025-12-01T10:00:00Z",
        **own,
        **fields,
    }


def component(code: str, value: float) -> dict[str, Any]:
    """A component of an Observation."""
    return {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "unit": "mmHg"},
    }
