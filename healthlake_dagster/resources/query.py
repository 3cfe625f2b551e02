"""Runs SQL in Athena's dialect on the lake's tables, on DuckDB or on Athena: gold, checks and what a user
asks."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from healthlake.checks.model import CheckResult
from healthlake.checks.policy import Policy
from healthlake.checks.run import check_published
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.engine.athena import AthenaEngine
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.engine.protocol import Engine, Row
from healthlake.gold import inputs_unchanged, materialize_gold
from healthlake.gold_source import GoldSource, gold_source, relate
from healthlake.lake.catalog import LakeCatalog
from healthlake.report import JobReport, Listener
from healthlake.staleness import changed_days, stale_days
from healthlake_dagster.listening import Step
from healthlake_dagster.resources.athena_step import AthenaStep
from healthlake_dagster.resources.lake import LakeResource


class QueryResource:
    """The query engine of the settings."""

    def __init__(self, lake: LakeResource) -> None:
        self._lake = lake

    @property
    def policy(self) -> Policy:
        """This deployment's terms for rules."""
        return self._lake.settings.policy

    def catalog(self) -> LakeCatalog:
        """The tables of the lake, which must be there."""
        return self._lake.catalog()

    def require(self) -> None:
        """Raises where nothing could be asked: of Athena by a query without tables."""
        if self._lake.settings.is_aws:
            with AthenaStep(self._lake.settings, None) as queries:
                queries.session.rows("SELECT 1", what="asking Athena whether it answers")

    def materialize(
        self, context: Step, contract: Contract, days: Sequence[datetime.date], listener: Listener
    ) -> JobReport:
        """Computes a gold table for `days`."""
        settings = self._lake.settings
        catalog = self._lake.catalog()
        source = self._source(contract)
        with self.engine(context) as engine:
            return materialize_gold(
                engine, catalog, contract, source, days, listener, settings.allow_gaps, settings.policy
            )

    def stale_days(self) -> list[datetime.date]:
        """The gold days whose inputs changed since they were computed, of any table, ascending."""
        catalog = self._lake.catalog()
        found: set[datetime.date] = set()
        for contract in GOLD_TABLES:
            source = self._source(contract)
            found.update(stale_days(catalog, contract, source.text, source.inputs))
        return sorted(found)

    def changed_days(self) -> list[datetime.date]:
        """The days whose bronze or silver is behind their drop, ascending."""
        with self.engine() as engine:
            return changed_days(engine, self._lake.catalog())

    def check(self, context: Step, tables: Sequence[str], days: Sequence[datetime.date]) -> list[CheckResult]:
        """All checks of published `tables` for `days`."""
        gold = [contract for contract in GOLD_TABLES if contract.name in tables]
        catalog = self._lake.catalog()
        with self.engine(context) as engine:
            results = [result for table in tables for result in check_published(engine, table, days)]
            for contract in gold:
                results += inputs_unchanged(engine, catalog, contract, self._source(contract), days)
            return results

    def select(self, sql: str) -> list[Row]:
        """The rows of a SELECT of ours; a small result."""
        with self.engine() as engine:
            relate(engine, sql, None)
            return engine.rows(sql, "athena")

    def _source(self, contract: Contract) -> GoldSource:
        settings = self._lake.settings
        return gold_source(settings.sql_folder, contract, settings.policy)

    @contextmanager
    def engine(self, context: Step | None = None) -> Iterator[Engine]:
        """The engine of the profile, for a step of Dagster or for a command."""
        if not self._lake.settings.is_aws:
            with self.embedded() as engine:
                yield engine
            return
        with AthenaStep(self._lake.settings, context) as queries:
            yield AthenaEngine(self._lake.catalog(), queries.session)

    def embedded(self) -> DuckDBEngine:
        """DuckDB, in whatever profile: for little of much, as the way of one record."""
        settings = self._lake.settings
        return DuckDBEngine(self._lake.catalog(), settings.memory, settings.threads)
