"""Every rule counts the same on Trino as on DuckDB, in the demo's tables and in its examples."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from healthlake.checks.catalogue import kept_checks
from healthlake.checks.run import check_published
from healthlake.contracts.gold import GOLD_DQ_SAMPLE
from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import AthenaEngine
from healthlake.engine.athena_relations import Relations
from healthlake.engine.dialect import to_duckdb
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.catalog_store import catalog_store
from healthlake.quality import quality_inputs, samples
from tests.checks.asked_at_once import answers, tables
from tests.checks.examples import all_examples
from tests.functions.engines import open_duckdb
from tests.trino.conftest import Lane
from tests.trino.lake import DAYS, glue_lake


@pytest.fixture(scope="module")
def engine(lane: Lane) -> Iterator[AthenaEngine]:
    with lane.engine() as made:
        yield made


@pytest.mark.parametrize("table", TABLES)
def test_every_rule_counts_the_same_on_trino(table: str, lane: Lane, engine: AthenaEngine) -> None:
    on_trino = check_published(engine, table, DAYS)
    expected = check_published(lane.local.engine, table, DAYS)
    assert [r.error for r in on_trino if r.error] == []
    found = [(r.day, r.check.id, r.applicable, r.violated) for r in on_trino]
    assert found == [(r.day, r.check.id, r.applicable, r.violated) for r in expected]


def test_samples_of_all_rules_at_once_are_one_statement_that_trino_takes(
    lane: Lane, engine: AthenaEngine
) -> None:
    # As if every rule were violated: the longest statement that gold has.
    listable = [check for check in kept_checks() if check.is_of_rows or check.violators]
    sql = f"SELECT * FROM ({samples(listable, DAYS[-1])}) AS s ORDER BY rule_id, sample_number"
    for table in quality_inputs(GOLD_DQ_SAMPLE):
        engine.read(table)
        lane.local.engine.read(table)
    assert engine.rows(sql) == lane.local.engine.rows(sql)


def test_every_example_of_a_rule_gets_the_same_verdict_on_trino(lane: Lane) -> None:
    examples = list(all_examples())
    catalog = glue_lake("examples")
    session, connection = lane.session("examples"), open_duckdb()
    for name, rows in tables(examples):
        connection.register(name, rows)
        put(catalog, name, rows)
    on_trino = answers(
        lambda sql: session.rows(Relations().statement(sql, "spark"), what="asking examples"), examples
    )
    expected = answers(lambda sql: connection.execute(to_duckdb(sql)).fetchall(), examples)
    assert on_trino == expected
    assert [each.name for n, each in enumerate(examples) if not each.is_met(*on_trino[n])] == []


def put(catalog: LakeCatalog, name: str, rows: pa.Table) -> None:
    """A table of these rows that is in no contract."""
    store = catalog_store(catalog.layout, catalog.database)
    store.make_database()
    opened = store.open()
    place = f"{catalog.layout.root}/{name}"
    table = opened.create_table((catalog.database, name), rows.schema, location=place)
    table.append(rows)
