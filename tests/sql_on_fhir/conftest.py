"""Runs views on DuckDB and notes them, so that what is expected of DuckDB is asked of Spark too, at the end.

`test_same_on_spark` has to run after all that note something, in one go: a view at a time costs minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pytest

from healthlake.sql_on_fhir import compile_view
from tests.sql_on_fhir.engines import Question

NOTED: dict[str, tuple[dict[str, Any], dict[str, None]]] = {}
"""By its JSON each view that ran, with the texts (in order, each once) that it was asked of."""


class Views:
    """Runs a view over resources given as JSON objects, or as text that is taken as it is."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 1")

    def load(self, resources: Iterable[Any]) -> None:
        """Makes the table `resources` with the columns `position` and `resource`."""
        self.texts = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in resources]
        self.connection.execute(
            "CREATE OR REPLACE TABLE resources AS"
            " SELECT unnest(range(len($1::VARCHAR[]))) AS position, unnest($1::VARCHAR[]) AS resource",
            [self.texts],
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        result = self.connection.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def rows(
        self, view: dict[str, Any], resources: Iterable[Any], violations: str | None = None
    ) -> list[dict[str, Any]]:
        """The view's rows, with a column for violations where it gets a name."""
        self.load(resources)
        _, texts = NOTED.setdefault(json.dumps(view), (view, {}))
        texts.update(dict.fromkeys(self.texts))
        return self.query(compile_view(view, "duckdb").select("resources", "resource", [], violations))

    def values(self, path: str, *resources: Any, **column: Any) -> list[Any]:
        """The values of a view's only column, for views of the first resource's type."""
        first = json.loads(resources[0]) if isinstance(resources[0], str) else resources[0]
        view = one_column(path, first["resourceType"], **column)
        return [row["value"] for row in self.rows(view, resources)]


def one_column(path: str, resource: str = "Patient", **column: Any) -> dict[str, Any]:
    """A view with one column, `value`."""
    column = {"name": "value", "path": path, **column}
    return {"name": "tested", "resource": resource, "select": [{"column": [column]}]}


def noted() -> list[Question]:
    """What ran on DuckDB in this session."""
    return [Question(view, tuple(texts)) for view, texts in NOTED.values()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem == "test_same_on_spark")


@pytest.fixture(scope="session")
def views() -> Iterator[Views]:
    session = Views()
    yield session
    session.connection.close()
