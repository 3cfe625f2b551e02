"""What Dagster shows of a table is what its contract says: each asset is generated, none is written by
hand."""

from __future__ import annotations

import re
import tomllib
import warnings
from pathlib import Path

import dagster as dg
import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.families import RAW_ASSET
from healthlake.checks.policy import Policy
from healthlake.conform.as_of import as_of_name
from healthlake.contracts.gold import GOLD_TABLES, NEVER_STOPPED
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.gold_source import gold_source, tables_of
from healthlake_dagster import previews
from healthlake_dagster.assets.gold import upstream_of
from healthlake_dagster.assets.report import REPORT_ASSET
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.settings import Settings
from tests.conftest import REPOSITORY
from tests.dagster.conftest import ALL_ASSETS

SETTINGS = Settings.load({}, lake_text="/nowhere", start_text="2026-01-01")
DEFINITIONS = build_definitions(SETTINGS)
GRAPH = DEFINITIONS.resolve_asset_graph()
SPECS = {spec.key.to_user_string(): spec for spec in DEFINITIONS.resolve_all_asset_specs()}


def test_there_is_an_asset_for_every_table_the_raw_drops_and_the_page() -> None:
    assert set(SPECS) == set(ALL_ASSETS)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_shows_its_contract(table: str) -> None:
    contract, spec = TABLES[table], SPECS[table]
    assert spec.group_name == contract.layer.value
    assert spec.kinds == {"duckdb", "iceberg", contract.layer.value}
    assert spec.description == contract.description
    assert spec.metadata["dagster/table_name"] == f"healthlake.{table}"
    schema = spec.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [(column.name, column.type) for column in schema.columns] == [
        (column.name, column.type.value) for column in contract
    ]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_type_and_a_description(table: str) -> None:
    for column in SPECS[table].metadata["dagster/column_schema"].columns:
        assert column.type and column.description, column.name


@pytest.mark.parametrize("table", TABLES)
def test_key_columns_are_shown_as_not_nullable_and_a_single_key_as_unique(table: str) -> None:
    key = TABLES[table].key
    for column in SPECS[table].metadata["dagster/column_schema"].columns:
        assert column.constraints.nullable == (column.name not in key)
        assert column.constraints.unique == (key == (column.name,))


@pytest.mark.parametrize("asset", ALL_ASSETS)
def test_an_asset_has_daily_partitions_with_one_for_today(asset: str) -> None:
    partitions = SPECS[asset].partitions_def
    assert partitions == dg.DailyPartitionsDefinition("2026-01-01", timezone="UTC", end_offset=1)


@pytest.mark.parametrize("asset", ALL_ASSETS)
def test_an_asset_is_described_and_links_to_code_that_exists(asset: str) -> None:
    spec = SPECS[asset]
    assert spec.description and spec.group_name
    references = spec.metadata["dagster/code_references"].code_references
    assert references
    for reference in references:
        assert Path(reference.file_path).is_file(), reference.file_path


@pytest.mark.parametrize("asset", (RAW_ASSET, *TABLES))
def test_the_checks_of_the_catalogue_hang_on_their_asset_with_a_status_for_each_day(asset: str) -> None:
    shown = {
        key.name: GRAPH.get_check_spec(key) for key in GRAPH.get_check_keys_for_assets({dg.AssetKey(asset)})
    }
    assert set(shown) == {check.name for check in catalogue()[asset]}
    for check in catalogue()[asset]:
        said = shown[check.name].description or ""
        assert said.startswith(check.description)
        assert ("nothing of the table and day is published" in said) == check.structural
        assert shown[check.name].partitions_def == SPECS[asset].partitions_def


@pytest.mark.parametrize("asset", ALL_ASSETS)
def test_a_backfill_of_many_days_is_one_run_on_every_layer(asset: str) -> None:
    # Parents and children with different policies never share a run.
    assert GRAPH.get(dg.AssetKey(asset)).backfill_policy == dg.BackfillPolicy.single_run()


