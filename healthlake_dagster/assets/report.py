"""The data-quality page as an asset, after gold.

It has gold's partitions and policy although it is one file: assets with different policies never share a run,
so without them a backfill of ten days would need a second run for the page. A run of many days writes it
once, and it shows the newest days that have gold, whichever day was materialized.

It depends on what is computed although a rule failed, and not on what a blocking rule stops: that is when the
page is needed. What it shows of the population it reads as it is; its step comes last among those that are
ready.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from healthlake.contracts.gold import NEVER_STOPPED
from healthlake_dagster.partitions import daily_partitions
from healthlake_dagster.quality_page import WrittenPage, default_path, write_page
from healthlake_dagster.reporting import step_faults
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.specs import code_references, package_file

REPORT_ASSET = "data_quality_report"


def report_asset(settings: Settings) -> dg.AssetsDefinition:
    """The page as one partitioned asset."""

    @dg.multi_asset(
        name=f"write_{REPORT_ASSET}",
        specs=[_spec(settings)],
        can_subset=True,
        op_tags={"dagster/priority": "-1"},
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def materialize(query: dg.ResourceParam[QueryResource]) -> Iterator[dg.MaterializeResult[Any]]:
        with step_faults():
            page = write_page(settings, query)
        yield dg.MaterializeResult(asset_key=REPORT_ASSET, metadata=page_metadata(page))

    return materialize


def page_metadata(page: WrittenPage) -> dict[str, Any]:
    """The link, the verdict and how much it is about."""
    statuses = [rule.status for rule in page.data.rules if rule.dt == page.data.day]
    behind = page.data.days
    return {
        # Browsers open no file from a page of a server: the path is there to be copied.
        "page": dg.MetadataValue.url(page.path.as_uri()),
        "path": dg.MetadataValue.path(str(page.path)),
        "verdict": page.sentence,
        "days": len(page.data.gold_days),
        "rules": len(statuses),
        "rules_failed": statuses.count("fail"),
        "rules_warned": statuses.count("warn"),
        "rules_in_error": statuses.count("error"),
        "days_stale": len(behind.stale_gold),
        "days_without_gold": len(behind.without_gold),
        "days_without_silver": len(behind.without_silver),
    }


def _spec(settings: Settings) -> dg.AssetSpec:
    return dg.AssetSpec(
        REPORT_ASSET,
        deps=[table.name for table in NEVER_STOPPED],
        description=(
            "The data-quality page: one HTML file that fetches nothing, of the newest days that have gold."
            " Materializing any day writes it again; `healthlake report` writes it for other days."
        ),
        group_name="gold",
        kinds={"html", "gold"},
        partitions_def=daily_partitions(settings),
        metadata={
            "dagster/uri": default_path(settings).as_uri(),
            "dagster/code_references": code_references([package_file("quality_report", "page.py")]),
        },
        skippable=True,
    )
