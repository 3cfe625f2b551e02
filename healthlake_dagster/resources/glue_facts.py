"""What is known of a Glue run once it has ended: its time, its cost, and where its logs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import dagster as dg

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import JobRunTypeDef

_LEAST_BILLED = 60
"""Seconds that a run is billed for at least."""


@dataclass(frozen=True, slots=True)
class GlueRunFacts:
    """Seconds, DPU-seconds and US dollars of a run, and links to CloudWatch and to Glue's console, which has
    the Spark UI. The cost is an estimate from the list price."""

    job: str
    run_id: str
    state: str
    execution_seconds: int
    dpu_seconds: float
    estimated_cost_usd: float
    output_log: str
    error_log: str
    console: str

    @classmethod
    def of(cls, run: JobRunTypeDef, region: str, price_per_dpu_hour: float) -> GlueRunFacts:
        """Of a run as GetJobRun shows it. Glue counts DPU-seconds only for FLEX and with auto scaling; else
        all workers are paid for all the time."""
        job, run_id, seconds = run["JobName"], run["Id"], run.get("ExecutionTime", 0)
        billed = max(seconds, _LEAST_BILLED) if seconds else 0
        dpu_seconds = run.get("DPUSeconds", billed * run.get("MaxCapacity", 0.0))
        console = f"https://{region}.console.aws.amazon.com"
        group = run.get("LogGroupName", "/aws-glue/jobs").rstrip("/")
        logs = f"{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group"
        return cls(
            job,
            run_id,
            run["JobRunState"],
            seconds,
            dpu_seconds,
            round(dpu_seconds / 3600 * price_per_dpu_hour, 4),
            f"{logs}/{_in_hash(f'{group}/output')}/log-events/{_in_hash(run_id)}",
            f"{logs}/{_in_hash(f'{group}/error')}/log-events/{_in_hash(run_id)}",
            f"{console}/gluestudio/home?region={region}#/job/{quote(job)}/run/{run_id}",
        )

    def metadata(self) -> Mapping[str, dg.MetadataValue]:
        """For a step's materializations."""
        return {
            "glue/job": dg.MetadataValue.text(self.job),
            "glue/run_id": dg.MetadataValue.text(self.run_id),
            "glue/state": dg.MetadataValue.text(self.state),
            "glue/execution_seconds": dg.MetadataValue.int(self.execution_seconds),
            "glue/dpu_seconds": dg.MetadataValue.float(self.dpu_seconds),
            "glue/estimated_cost_usd": dg.MetadataValue.float(self.estimated_cost_usd),
            "glue/output_log": dg.MetadataValue.url(self.output_log),
            "glue/error_log": dg.MetadataValue.url(self.error_log),
            "glue/console": dg.MetadataValue.url(self.console),
        }

    def __str__(self) -> str:
        return (
            f"Glue job {self.job}, run {self.run_id}: {self.state} after {self.execution_seconds:,} s,"
            f" {self.dpu_seconds:,.0f} DPU-seconds, about {self.estimated_cost_usd:.4f} USD."
            f" Spark UI and logs: {self.console}"
        )


def _in_hash(text: str) -> str:
    """CloudWatch's own quoting of names behind a #: `$25` for each % of a name quoted once."""
    return quote(text, safe="").replace("%", "$25")
