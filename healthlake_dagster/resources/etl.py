"""Runs the jobs that fill bronze and silver: in this process on DuckDB, or as the Glue scripts, in a local
Spark or on Glue."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Protocol

from healthlake.contracts.silver import ResourceType
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.jobs import bronze_to_silver, raw_to_bronze
from healthlake.report import JobReport, Listener
from healthlake_dagster.listening import Step
from healthlake_dagster.resources.aws_options import glue_options
from healthlake_dagster.resources.glue import GlueJobs
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.spark import SparkJobs
from healthlake_dagster.settings import Settings


class EtlResource(Protocol):
    """Runs one job at a time for a step, whose context it gets to be interrupted with it."""

    def require(self) -> None:
        """Raises where no job could be run, as far as that is known without running one."""

    def raw_to_bronze(
        self, context: Step, days: Sequence[datetime.date], listener: Listener
    ) -> JobReport: ...

    def bronze_to_silver(
        self,
        context: Step,
        days: Sequence[datetime.date],
        types: Sequence[ResourceType],
        listener: Listener,
    ) -> JobReport: ...


def etl_resource(settings: Settings, lake: LakeResource) -> EtlResource:
    """The one of the settings' profile and engine."""
    if settings.is_aws:
        return GlueJobs(glue_options(settings))
    return SparkJobs(lake) if settings.engine == "spark" else DuckDBJobs(lake)


class DuckDBJobs:
    """The jobs in this process. With `only`, of each day just files with such a file_id are split again."""

    def __init__(self, lake: LakeResource, only: Collection[str] | None = None) -> None:
        self._lake = lake
        self._only = only

    def require(self) -> None:
        """Nothing but the lake."""
        self._lake.require()

    def raw_to_bronze(self, context: Step, days: Sequence[datetime.date], listener: Listener) -> JobReport:
        catalog = self._lake.catalog()
        with self._engine() as engine:
            return raw_to_bronze(engine, catalog, days, listener, self._only)

    def bronze_to_silver(
        self,
        context: Step,
        days: Sequence[datetime.date],
        types: Sequence[ResourceType],
        listener: Listener,
    ) -> JobReport:
        catalog = self._lake.catalog()
        with self._engine() as engine:
            return bronze_to_silver(engine, catalog, days, types, listener)

    def _engine(self) -> DuckDBEngine:
        settings = self._lake.settings
        return DuckDBEngine(self._lake.catalog(), settings.memory, settings.threads)
