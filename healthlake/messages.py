"""A job's report and its progress as JSON: between the process that runs a job and the one that shows it.

Counts, names and our own messages only, as in the report itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import CheckResult
from healthlake.errors import HealthlakeError
from healthlake.report import Fault, JobReport, Listener, TableDay

Message = Mapping[str, Any]


def report_message(report: JobReport) -> Message:
    """The message that ends a job."""
    return {
        "report": {
            "tables": [
                [each.table, each.day.isoformat(), each.rows, each.changed, each.total_rows]
                for each in report.tables
            ],
            "checks": [
                [
                    each.check.table,
                    each.check.name,
                    each.day.isoformat(),
                    each.applicable,
                    each.violated,
                    each.error,
                ]
                for each in report.checks
            ],
            "faults": [[each.table, each.day.isoformat(), *_error(each.error)] for each in report.faults],
        }
    }


def error_message(error: HealthlakeError) -> Message:
    """The message that ends a job which has no report."""
    return {"error": _error(error)}


def sending_listener(send: Callable[[Message], None]) -> Listener:
    """A listener whose progress goes out as messages."""
    return Listener(
        say=lambda line: send({"say": line}),
        split=lambda day, done, total, entries: send({"split": [day.isoformat(), done, total, entries]}),
    )


def hear(message: Message, listener: Listener) -> None:
    """Gives a message of progress to a listener; others are not for it."""
    if "say" in message:
        listener.say(message["say"])
    elif "split" in message:
        day, *numbers = message["split"]
        listener.split(datetime.date.fromisoformat(day), *numbers)


def job_report(message: Message) -> JobReport | None:
    """The report of the message that ended a job, None for another; raises the error of one without
    report."""
    if "error" in message:
        raise _raised(*message["error"])
    if "report" not in message:
        return None
    found = message["report"]
    checks = {(table, check.name): check for table, of_table in catalogue().items() for check in of_table}
    day = datetime.date.fromisoformat
    return JobReport(
        [TableDay(table, day(on), *counts) for table, on, *counts in found["tables"]],
        [CheckResult(checks[table, name], day(on), *answer) for table, name, on, *answer in found["checks"]],
        [Fault(table, day(on), _raised(*error)) for table, on, *error in found["faults"]],
    )


def _error(error: HealthlakeError) -> list[str]:
    return [type(error).__name__, str(error)]


def _raised(name: str, text: str) -> HealthlakeError:
    """An error of the class of that name, which the sending side defines as this one does."""
    classes = [HealthlakeError]
    for each in classes:
        if each.__name__ == name:
            return each(text)
        classes.extend(each.__subclasses__())
    return HealthlakeError(text)
