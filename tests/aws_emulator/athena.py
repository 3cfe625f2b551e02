"""Athena of the emulator: moto's API in front of a backend that runs the SQL.

Every query really runs, on DuckDB or on a Trino, over the Iceberg tables of the emulator's Glue catalog.
"""

from __future__ import annotations

from typing import Any

from tests.aws_emulator.athena_duckdb import DuckDBBackend
from tests.aws_emulator.athena_faults import Faults
from tests.aws_emulator.athena_model import SqlBackend
from tests.aws_emulator.athena_moto import patch
from tests.aws_emulator.athena_query import Query


class Control(Faults):
    """What goes wrong on demand, which backend runs SQL, and what was submitted."""

    endpoint = ""

    def __init__(self) -> None:
        super().__init__()
        self.backend: SqlBackend = DuckDBBackend()
        self.submissions: list[tuple[Query, str | None, dict[str, Any]]] = []
        """Every query with its ClientRequestToken and its request, in order."""

    @property
    def queries(self) -> list[Query]:
        """The queries that were submitted, in order."""
        return [query for query, _, _ in self.submissions]

    def age(self, seconds: float) -> None:
        """Makes all that was submitted so far that much older."""
        for query in self.queries:
            query.submitted -= seconds
            query.ended = query.ended and query.ended - seconds

    def close(self) -> None:
        """Stops what runs and waits for it."""
        self.release()
        for query in self.queries:
            query.cancel("Query cancelled: the emulator was closed")
        for query in self.queries:
            query.join()


def install() -> Control:
    """Puts this project's Athena in place of moto's."""
    control = Control()
    patch(control)
    return control
