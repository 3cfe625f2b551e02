"""Bronze: one job run writes all its tables, always whole."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from healthlake.checks.families import RAW_ASSET
from healthlake.contracts.registry import BRONZE_TABLES
from healthlake_dagster.listening import ListenerFactory
from healthlake_dagster.partitions import days_of
from healthlake_dagster.reporting import answered_checks_alone, report_job, step_faults
from healthlake_dagster.resources.etl import EtlResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.specs import asset_spec, check_specs, package_file

JOB = "raw_to_bronze_synthea"


def bronze_assets(settings: Settings) -> dg.AssetsDefinition:
    """The bronze tables as the outputs of one step."""
    code = [
        package_file("contracts", "bronze.py"),
        package_file("jobs.py"),
        package_file("split", "__init__.py"),
    ]

    @dg.multi_asset(
        name=JOB,
        specs=[asset_spec(table, settings, [RAW_ASSET], code) for table in BRONZE_TABLES],
        check_specs=[spec for table in BRONZE_TABLES for spec in check_specs(table.name, settings)],
        can_subset=True,
        pool=settings.pool(JOB),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def materialize(
        context: dg.AssetExecutionContext,
        etl: dg.ResourceParam[EtlResource],
        query: dg.ResourceParam[QueryResource],
        listen: dg.ResourceParam[ListenerFactory],
    ) -> Iterator[dg.MaterializeResult[Any]]:
        if answered_checks_alone(context, query):
            return
        days = days_of(context.partition_keys)
        with step_faults():
            report = etl.raw_to_bronze(context, days, listen(context))
        yield from report_job(context, report, query.policy)

    return materialize