def test_bronze_and_silver_are_one_step_each_and_gold_is_a_step_a_table() -> None:
    steps: dict[str, set[str]] = {}
    for definition in DEFINITIONS.assets or []:
        assert isinstance(definition, dg.AssetsDefinition)
        steps[definition.node_def.name] = {key.to_user_string() for key in definition.keys}
        assert definition.can_subset
    layers = {layer: {t for t in TABLES if t.startswith(layer)} for layer in ("bronze", "silver", "gold")}
    assert steps.pop("raw_to_bronze_synthea") == layers["bronze"]
    assert steps.pop("bronze_to_silver_conform") == layers["silver"]
    assert steps.pop(RAW_ASSET) == {RAW_ASSET}
    assert steps.pop(f"write_{REPORT_ASSET}") == {REPORT_ASSET}
    assert steps == {f"materialize_{table}": {table} for table in layers["gold"]}


def test_data_flows_from_raw_to_gold_and_every_edge_is_a_day_to_the_same_day() -> None:
    parents = {
        name: {parent.to_user_string() for parent in GRAPH.get(dg.AssetKey(name)).parent_keys}
        for name in ALL_ASSETS
    }
    assert parents[RAW_ASSET] == set()
    for table in TABLES:
        assert parents[table], table
        assert SPECS[table].deps
        for dep in SPECS[table].deps:
            assert dep.partition_mapping is None, (
                "identity: any other mapping makes a backfill target other days"
            )
    for kind in RESOURCE_TYPES:
        assert kind.bronze.name in parents[kind.history.name]
        assert parents[kind.current.name] == {kind.history.name}


def test_the_page_comes_after_the_verdicts_and_is_in_golds_group() -> None:
    assert {dep.asset_key.to_user_string() for dep in SPECS[REPORT_ASSET].deps} == {
        contract.name for contract in NEVER_STOPPED
    }
    assert SPECS[REPORT_ASSET].group_name == "gold"
    assert "html" in SPECS[REPORT_ASSET].kinds


def test_gold_depends_on_the_ledger_and_on_the_tables_that_its_sql_names() -> None:
    kind = RESOURCE_TYPES[0]
    tables = f"{kind.current.name}_as_of AS p, bronze_file, {kind.bronze.name}"
    sql = f"WITH own AS (SELECT 1) SELECT * FROM own, {tables}"
    assert upstream_of(tables_of(sql)) == ["bronze_file", kind.current.name, "silver_reconciliation"]


def test_gold_comes_after_everything_that_it_reads_although_the_ledgers_own_edges_stand_for_some() -> None:
    for contract in GOLD_TABLES:
        ancestors = {
            key.to_user_string() for key in GRAPH.get_ancestor_asset_keys(dg.AssetKey(contract.name))
        }
        read = gold_source(SETTINGS.sql_folder, contract, Policy()).relations
        assert read & set(TABLES) <= ancestors
        for kind in RESOURCE_TYPES:
            if as_of_name(kind) in read:
                assert {kind.history.name, kind.current.name} <= ancestors


def test_the_start_date_and_the_database_are_settings() -> None:
    other = build_definitions(
        Settings.load({}, lake_text="/nowhere", start_text="2025-06-01", database="clinic")
    )
    spec = next(s for s in other.resolve_all_asset_specs() if s.key == dg.AssetKey("silver_dim_patient"))
    assert spec.metadata["dagster/table_name"] == "clinic.silver_dim_patient"
    assert spec.partitions_def is not None
    assert spec.partitions_def.get_first_partition_key() == "2025-06-01"


def test_previews_silences_what_it_names_and_nothing_else() -> None:
    partitions = dg.DailyPartitionsDefinition("2026-01-01")
    with pytest.warns(dg.PreviewWarning):
        dg.AssetCheckSpec("c", asset="a", partitions_def=partitions)
    with previews.accepted():
        dg.AssetCheckSpec("c", asset="a", partitions_def=partitions)
        dg.AssetSelection.from_string("*")
        dg.AssetSelection.from_string("group:silver")
    with pytest.warns(dg.BetaWarning), previews.accepted():
        warnings.warn("Class `SomethingElse` is currently in beta", dg.BetaWarning, stacklevel=1)


def test_what_previews_counts_on_is_pinned() -> None:
    dependencies = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
    assert any(re.fullmatch(r"dagster>=1\.13\.\d+,<1\.14", each) for each in dependencies)
