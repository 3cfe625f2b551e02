"""Gold through the engine on a real Trino: what the MERGEs leave in the tables is what DuckDB writes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

import pytest

from healthlake.contracts.gold import GOLD_POPULATION_SUMMARY, GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.engine.athena import AthenaEngine
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.engine.protocol import Published
from healthlake.errors import HealthlakeError, StructuralViolation
from healthlake.gold import materialize_gold
from healthlake.gold_source import gold_source
from healthlake.lake.catalog import LakeCatalog
from healthlake.report import JobReport, Listener
from tests.trino.conftest import Lane
from tests.trino.lake import DAYS, copy_tables, glue_lake, land_demo
from tests.world import OWN_TERMS, SQL, Rows

TABLE = GOLD_POPULATION_SUMMARY


def rows_of(engine: AthenaEngine, table: Contract) -> Rows:
    """The rows of the table as published, in the order of `World.rows`."""
    engine.read(table, name="all_rows")
    return sorted(engine.rows("SELECT * FROM all_rows"), key=repr)


def materialize(engine: AthenaEngine, table: Contract, days: Sequence[datetime.date]) -> JobReport:
    source = gold_source(SQL, table, OWN_TERMS)
    report = materialize_gold(engine, engine.catalog, table, source, days, Listener())
    assert not report.faults, report.faults
    return report


@pytest.fixture(scope="module")
def lake(lane: Lane) -> LakeCatalog:
    """Bronze and silver of the demo; gold is made by Trino."""
    made = glue_lake("made_by_trino")
    land_demo(made)
    copy_tables(lane.local, made, gold=False)
    return made


@pytest.fixture(scope="module")
def engine(lane: Lane, lake: LakeCatalog) -> Iterator[AthenaEngine]:
    with lane.engine(lake) as made:
        yield made


@pytest.mark.parametrize("table", GOLD_TABLES, ids=lambda table: table.name)
def test_gold_is_the_same_by_trino_and_a_rerun_changes_nothing(
    table: Contract, lane: Lane, engine: AthenaEngine
) -> None:
    report = materialize(engine, table, DAYS)
    found, expected = rows_of(engine, table), lane.local.rows(table)
    assert found == expected
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in expected]
    assert [(each.day, each.rows) for each in report.tables] == [
        (on, sum(row[0] == on for row in expected)) for on in DAYS
    ]
    if table is GOLD_TABLES[-1]:
        snapshot = engine.catalog.version(table)
        again = materialize(engine, table, DAYS[-1:])
        assert not any(each.changed for each in again.tables)
        assert engine.catalog.version(table) == snapshot


class Sheet:
    """A gold table of a database of its own, whose days are what a test says."""

    def __init__(self, lane: Lane, database: str) -> None:
        self.catalog = glue_lake(database)
        self.catalog.create(TABLE)
        self.session = lane.session(database)
        self.engine = AthenaEngine(self.catalog, self.session)
        self.engine.doing("publishing a sheet")

    def publish(self, on: datetime.date, counts: dict[str, int]) -> Published:
        return self.engine.publish(TABLE, [self.engine.stage(TABLE, on, select(on, counts), "athena")], {})

    def rows(self) -> list[tuple[datetime.date, str, int]]:
        return [(row[0], row[4], row[6]) for row in rows_of(self.engine, TABLE)]


def select(on: datetime.date, counts: dict[str, int]) -> str:
    values = ", ".join(f"('{name}', {count})" for name, count in counts.items()) or "('', 0)"
    return (
        f"SELECT DATE '{on}' AS dt, 'patients' AS measure, 'all' AS time_bucket, 'sex' AS category_type,"
        " category, 'all' AS subcategory, CAST(value AS BIGINT) AS value"
        f" FROM (VALUES {values}) AS v (category, value) WHERE category <> ''"
    )


def test_a_day_is_replaced_row_by_row_and_others_stay(lane: Lane) -> None:
    sheet = Sheet(lane, "sheet_rows")
    one, two = DAYS[:2]
    first = sheet.publish(one, {"a": 1, "b": 2, "c": 3})
    assert (first.changed, first.added, first.removed) == (True, 3, 0)
    sheet.publish(two, {"a": 7})
    changed = sheet.publish(one, {"a": 1, "b": 5, "d": 4})
    assert (changed.changed, changed.added, changed.removed) == (True, 2, 2)
    assert sheet.rows() == [(one, "a", 1), (one, "b", 5), (one, "d", 4), (two, "a", 7)]
    assert changed.version.has_deletes
    assert sheet.catalog.counts(TABLE, one, ()) is None
    assert sheet.catalog.counts(TABLE, two, ()) == (1, {})
    same = sheet.publish(one, {"a": 1, "b": 5, "d": 4})
    assert (same.changed, same.version) == (False, changed.version)
    gone = sheet.publish(one, {})
    assert (gone.added, gone.removed) == (0, 3)
    assert sheet.rows() == [(two, "a", 7)]
    assert sum("MERGE" in each for each in sheet.session.statements) == 4


def test_an_empty_day_of_an_empty_table_makes_no_snapshot(lane: Lane) -> None:
    sheet = Sheet(lane, "sheet_empty")
    assert not sheet.publish(DAYS[0], {}).changed
    assert sheet.catalog.version(TABLE).snapshot_id is None  # type: ignore[union-attr]


def test_a_select_of_other_columns_or_types_is_refused_before_anything_is_written(
    lane: Lane,
) -> None:
    sheet = Sheet(lane, "sheet_columns")
    right = select(DAYS[0], {"a": 1})
    for wrong, said in (
        (right.replace("AS measure", "AS measured"), r"\(measure\)"),
        (right.replace("CAST(value AS BIGINT)", "value"), r"\(value\)"),
        (f"{right} UNION ALL SELECT * FROM (VALUES (1)) AS v (x)", None),
    ):
        with pytest.raises(HealthlakeError, match=said) as caught:
            sheet.engine.stage(TABLE, DAYS[0], wrong, "athena")
        assert said is None or isinstance(caught.value, StructuralViolation)


def test_what_trino_deleted_in_files_is_refused_by_an_engine_that_reads_them_whole(
    lane: Lane,
) -> None:
    sheet = Sheet(lane, "sheet_refused")
    sheet.publish(DAYS[0], {"a": 1, "b": 2})
    sheet.publish(DAYS[0], {"a": 1})
    with DuckDBEngine(sheet.catalog) as other, pytest.raises(HealthlakeError, match="copy-on-write"):
        other.read(TABLE)
