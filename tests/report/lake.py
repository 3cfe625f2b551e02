"""A lake whose gold holds the synthetic rows, with samples of rows that must never be shown."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from healthlake.contracts.gold import (
    GOLD_DATA_QUALITY_DASHBOARD,
    GOLD_DQ_RESULT,
    GOLD_DQ_SAMPLE,
    GOLD_POPULATION_SUMMARY,
)
from healthlake.contracts.model import Contract
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.quality_report import ReportData
from healthlake.split import arrow_schema
from tests.report.synthetic import report_data

PATIENT = "patient-8a61ee33"
DATABASE = "healthlake"


def publish_report(root: Path, data: ReportData | None = None) -> ReportData:
    """Fills the four tables that the page reads; gives what they say."""
    data = data or report_data()
    catalog = LakeCatalog(LakeLayout(root), DATABASE)
    with DuckDBEngine(catalog) as engine:
        _publish(engine, root, GOLD_DATA_QUALITY_DASHBOARD, _dashboard(data))
        _publish(engine, root, GOLD_DQ_RESULT, [dataclasses.asdict(rule) for rule in data.rules])
        people = [
            {"dt": data.day, "category_type": "x", **dataclasses.asdict(count)} for count in data.population
        ]
        _publish(engine, root, GOLD_POPULATION_SUMMARY, people)
        _publish(engine, root, GOLD_DQ_SAMPLE, list(_samples(data)))
    return data


def _dashboard(data: ReportData) -> list[dict[str, Any]]:
    return [
        {"key_columns": ",".join(row.nulls), "rows_with_null_key": 0, **dataclasses.asdict(row)}
        for row in data.tables
    ]


def _samples(data: ReportData) -> Iterable[dict[str, Any]]:
    for rule in data.rules:
        for number in range(1, data.samples.get(rule.rule_id, 0) + 1 if rule.dt == data.day else 1):
            yield {
                "dt": rule.dt,
                "rule_id": rule.rule_id,
                "sample_number": number,
                "table_name": rule.table_name,
                "row_id": f"{PATIENT}-{number}",
                "file_id": "f" * 64,
                "line": number,
                "entry": -1,
            }


def _publish(engine: DuckDBEngine, root: Path, contract: Contract, rows: Sequence[Mapping[str, Any]]) -> None:
    by_day: dict[datetime.date, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["dt"], []).append(row)
    staged = []
    for day, of_day in sorted(by_day.items()):
        path = root / f"{contract.name}.parquet"
        columns = {name: [row[name] for row in of_day] for name in contract.column_names}
        pq.write_table(pa.table(columns, schema=arrow_schema(contract)), path)
        staged.append(engine.stage(contract, day, f"SELECT * FROM read_parquet('{path}')", "duckdb"))
        path.unlink()
    engine.publish(contract, staged, {})
