"""Publishing days and merging keys, against a model, on a table of the test's own and on every engine."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthlake.contracts.model import Column, ColumnType, Contract, Kind, Layer
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import EngineError, StructuralViolation
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from tests.memory_catalog import MemoryCatalog
from tests.world import day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from healthlake.engine.spark import SparkEngine

    AnyEngine = DuckDBEngine | SparkEngine

Row = tuple[datetime.date, int, int, str | None]

COLUMNS = (
    Column("dt", ColumnType.DATE, "Day."),
    Column("id", ColumnType.INT, "Key."),
    Column("part", ColumnType.INT, "Index of the key's row."),
    Column("value", ColumnType.STRING, "Value."),
)
CURRENT = Contract("silver_test", Layer.SILVER, Kind.CURRENT, "A table.", ("id", "part"), COLUMNS)
DAILY = Contract("silver_test_daily", Layer.SILVER, Kind.DAILY, "A table.", ("id", "part"), COLUMNS)


Engines = Callable[[], AbstractContextManager["AnyEngine"]]


@contextmanager
def duckdb_engine() -> Iterator[DuckDBEngine]:
    with tempfile.TemporaryDirectory() as folder:
        layout = LakeLayout(Path(folder))
        with DuckDBEngine(MemoryCatalog(layout)) as made:
            yield made


@contextmanager
def spark_engine(spark: SparkSession) -> Iterator[SparkEngine]:
    from healthlake.engine.spark import SparkEngine
    from healthlake.engine.spark_session import open_lake

    with tempfile.TemporaryDirectory() as folder:
        layout = LakeLayout(Path(folder))
        # Spark reads through its own catalog, so this one is real.
        with SparkEngine(open_lake(spark, layout), LakeCatalog(layout, "healthlake")) as made:
            yield made


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engines:
    """Makes an engine on a lake of its own."""
    if request.param == "duckdb":
        return duckdb_engine
    spark = request.getfixturevalue("spark")
    return lambda: spark_engine(spark)


def values(rows: list[Row]) -> str:
    """A SELECT of the rows, with the contract's types."""
    typed = (
        "CAST(NULL AS DATE) AS dt, CAST(NULL AS INT) AS id, CAST(NULL AS INT) AS part, CAST(NULL AS STRING)"
        " AS value"
    )
    selects = [f"SELECT {typed} WHERE FALSE"]
    for dt, key, part, value in rows:
        text = "NULL" if value is None else f"'{value}'"
        selects.append(f"SELECT DATE '{dt}', {key}, {part}, {text}")
    return " UNION ALL ".join(selects)


def content(made: AnyEngine, contract: Contract) -> list[Row]:
    made.read(contract, name="content")
    return sorted(made.rows("SELECT * FROM content"), key=repr)


def merge(made: AnyEngine, rows: list[Row], touched: set[int], audit=lambda relation: None):  # type: ignore[no-untyped-def]
    keys = " UNION ALL ".join(
        ["SELECT CAST(NULL AS INT) AS id WHERE FALSE", *(f"SELECT {key}" for key in touched)]
    )
    made.store("keys", keys)
    made.store("new_rows", values(rows))
    return made.merge(CURRENT, ["id"], "keys", "new_rows", {"from": str(len(rows))}, audit)


@st.composite
def states(draw: st.DrawFn) -> dict[int, list[Row]]:
    """Rows by key: each key has up to two rows, on days of its own."""
    found = {}
    for key in draw(st.sets(st.integers(1, 4))):
        on = day(draw(st.integers(1, 3)))
        found[key] = [
            (on, key, part, draw(st.sampled_from([None, "a", "b"])))
            for part in range(draw(st.integers(1, 2)))
        ]
    return found


def flat(state: dict[int, list[Row]]) -> list[Row]:
    return sorted((row for rows in state.values() for row in rows), key=repr)


CASES = {"before": states(), "after": states(), "removed": st.sets(st.integers(1, 4))}


@settings(max_examples=25)
@given(**CASES)
def test_a_merge_replaces_the_rows_of_the_touched_keys_and_no_others(
    before: dict[int, list[Row]], after: dict[int, list[Row]], removed: set[int]
) -> None:
    with duckdb_engine() as made:
        merge_is_right(made, before, after, removed)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(**CASES)
def test_so_does_a_merge_on_spark(
    spark: SparkSession, before: dict[int, list[Row]], after: dict[int, list[Row]], removed: set[int]
) -> None:
    with spark_engine(spark) as made:
        merge_is_right(made, before, after, removed)


def merge_is_right(
    made: AnyEngine, before: dict[int, list[Row]], after: dict[int, list[Row]], removed: set[int]
) -> None:
    merge(made, flat(before), set(before))
    assert content(made, CURRENT) == flat(before)
    after = {key: rows for key, rows in after.items() if key not in removed}
    published = merge(made, flat(after), set(after) | removed)
    expected = {**{k: v for k, v in before.items() if k not in removed}, **after}
    assert content(made, CURRENT) == flat(expected)
    assert published.changed == (flat(before) != flat(expected))
    assert sum(file.rows for file in published.version.files) == len(flat(expected))
    assert all(days_of(file.path) == {file.day} for file in published.version.files)


