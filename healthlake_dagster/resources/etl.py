"""Runs the jobs that fill bronze and silver, in this process on DuckDB."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.contracts.silver import ResourceType
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.jobs import bronze_to_silver, raw_to_bronze
from healthlake.report import JobReport, Listener
from healthlake_dagster.resources.lake import LakeResource


class EtlResource:
    """One job run at a time, on the engine of the settings."""

    def __init__(self, lake: LakeResource) -> None:
        self._lake = lake

    def raw_to_bronze(self, days: Sequence[datetime.date], listener: Listener) -> JobReport:
        catalog = self._lake.catalog()
        with self._engine() as engine:
            return raw_to_bronze(engine, catalog, days, listener)

    def bronze_to_silver(
        self, days: Sequence[datetime.date], types: Sequence[ResourceType], listener: Listener
    ) -> JobReport:
        catalog = self._lake.catalog()
        with self._engine() as engine:
            return bronze_to_silver(engine, catalog, days, types, listener)

    def _engine(self) -> DuckDBEngine:
        settings = self._lake.settings
        return DuckDBEngine(self._lake.catalog(), settings.memory, settings.threads)
