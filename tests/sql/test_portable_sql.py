"""What means something else in another engine is refused with what to write instead; gold has none of it."""

from __future__ import annotations

import pytest

from healthlake.portable_sql import findings
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 7 / 2", "division"),
        ("SELECT sum(value) / count(*) FROM gold_population_summary", "division"),
        ("SELECT date_diff('year', DATE '1990-12-31', DATE '2024-06-01')", "date_diff"),
        ("SELECT approx_percentile(value, 0.5) FROM gold_population_summary", "approx_percentile"),
    ],
)
def test_a_construct_that_engines_disagree_on_is_found(sql: str, found: str) -> None:
    (finding,) = findings(sql)
    assert finding.startswith(found)
    assert "Write " in finding


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(7 AS DOUBLE) / 2",
        "SELECT sum(value) / CAST(nullif(count(*), 0) AS DOUBLE) FROM gold_population_summary",
        "SELECT 1 / nullif(CAST(value AS DOUBLE), 0) FROM gold_population_summary",
        "SELECT 'a / b'",
        "SELECT date_diff('day', DATE '2026-01-01', CAST(obs_datetime AS DATE)) FROM silver_fct_observation",
    ],
)
def test_its_replacement_is_not(sql: str) -> None:
    assert findings(sql) == []


@pytest.mark.parametrize("name", [path.name for path in (REPOSITORY / "sql").glob("*.sql")])
def test_golds_own_sql_means_the_same_everywhere(name: str) -> None:
    assert findings((REPOSITORY / "sql" / name).read_text("utf-8")) == []
