"""Runs the jobs as the Glue scripts, each in a process of its own with a local Spark: what runs on Glue runs
here.

The script's progress and its report come back as Dagster Pipes messages.
"""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from healthlake.errors import EngineError
from healthlake.messages import job_report
from healthlake.report import JobReport, Listener
from healthlake_dagster.listening import Step
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.pipes import pipes_session
from healthlake_dagster.resources.script_jobs import ScriptJobs

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "glue_scripts"

_SECONDS_TO_STOP = 20


class SparkJobs(ScriptJobs):
    """The jobs in a local Spark."""

    def __init__(self, lake: LakeResource) -> None:
        self._lake = lake

    def require(self) -> None:
        """Nothing but the lake."""
        self._lake.require()

    def _run(
        self,
        context: Step,
        script: str,
        days: Sequence[datetime.date],
        tables: Sequence[str],
        listener: Listener,
    ) -> JobReport:
        self.require()
        settings = self._lake.settings
        command = [
            *(sys.executable, str(SCRIPTS / f"{script}.py")),
            *("--JOB_NAME", script),
            *("--lake", str(settings.lake), "--database", settings.database),
            *("--partition-start", min(days).isoformat(), "--partition-end", max(days).isoformat()),
            *(("--tables", ",".join(tables)) if tables else ()),
            *(("--threads", str(settings.threads)) if settings.threads else ()),
            *("--memory", settings.spark_memory),
        ]
        with pipes_session(context, listener) as session:
            code = _finished(command, session.get_bootstrap_env_vars())
        for message in reversed(list(session.get_custom_messages())):
            if report := job_report(message):
                return report
        raise EngineError(
            f"running {script} for {min(days)} to {max(days)}: the script ended with status {code} and no"
            " report. What it said last is in the output of the run. Run it by hand:"
            f" python {' '.join(command[1:])}"
        )


def _finished(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the script to its end and returns its status; when the step is interrupted, so is the script."""
    # With its own group, a Ctrl-C in the terminal reaches it once, through the step.
    process = subprocess.Popen(  # noqa: S603 - our own script
        command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_SECONDS_TO_STOP)
        except BaseException:
            # It takes too long, or a second interrupt came.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
