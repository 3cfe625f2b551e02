"""Runs views on DuckDB. The compiler itself imports no engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pytest

from healthlake.sql_on_fhir import compile_view


class Views:
    """Runs a view over resources given as JSON objects, or as text that is taken as it is."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 1")

    def load(self, resources: Iterable[Any]) -> None:
        """Makes the table `resources` with the columns `position` and `resource`."""
        texts = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in resources]
        self.connection.execute(
            "CREATE OR REPLACE TABLE resources AS"
            " SELECT unnest(range(len($1::VARCHAR[]))) AS position, unnest($1::VARCHAR[]) AS resource",
            [texts],
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        result = self.connection.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def rows(self, view: dict[str, Any], resources: Iterable[Any] | None = None) -> list[dict[str, Any]]:
        """The view's rows, over the table as it is where no resources are given."""
        if resources is not None:
            self.load(resources)
        return self.query(compile_view(view, "duckdb").select("resources", "resource"))

    def values(self, path: str, *resources: Any, **column: Any) -> list[Any]:
        """The values of a view's only column, for views of the first resource's type."""
        first = json.loads(resources[0]) if isinstance(resources[0], str) else resources[0]
        view = one_column(path, first["resourceType"], **column)
        return [row["value"] for row in self.rows(view, resources)]


def one_column(path: str, resource: str = "Patient", **column: Any) -> dict[str, Any]:
    """A view with one column, `value`."""
    column = {"name": "value", "path": path, **column}
    return {"name": "tested", "resource": resource, "select": [{"column": [column]}]}


@pytest.fixture(scope="session")
def views() -> Iterator[Views]:
    session = Views()
    yield session
    session.connection.close()
