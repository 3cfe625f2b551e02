"""Silver: one job run for all resource types; it can be subset by type."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from healthlake.contracts.bronze import BRONZE_DELETION
from healthlake.contracts.registry import SILVER_TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_QUARANTINE, SILVER_RECONCILIATION, types_of
from healthlake_dagster.listening import ListenerFactory
from healthlake_dagster.partitions import days_of
from healthlake_dagster.reporting import answered_checks_alone, report_job, step_faults
from healthlake_dagster.resources.etl import EtlResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.specs import asset_spec, check_specs, package_file, view_file

JOB = "bronze_to_silver_conform"


def silver_assets(settings: Settings) -> dg.AssetsDefinition:
    """The silver tables as the outputs of one step."""

    @dg.multi_asset(
        name=JOB,
        specs=_specs(settings),
        check_specs=[spec for table in SILVER_TABLES for spec in check_specs(table.name, settings)],
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
        types = types_of({key.to_user_string() for key in context.selected_asset_keys})
        with step_faults():
            report = etl.bronze_to_silver(context, days, types, listen(context))
        yield from report_job(context, report, query.policy)

    return materialize


def _specs(settings: Settings) -> list[dg.AssetSpec]:
    specs = []
    for kind in RESOURCE_TYPES:
        code = [
            view_file(kind.view.name),
            package_file("contracts", "silver.py"),
            package_file("conform", "history.py"),
        ]
        upstream = [kind.bronze.name, BRONZE_DELETION.name]
        for table in kind.tables:
            specs.append(asset_spec(table, settings, upstream, code))
            upstream = [table.name]
    code = [package_file("contracts", "silver.py"), package_file("conform", "history.py")]
    bronze = [*(kind.bronze.name for kind in RESOURCE_TYPES), BRONZE_DELETION.name]
    specs.append(asset_spec(SILVER_QUARANTINE, settings, bronze, code))
    # The account of all of them, written last.
    accounted = [*(kind.history.name for kind in RESOURCE_TYPES), SILVER_QUARANTINE.name]
    specs.append(asset_spec(SILVER_RECONCILIATION, settings, accounted, code))
    return specs
