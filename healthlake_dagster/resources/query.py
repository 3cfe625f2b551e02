"""Runs SQL in Athena's dialect on the lake's tables, on DuckDB: gold, checks and what a user asks."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.checks.model import CheckResult
from healthlake.checks.run import check_published
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.engine.protocol import Row
from healthlake.gold import gold_sql, inputs_of, inputs_unchanged, materialize_gold, relate
from healthlake.report import JobReport, Listener
from healthlake.staleness import stale_days, unsplit_days
from healthlake_dagster.resources.lake import LakeResource


class QueryResource:
    """The query engine of the settings."""

    def __init__(self, lake: LakeResource) -> None:
        self._lake = lake

    def materialize(self, contract: Contract, days: Sequence[datetime.date], listener: Listener) -> JobReport:
        """Computes a gold table for `days` from its file in the SQL folder."""
        settings = self._lake.settings
        catalog = self._lake.catalog()
        sql = gold_sql(settings.sql_folder, contract)
        with self.engine() as engine:
            return materialize_gold(engine, catalog, contract, sql, days, listener, settings.allow_gaps)

    def stale_days(self) -> list[datetime.date]:
        """The gold days whose inputs changed since they were computed, of any table, ascending."""
        catalog, folder = self._lake.catalog(), self._lake.settings.sql_folder
        found: set[datetime.date] = set()
        for contract in GOLD_TABLES:
            sql = gold_sql(folder, contract)
            found.update(stale_days(catalog, contract, sql, inputs_of(sql)))
        return sorted(found)

    def unsplit_days(self) -> list[datetime.date]:
        """The landed days whose drop has other files than bronze was made from, ascending."""
        with self.engine() as engine:
            return unsplit_days(engine, self._lake.catalog())

    def check(self, tables: Sequence[str], days: Sequence[datetime.date]) -> list[CheckResult]:
        """All checks of published `tables` for `days`."""
        gold = [contract for contract in GOLD_TABLES if contract.name in tables]
        catalog = self._lake.catalog()
        with self.engine() as engine:
            results = [result for table in tables for result in check_published(engine, table, days)]
            for contract in gold:
                sql = gold_sql(self._lake.settings.sql_folder, contract)
                results += inputs_unchanged(engine, catalog, contract, sql, days)
            return results

    def select(self, sql: str) -> list[Row]:
        """The rows of a SELECT of ours; a small result."""
        with self.engine() as engine:
            relate(engine, sql, None)
            return engine.rows(sql, "athena")

    def engine(self) -> DuckDBEngine:
        settings = self._lake.settings
        return DuckDBEngine(self._lake.catalog(), settings.memory, settings.threads)
