"""The official SQL on FHIR v2 suite, on DuckDB. It is read from where it lies; the project holds no copy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from healthlake.sql_on_fhir import SqlOnFhirError
from tests.conftest import SHARED
from tests.sql_on_fhir.conftest import Views

FOLDER = SHARED / "sql_on_fhir_tests"
FILES = sorted(FOLDER.glob("*.json"))
pytestmark = pytest.mark.skipif(not FILES, reason=f"the suite isn't in {FOLDER}")


def cases() -> Iterator[Any]:
    for path in FILES:
        suite = json.loads(path.read_text("utf-8"))
        for test in suite["tests"]:
            yield pytest.param(suite["resources"], test, id=f"{path.stem}: {test['title']}")


def comparable(value: Any) -> Any:
    """Numbers by value (decimals are JSON numbers in the suite), lists hashable, booleans not as numbers."""
    if isinstance(value, list):
        return tuple(comparable(item) for item in value)
    if isinstance(value, bool) or value is None:
        return str(value)
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else value


@pytest.mark.parametrize(("resources", "case"), list(cases()))
def test_a_case_gives_the_rows_that_the_suite_expects(
    views: Views, resources: list[dict[str, Any]], case: dict[str, Any]
) -> None:
    if case.get("expectError"):
        with pytest.raises((SqlOnFhirError, duckdb.InvalidInputException)):
            views.rows(case["view"], resources)
        return
    rows = views.rows(case["view"], resources)
    names = case.get("expectColumns") or sorted({name for row in case["expect"] for name in row})
    if "expectColumns" in case:
        assert [*rows[0]] == names
    found, expected = (
        Counter(tuple(comparable(row.get(name)) for name in names) for row in some)
        for some in (rows, case["expect"])
    )
    assert found == expected


def test_the_suite_is_whole() -> None:
    assert len(FILES) == 22
    assert sum(1 for _ in cases()) == 134
