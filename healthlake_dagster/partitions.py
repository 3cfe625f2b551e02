"""The one partitions definition: a day of the drop, UTC, from the start date on. Today's drop has a
partition."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import dagster as dg

from healthlake_dagster.settings import Settings


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One definition for all assets and checks of a deployment."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone="UTC", end_offset=1
    )


def days_of(partition_keys: Iterable[str]) -> list[datetime.date]:
    return sorted(datetime.date.fromisoformat(key) for key in partition_keys)
