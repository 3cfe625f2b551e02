"""What a table's metadata answers is what a scan answers, and the metadata is used."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Check, CheckResult
from healthlake.checks.run import run_checks
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from tests.world import World, day, encounter, observation, patient

DAYS = [day(1), day(2)]
COUNTED = [check for checks in catalogue().values() for check in checks if check.counted]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days; the second has no encounter. One bronze table is spoilt past all audits."""
    with World(tmp_path_factory.mktemp("counts") / "lake") as made:
        made.put_resources(
            day(1), "a.ndjson", [patient("p1"), encounter("e1", "p1"), observation("o1", "p1", 70.5)]
        )
        made.put_resources(day(2), "b.ndjson", [patient("p2"), observation("o2", "p2", None)])
        made.run(*DAYS)
        assert not made.gold(*DAYS).faults
        spoil(made, TABLES["bronze_patient"], day(1), "entry")
        for name in TABLES:
            made.engine.read(TABLES[name])
        yield made


def spoil(world: World, table: Contract, on: datetime.date, column: str) -> None:
    """Commits the day's rows with NULL in a column."""
    world.engine.read(table)
    columns = ", ".join(f"CAST(NULL AS INT) AS {c}" if c == column else c for c in table.column_names)
    staged = world.engine.stage(
        table,
        on,
        f"SELECT {columns} FROM {table.name} WHERE dt = DATE '{on}'".replace("NULL", "CAST(NULL AS INT)"),
    )
    assert world.engine.publish(table, [staged], {}).changed


def scanned(check: Check) -> Check:
    return dataclasses.replace(check, counted=None)


def numbers(results: list[CheckResult]) -> Mapping[tuple[str, datetime.date], tuple[int, int]]:
    return {(r.check.id, r.day): (r.applicable, r.violated) for r in results}


def test_metadata_and_a_scan_agree_on_every_table_and_day(world: World) -> None:
    by_metadata = numbers(run_checks(world.engine, COUNTED, DAYS))
    by_scan = numbers(run_checks(world.engine, [scanned(check) for check in COUNTED], DAYS))
    assert by_metadata == by_scan
    assert by_metadata["T03.bronze_patient", day(1)] == (1, 1)
    assert by_metadata["T04.bronze_encounter", day(2)] == (1, 1)


def test_what_metadata_answers_is_not_scanned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = world.engine.rows

    def rows(sql: str, dialect: str = "spark") -> list[tuple[object, ...]]:
        asked.append(sql)
        return ask(sql, dialect)

    monkeypatch.setattr(world.engine, "rows", rows)
    run_checks(world.engine, COUNTED, DAYS)
    assert asked == []


def test_where_several_key_columns_have_nulls_the_rows_are_scanned(world: World) -> None:
    (check,) = [check for check in COUNTED if check.id == "T03.bronze_patient"]
    assert check.counted is not None
    assert check.counted(5, {"line": 1, "entry": 0}) == (5, 1)
    assert check.counted(5, {"line": 1, "entry": 1}) is None


def test_a_manifest_that_says_nothing_of_a_column_leaves_it_open(tmp_path: Path) -> None:
    with World(tmp_path / "lake", in_memory=True) as other:
        other.put_resources(day(1), "a.ndjson", [patient("p1")])
        other.run(day(1))
        assert other.engine.counts(TABLES["bronze_patient"], day(1), ("line",)) is None
        assert other.engine.counts(TABLES["bronze_patient"], day(1), ()) == (1, {})
        other.engine.read(TABLES["bronze_patient"])
        keys = [check for check in COUNTED if check.id == "T03.bronze_patient"]
        assert numbers(run_checks(other.engine, keys, [day(1)])) == {("T03.bronze_patient", day(1)): (1, 0)}


def test_all_rules_of_a_table_and_day_are_at_most_three_queries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = world.engine.rows

    def rows(sql: str, dialect: str = "spark") -> list[tuple[object, ...]]:
        asked.append(sql)
        return ask(sql, dialect)

    monkeypatch.setattr(world.engine, "rows", rows)
    for table, checks in catalogue().items():
        asked.clear()
        run_checks(world.engine, [check for check in checks if check.has_query], [day(1)])
        assert len(asked) <= 3, table
