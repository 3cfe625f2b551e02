"""The contracts keep the rules of naming and typing, and what is generated from them is fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.gold import GOLD_TABLES, QUALITY_TABLES
from healthlake.contracts.model import DT, Column, ColumnType, Contract, Kind, Layer
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from tests.conftest import REPOSITORY

COLUMNS = [(table.name, column) for table in TABLES.values() for column in table]
DT_COLUMN = Column(DT, ColumnType.DATE, "Day.")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_has_a_description_a_grain_and_structural_checks(table: Contract) -> None:
    assert table.description.endswith(".")
    assert table.grain
    assert {check.name for check in catalogue()[table.name] if check.structural} >= {
        "grain_unique",
        "keys_not_null",
    }


def test_every_column_is_described_and_named_as_its_type_says() -> None:
    for table, column in COLUMNS:
        where = f"{table}.{column.name}"
        assert column.description.endswith("."), where
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name), where
        if column.type is ColumnType.BOOLEAN:
            assert column.name.startswith(("is_", "has_")) or column.name == "value_boolean", where
        if column.type is ColumnType.TIMESTAMP:
            assert column.unit == "UTC", where
        if column.name.endswith("_datetime"):
            assert column.type is ColumnType.TIMESTAMP, where


def test_every_silver_row_names_file_and_position() -> None:
    for kind in RESOURCE_TYPES:
        for table in kind.tables:
            assert {"file_id", "line", "entry"} <= set(table.column_names), table.name


def test_gold_says_in_its_description_that_it_is_filtered_by_dt_and_has_a_file_of_its_name() -> None:
    for table in GOLD_TABLES:
        assert "filter by dt" in table.description or table in QUALITY_TABLES
    named = {table.name for table in GOLD_TABLES if table not in QUALITY_TABLES}
    assert {path.stem for path in (REPOSITORY / "sql").glob("*.sql")} == named


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "patient"}, "starts with bronze_"),
        ({"columns": (Column("x", ColumnType.DATE, "X."),)}, "first column is dt"),
        ({"columns": (DT_COLUMN, DT_COLUMN)}, "declared twice"),
        ({"grain": ("nothing",)}, "not declared"),
    ],
)
def test_a_contract_refuses_what_makes_no_table(change: dict[str, object], message: str) -> None:
    right = {
        "name": "bronze_x",
        "layer": Layer.BRONZE,
        "kind": Kind.DAILY,
        "description": "X.",
        "grain": (DT,),
        "columns": (DT_COLUMN,),
    }
    with pytest.raises(ValueError, match=message):
        Contract(**{**right, **change})  # type: ignore[arg-type]


def test_the_generated_pages_are_fresh() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(REPOSITORY / "scripts" / "make_docs.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_link_in_the_docs_leads_somewhere() -> None:
    pages = [
        REPOSITORY / "README.md",
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "demo").glob("*.md"),
    ]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / Path(target)).exists(), f"{page.name}: {target}"


def test_the_contracts_need_the_standard_library_only() -> None:
    code = (
        "import sys; import healthlake.contracts.registry; "
        "print([m for m in ('duckdb', 'pyarrow', 'msgspec', 'sqlglot', 'dagster') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
