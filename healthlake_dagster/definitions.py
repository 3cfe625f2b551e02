"""What Dagster loads. Lazy: importing this module makes nothing and reads no settings."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from healthlake_dagster.assets.bronze import bronze_assets
from healthlake_dagster.assets.gold import gold_assets
from healthlake_dagster.assets.raw import raw_asset
from healthlake_dagster.assets.report import report_asset
from healthlake_dagster.assets.silver import silver_assets
from healthlake_dagster.automation import daily_job, stale_gold_job
from healthlake_dagster.listening import log_listener
from healthlake_dagster.resources.etl import etl_resource
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings


def build_definitions(settings: Settings, resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions for `settings`; `resources` replace the ones of the same name."""
    lake = LakeResource(settings)
    schedule = daily_job(settings)
    return dg.Definitions(
        assets=[
            raw_asset(settings),
            bronze_assets(settings),
            silver_assets(settings),
            *gold_assets(settings),
            report_asset(settings),
        ],
        jobs=[schedule.job, stale_gold_job(settings)],
        schedules=[schedule],
        resources={
            "lake": lake,
            "etl": etl_resource(settings, lake),
            "query": QueryResource(lake),
            "listen": log_listener,
            **(resources or {}),
        },
        # One process a run: the steps share memory budget and file caches, and a step process costs a second
        # of imports.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The deployment's definitions, from the environment's settings."""
    return build_definitions(Settings.load())
