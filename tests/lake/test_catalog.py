"""The Iceberg catalog and its stand-in for property tests behave alike; and what only Iceberg shows."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import SILVER_RECONCILIATION
from healthlake.errors import LakeNotFound, LakeOutdated, StructuralViolation
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.expiry import KEPT_SNAPSHOTS, Expired, expire
from healthlake.lake.layout import LakeLayout
from healthlake.lake.table_version import Version, local_path
from tests.memory_catalog import MemoryCatalog
from tests.world import World, day, patient

TABLE = SILVER_RECONCILIATION


def write(lake: Path, name: str, *days: int) -> tuple[str, int]:
    """A Parquet file of the table with a row a day; its path and number of rows."""
    path = LakeLayout(lake).table(TABLE) / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = ", ".join("CAST(1 AS BIGINT)" for _ in TABLE.columns[2:])
    rows = " UNION ALL ".join(f"SELECT DATE '2026-01-0{day}', '{name}', {numbers}" for day in days)
    names = ", ".join(TABLE.column_names)
    duckdb.execute(f"COPY (SELECT * FROM ({rows}) AS t({names})) TO '{path}' (FORMAT parquet)")
    return str(path), len(days)


@pytest.fixture(params=[LakeCatalog, MemoryCatalog])
def catalog(request: pytest.FixtureRequest, lake: Path) -> LakeCatalog:
    return request.param(LakeLayout(lake), "healthlake")


def test_a_table_that_was_never_written_has_no_files(catalog: LakeCatalog) -> None:
    assert catalog.version(TABLE) == Version(None, {}, ())


def test_one_commit_swaps_files_and_keeps_its_properties(catalog: LakeCatalog, lake: Path) -> None:
    first = catalog.commit(
        TABLE, Version(None, {}, ()), [], [write(lake, "a", 1), write(lake, "b", 2)], {"p": "1"}
    )
    second = catalog.commit(TABLE, first, [first.files[0].path], [write(lake, "c", 1, 1)], {"p": "2"})
    assert [(Path(file.path).stem, file.day, file.rows) for file in second.files] == [
        ("c", datetime.date(2026, 1, 1), 2),
        ("b", datetime.date(2026, 1, 2), 1),
    ]
    assert second.properties["p"] == "2"
    before = catalog.version(TABLE, first.snapshot_id)
    assert before is not None
    assert [Path(file.path).stem for file in before.files] == ["a", "b"]


def test_a_commit_may_change_properties_alone(catalog: LakeCatalog, lake: Path) -> None:
    first = catalog.commit(TABLE, Version(None, {}, ()), [], [write(lake, "a", 1)], {"p": "1"})
    second = catalog.commit(TABLE, first, [], [], {"p": "2"})
    assert second.files == first.files
    assert second.properties["p"] == "2"


def test_a_commit_on_an_old_base_is_a_conflict(catalog: LakeCatalog, lake: Path) -> None:
    nothing = Version(None, {}, ())
    catalog.commit(TABLE, nothing, [], [write(lake, "a", 1)], {})
    with pytest.raises(CommitConflict):
        catalog.commit(TABLE, nothing, [], [write(lake, "b", 1)], {})


def test_a_file_that_spans_days_or_has_other_rows_than_said_is_refused(
    catalog: LakeCatalog, lake: Path
) -> None:
    nothing = Version(None, {}, ())
    path, rows = write(lake, "a", 1)
    with pytest.raises((StructuralViolation, ValueError)):
        catalog.commit(TABLE, nothing, [], [write(lake, "two", 1, 2)], {})
    with pytest.raises(StructuralViolation):
        catalog.commit(TABLE, nothing, [], [(path, rows + 1)], {})
    assert catalog.version(TABLE) == nothing


def test_a_snapshot_that_is_no_longer_kept_is_none(catalog: LakeCatalog, lake: Path) -> None:
    catalog.commit(TABLE, Version(None, {}, ()), [], [write(lake, "a", 1)], {})
    assert catalog.version(TABLE, 12345) is None


def test_another_process_sees_a_commit_at_once(lake: Path) -> None:
    mine, other = (LakeCatalog(LakeLayout(lake), "healthlake") for _ in range(2))
    first = mine.commit(TABLE, Version(None, {}, ()), [], [write(lake, "a", 1)], {})
    assert other.version(TABLE) == first
    second = mine.commit(TABLE, first, [], [write(lake, "b", 2)], {})
    assert other.version(TABLE) == second


def test_a_lake_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFound, match="healthlake demo"):
        LakeCatalog(LakeLayout(tmp_path / "none"), "healthlake").version(TABLE)


def test_tables_are_iceberg_v2_partitioned_by_dt_the_one_column_that_keeps_bounds(lake: Path) -> None:
    catalog = LakeCatalog(LakeLayout(lake), "healthlake")
    table = TABLES["silver_dim_patient"]
    made = catalog._create(table)
    assert made.format_version == 2
    assert [(field.name, str(field.transform)) for field in made.spec().fields] == [("dt", "identity")]
    assert made.location() == f"file://{lake}/silver/dim_patient"
    metrics = {name: mode for name, mode in made.properties.items() if ".metrics." in name}
    assert metrics == {"write.metadata.metrics.default": "counts", "write.metadata.metrics.column.dt": "full"}
    assert {field.name: field.doc for field in made.schema().fields} == {c.name: c.description for c in table}


def test_a_table_that_another_version_made_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with World(tmp_path / "lake") as world:
        world.put_resources(day(1), "a.ndjson", [patient("p1")])
        world.run(day(1))
        contract = TABLES["bronze_file"]
        newer = dataclasses.replace(contract, columns=contract.columns[:-1])
        base = world.catalog.version(contract)
        assert base is not None
        with pytest.raises(LakeOutdated, match="healthlake rebuild"):
            world.catalog.commit(newer, base, [], [], {})
        with pytest.raises(LakeOutdated, match="opening bronze_file: the table has other columns"):
            world.catalog.version(newer)


@pytest.mark.parametrize("uri", ["file:///srv/lake/a", "file:/srv/lake/a", "/srv/lake/a"])
def test_a_file_has_one_path_however_its_uri_is_written(uri: str) -> None:
    assert local_path(uri) == "/srv/lake/a"


CHANGES = {
    "properties": lambda catalog, base: catalog.set_properties(TABLE, {"p": "2"}),
    "tags": lambda catalog, base: catalog.tag(TABLE, base, ["mine"], datetime.timedelta(days=1)),
    "snapshots": lambda catalog, base: catalog.expire(TABLE, [base]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_that_another_writer_was_faster_than_is_a_conflict(
    lake: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = LakeCatalog(LakeLayout(lake), "healthlake")
    first = catalog.commit(TABLE, Version(None, {}, ()), [], [write(lake, "a", 1)], {})
    assert first.snapshot_id is not None
    catalog.commit(TABLE, first, [], [write(lake, "b", 2)], {})

    def lose(*arguments: object) -> None:
        raise CommitFailedException(f"the metadata of {lake} changed")

    monkeypatch.setattr(SqlCatalog, "commit_table", lose)
    with pytest.raises(CommitConflict, match="another writer was first") as told:
        CHANGES[change](catalog, first.snapshot_id)
    assert str(lake) not in str(told.value)


def test_expiry_leaves_a_table_that_another_machine_writes_to_a_later_run(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = LakeCatalog(LakeLayout(lake), "healthlake")
    base = Version(None, {}, ())
    for number in range(KEPT_SNAPSHOTS + 2):
        base = catalog.commit(TABLE, base, [], [write(lake, f"f{number}", 1)], {})

    def lose(*arguments: object) -> int:
        raise CommitConflict("another writer was first")

    with monkeypatch.context() as patch:
        patch.setattr(catalog, "expire", lose)
        assert expire(catalog, TABLE) == Expired()
    assert expire(catalog, TABLE).snapshots == 2
