"""The jobs as the Glue scripts, wherever these run: which script fills what, and with which tables."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Sequence

from healthlake.contracts.silver import RESOURCE_TYPES, ResourceType
from healthlake.report import JobReport, Listener
from healthlake_dagster.listening import Step

RAW_TO_BRONZE, BRONZE_TO_SILVER = "raw_to_bronze_synthea", "bronze_to_silver_conform"


class ScriptJobs(ABC):
    """An `EtlResource` whose jobs are the scripts of `glue_scripts/`."""

    def raw_to_bronze(self, context: Step, days: Sequence[datetime.date], listener: Listener) -> JobReport:
        return self._run(context, RAW_TO_BRONZE, days, [], listener)

    def bronze_to_silver(
        self,
        context: Step,
        days: Sequence[datetime.date],
        types: Sequence[ResourceType],
        listener: Listener,
    ) -> JobReport:
        some = len(types) < len(RESOURCE_TYPES)
        tables = [table.name for kind in types for table in kind.tables] if some else []
        return self._run(context, BRONZE_TO_SILVER, days, tables, listener)

    @abstractmethod
    def _run(
        self,
        context: Step,
        script: str,
        days: Sequence[datetime.date],
        tables: Sequence[str],
        listener: Listener,
    ) -> JobReport:
        """Runs a script for `days`, and for `tables` or all; what it reported."""
