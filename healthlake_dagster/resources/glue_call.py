"""What a step asks of Glue, by which its run is found again: by whoever lost the answer to its start, and by
a new process after the first one died."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from healthlake_dagster.listening import Step
from healthlake_dagster.resources.glue_options import GlueOptions

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import JobRunTypeDef

STEP_ARGUMENT = "--healthlake-step"


@dataclass(frozen=True, slots=True)
class GlueCall:
    """A job and its arguments. A run of the job with all of them is this step's."""

    job: str
    arguments: Mapping[str, str]
    days: str
    """For people."""

    @property
    def folder(self) -> str:
        """The name of the folder for this step's messages: the same for the same call."""
        said = json.dumps([self.job, dict(self.arguments)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    def is_of(self, run: JobRunTypeDef) -> bool:
        given = run.get("Arguments", {})
        return all(given.get(name) == value for name, value in self.arguments.items())

    def __str__(self) -> str:
        return f"Glue job {self.job} for {self.days}"


def glue_call(
    context: Step,
    options: GlueOptions,
    script: str,
    days: Sequence[datetime.date],
    tables: Sequence[str],
) -> GlueCall:
    """The call of a step: its name holds the first run of a chain of re-executions, so that a retry, which is
    another run, finds what the earlier one started."""
    start, end = min(days).isoformat(), max(days).isoformat()
    root = context.run.root_run_id or context.run.run_id
    step = context.get_step_execution_context().step.key
    arguments = {
        STEP_ARGUMENT: f"{root}/{step}/{start}_{end}",
        "--lake": options.lake,
        "--database": options.database,
        "--partition-start": start,
        "--partition-end": end,
    }
    if tables:
        arguments["--tables"] = ",".join(tables)
    return GlueCall(options.job_prefix + script, arguments, start if start == end else f"{start} to {end}")
