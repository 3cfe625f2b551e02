"""A Dagster step that runs a job on Glue, in this process or, to be killed, in one of its own:

python -m tests.aws.glue_step RUN_ID OPTIONS_AS_JSON
"""

import datetime
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from uuid import uuid4

import dagster as dg

from healthlake.report import JobReport, Listener
from healthlake_dagster.resources.glue import GlueJobs
from healthlake_dagster.resources.glue_options import GlueOptions
from tests.aws.glue_world import BUCKET

DAYS = (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2))
JOB = "raw_to_bronze_synthea"
PIPES = "work/pipes"


def quick(**changed: Any) -> GlueOptions:
    """Options that ask often."""
    given = {
        "lake": f"s3://{BUCKET}/lake",
        "database": "healthlake",
        "pipes": f"s3://{BUCKET}/{PIPES}",
        "region": "eu-central-1",
        "deadline_seconds": 60,
        "stop_seconds": 20,
        "shortest_poll": 0.05,
        "longest_poll": 0.2,
        "message_seconds": 0,
    }
    return GlueOptions(**{**given, **changed})


@dataclass
class Step:
    """One step; what it did is in `report` or `raised`, and what it said in `heard` and `logged`."""

    options: GlueOptions = field(default_factory=quick)
    run_id: str = field(default_factory=lambda: str(uuid4()))
    days: Sequence[datetime.date] = DAYS
    say: Any = None
    report: JobReport | None = None
    raised: BaseException | None = None
    heard: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def run(self) -> Self:
        @dg.asset(name="a")
        def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
            try:
                self.report = GlueJobs(self.options).raw_to_bronze(
                    context, self.days, Listener(say=self._hear)
                )
            except BaseException as error:
                self.raised = error
            return dg.MaterializeResult()

        with dg.DagsterInstance.ephemeral() as instance:
            job = dg.Definitions(assets=[asset]).resolve_implicit_global_asset_job_def()
            job.execute_in_process(run_id=self.run_id, instance=instance)
            self.logged = [entry.user_message for entry in instance.all_logs(self.run_id)]
        return self

    def error(self) -> str:
        """What the step raised, which must be one of this project's errors."""
        from healthlake.errors import HealthlakeError

        assert isinstance(self.raised, HealthlakeError), repr(self.raised)
        assert self.raised.__cause__ is None
        return str(self.raised)

    def _hear(self, line: str) -> None:
        self.heard.append(line)
        if self.say is not None:
            self.say(line)


def main(run_id: str, options: str) -> None:
    step = Step(GlueOptions(**json.loads(options)), run_id)
    step.say = lambda line: print(line, flush=True)  # noqa: T201 - for the test that started this
    step.run()


def arguments(step: Step) -> list[str]:
    """The command line of a process that runs `step`."""
    return [sys.executable, "-m", "tests.aws.glue_step", step.run_id, json.dumps(asdict(step.options))]


if __name__ == "__main__":
    main(*sys.argv[1:])
