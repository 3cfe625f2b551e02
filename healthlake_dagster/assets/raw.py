"""The drop of a day as it lies in raw. Materializing it looks at the files and changes nothing."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from healthlake.checks.families import FILES_LANDED, RAW_ASSET
from healthlake.checks.model import CheckResult
from healthlake.lake.raw import drop_files
from healthlake_dagster.partitions import daily_partitions
from healthlake_dagster.reporting import days_to_check, log_checks, step_faults
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.specs import check_specs, code_references, package_file


def raw_asset(settings: Settings) -> dg.AssetsDefinition:
    """The raw drops as one partitioned asset."""

    @dg.multi_asset(
        name=RAW_ASSET,
        specs=[_spec(settings)],
        check_specs=check_specs(RAW_ASSET, settings),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def materialize(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with step_faults():
            lake.require()
            days = days_to_check(context, [RAW_ASSET])
            drops = {day: drop_files(lake.layout, day) for day in days}
        if context.selected_asset_keys:
            for day, files in drops.items():
                facts = {"files": len(files), "bytes": sum(file.size_bytes for file in files)}
                context.add_asset_metadata(facts, asset_key=RAW_ASSET, partition_key=day.isoformat())
            yield dg.MaterializeResult(asset_key=RAW_ASSET)
        results = [CheckResult(FILES_LANDED, day, 1, 0 if files else 1) for day, files in drops.items()]
        log_checks(context, RAW_ASSET, results, lake.settings.policy)

    return materialize


def _spec(settings: Settings) -> dg.AssetSpec:
    return dg.AssetSpec(
        RAW_ASSET,
        description=(
            "FHIR files as delivered: transaction Bundles and NDJSON, plain or gzipped, one folder a day. "
            "Immutable; land them with `healthlake land`. Materializing counts the files of the day."
        ),
        group_name="raw",
        kinds={"file", "json", "raw"},
        partitions_def=daily_partitions(settings),
        metadata={
            "dagster/uri": (settings.lake / "raw").as_uri(),
            "dagster/code_references": code_references([package_file("lake", "raw.py")]),
        },
        skippable=True,
    )