def days_of(path: str) -> set[datetime.date]:
    return set(pq.read_table(path, columns=["dt"], partitioning=None).column("dt").to_pylist())


def test_a_merge_writes_only_files_that_hold_a_row_to_be_removed(engine: Engines) -> None:
    with engine() as made:
        first = merge(made, [(day(1), 1, 0, "a"), (day(2), 2, 0, "a"), (day(3), 3, 0, "a")], {1, 2, 3})
        second = merge(made, [(day(3), 2, 0, "b")], {2})
        kept = {file.path for file in first.version.files} & {file.path for file in second.version.files}
        assert {Path(path).parent.name for path in kept} == {"dt=2026-01-01", "dt=2026-01-03"}
        assert (second.added, second.removed, second.rewritten) == (1, 1, 0)


def test_what_the_audit_raises_stops_the_merge_and_leaves_no_file(engine: Engines) -> None:
    def refuse(relation: str) -> None:
        assert made.rows(f"SELECT count(*) FROM {relation}") == [(2,)]
        raise StructuralViolation("no")

    with engine() as made:
        merge(made, [(day(1), 1, 0, "a")], {1})
        files = set(made.catalog.layout.root.rglob("*.parquet"))
        with pytest.raises(StructuralViolation):
            merge(made, [(day(1), 1, 0, "b"), (day(1), 2, 0, "b")], {1, 2}, refuse)
        assert content(made, CURRENT) == [(day(1), 1, 0, "a")]
        assert set(made.catalog.layout.root.rglob("*.parquet")) == files


class InterruptedCatalog(MemoryCatalog):
    """Is interrupted when a commit is made and not yet told of."""

    def commit(self, *arguments: Any) -> Any:
        super().commit(*arguments)
        raise KeyboardInterrupt


def test_an_interrupt_after_a_commit_removes_no_file_that_the_table_names() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        DuckDBEngine(InterruptedCatalog(LakeLayout(Path(folder)))) as made,
    ):
        with pytest.raises(KeyboardInterrupt):
            merge(made, [(day(1), 1, 0, "a")], {1})
        assert content(made, CURRENT) == [(day(1), 1, 0, "a")]
        staged = made.stage(DAILY, day(1), values([(day(1), 1, 0, "a")]))
        with pytest.raises(KeyboardInterrupt):
            made.publish(DAILY, [staged], {})
        made.discard([staged])
        assert content(made, DAILY) == [(day(1), 1, 0, "a")]


def test_publishing_replaces_the_day_and_an_empty_day_leaves_none_of_it(engine: Engines) -> None:
    with engine() as made:
        for rows in ([(day(1), 1, 0, "a")], [(day(1), 2, 0, "b"), (day(1), 3, 0, None)], []):
            made.publish(DAILY, [made.stage(DAILY, day(1), values(rows))], {})
            assert content(made, DAILY) == sorted(rows, key=repr)


def test_publishing_the_same_rows_in_another_order_commits_nothing(engine: Engines) -> None:
    rows: list[Row] = [(day(1), 1, 0, "a"), (day(1), 2, 0, None)]
    with engine() as made:
        first = made.publish(DAILY, [made.stage(DAILY, day(1), values(rows))], {})
        again = made.publish(DAILY, [made.stage(DAILY, day(1), values(rows[::-1]))], {})
        assert not again.changed
        assert again.version == first.version
        root = made.catalog.layout.root
        made.close()
        assert {str(path) for path in root.rglob("*.parquet")} == {file.path for file in first.version.files}


def test_null_and_empty_text_and_swapped_columns_are_not_the_same_rows(engine: Engines) -> None:
    with engine() as made:
        for rows in ([(day(1), 1, 2, None)], [(day(1), 1, 2, "")], [(day(1), 2, 1, "")]):
            assert made.publish(DAILY, [made.stage(DAILY, day(1), values(rows))], {}).changed


def test_several_days_are_one_commit(engine: Engines) -> None:
    with engine() as made:
        staged = [made.stage(DAILY, day(n), values([(day(n), n, 0, "a")])) for n in (1, 2, 3)]
        published = made.publish(DAILY, staged, {})
        assert [file.day for file in published.version.files] == [day(1), day(2), day(3)]


def test_columns_of_another_type_are_refused_by_name(engine: Engines) -> None:
    with engine() as made, pytest.raises(StructuralViolation, match=r"\(part\)"):
        made.stage(DAILY, day(1), "SELECT DATE '2026-01-01' AS dt, 1 AS id, 'x' AS part, 'y' AS value")


def test_an_engine_failure_names_what_was_done_and_never_quotes_a_value(engine: Engines) -> None:
    with engine() as made:
        made.doing("conforming silver_test for 2026-01-01")
        with pytest.raises(EngineError, match="conforming silver_test for 2026-01-01") as caught:
            made.rows("SELECT 1 + CAST(name AS INTEGER) FROM (SELECT 'Jane Doe' AS name) AS people")
        assert "Jane" not in str(caught.value)
        assert caught.value.__suppress_context__
