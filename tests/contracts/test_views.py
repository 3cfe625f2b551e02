"""The views of silver: no rule of theirs can be violated in a row, so that no value goes in silence."""

from __future__ import annotations

import pytest

from healthlake.contracts.silver import RESOURCE_TYPES, ResourceType
from healthlake.sql_on_fhir import compile_view


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.name)
def test_a_view_of_ours_has_nothing_to_violate(kind: ResourceType, dialect: str) -> None:
    view = compile_view(kind.view.definition, dialect)
    assert "more than one value" not in view.select("t", "resource", violations="violations")


def test_a_view_that_may_be_violated_is_told_apart() -> None:
    column = {"name": "family", "path": "name.family"}
    view = {"name": "v", "resource": "Patient", "select": [{"column": [column]}]}
    assert "more than one value" in compile_view(view, "duckdb").select("t", "resource", violations="v")
