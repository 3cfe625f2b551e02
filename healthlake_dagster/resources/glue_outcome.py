"""What a Glue run that has ended means for its step: the report that its script gave, or an error.

Of Glue's own words only those pass that can't hold a value of a record: our errors' last lines and a few
sentences of Glue itself. What a JVM says is in the log, where the error points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from healthlake.errors import HealthlakeError
from healthlake.messages import job_report
from healthlake.report import JobReport
from healthlake.script import JobFailed
from healthlake_dagster.resources.glue_call import GlueCall
from healthlake_dagster.resources.glue_facts import GlueRunFacts

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import JobRunTypeDef

_GLUES_OWN = (
    r"Command failed with exit code \d+",
    r"Max concurrent job runs per (account|job) exceeded",
    r"Max concurrent compute \(DPU usage\) exceeded",
    r"Resource unavailable",
    r"Internal service (error|failure)",
)
"""What lacks capacity: Glue's developer guide, page on job run statuses. The first and the last: as public
reports of failed runs quote them; none was seen on an account of ours."""

# Public reports show messages with a category and a line number before the exception since Glue 4.0.
_OWN_LINE = re.compile(
    r"(?:Error Category: \w+; )?(?:Failed Line Number: \d+; )?(?:[A-Za-z_]\w*\.)*(?P<name>\w+): (?P<text>.+)"
)

_REMEDIES = {
    "EXPIRED": "It waited in Glue's queue for too long: run the command again when fewer jobs run.",
    "TIMEOUT": "Run fewer days at a time, or raise the job's Timeout.",
    "STOPPED": "Somebody stopped it: run the command again.",
    "SUCCEEDED": "Deploy the job's script and the healthlake zip of this version.",
}
_SEE_LOG = "Read the error log, then run the command again."


class GlueRunFailed(HealthlakeError):
    """A Glue run ended without a report of its script."""


def outcome(
    call: GlueCall,
    run: JobRunTypeDef,
    facts: GlueRunFacts,
    messages: Sequence[Any],
    warn: Callable[[str], None],
) -> JobReport:
    """The report. A script that failed after it reported has published what it reported: that is kept, and
    where the report names no fault, `warn` hears of the run's end."""
    report = _reported(call, facts, messages)
    if report is None:
        raise GlueRunFailed(
            f"running {call}: run {facts.run_id} ended as {facts.state} without a report:"
            f" {_told(run.get('ErrorMessage', ''))}. {_REMEDIES.get(facts.state, _SEE_LOG)}"
            f" Error log: {facts.error_log}"
        )
    if facts.state != "SUCCEEDED" and not report.faults:
        warn(f"{call}: run {facts.run_id} ended as {facts.state}, after it had reported all as published")
    return report


def _reported(call: GlueCall, facts: GlueRunFacts, messages: Sequence[Any]) -> JobReport | None:
    for message in reversed(messages):
        try:
            if report := job_report(message):
                return report
        except HealthlakeError as error:
            raise type(error)(
                f"{error} ({call}, run {facts.run_id}: {facts.state}; error log: {facts.error_log})"
            ) from None
        except (KeyError, TypeError, ValueError):
            raise GlueRunFailed(
                f"running {call}: the report of run {facts.run_id} is not one of this version of healthlake,"
                f" and the run ended as {facts.state}. {_REMEDIES['SUCCEEDED']}"
            ) from None
    return None


def _told(said: str) -> str:
    """What may be told of Glue's ErrorMessage."""
    if not said:
        return "Glue says no more"
    for known in _GLUES_OWN:
        if found := re.search(known, said):
            return found.group()
    line = _OWN_LINE.fullmatch(said.strip())
    if line and line["name"] in _own_names():
        return f"{line['name']}: {line['text']}"
    return "what it said is withheld because it may quote values"


def _own_names() -> set[str]:
    """Every error class of this project by name."""
    classes: list[type[HealthlakeError]] = [HealthlakeError, JobFailed]
    for each in classes:
        classes.extend(found for found in each.__subclasses__() if found not in classes)
    return {each.__name__ for each in classes}
