"""A job's report and progress come out of their messages as they went in."""

from __future__ import annotations

import datetime
import json

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import CheckResult
from healthlake.errors import DropVanished, HealthlakeError, StructuralViolation
from healthlake.messages import error_message, hear, job_report, report_message, sending_listener
from healthlake.report import Fault, JobReport, Listener, TableDay
from healthlake.split import FileNotReadable

DAY = datetime.date(2026, 1, 1)


def test_a_report_is_the_same_after_its_message() -> None:
    checks = [CheckResult(check, DAY, 5, 1) for of_table in catalogue().values() for check in of_table]
    tables = [TableDay("bronze_patient", DAY, 3, True, 7)]
    report = JobReport(tables, checks, [Fault("bronze_file", DAY, FileNotReadable("file 1 can't be read"))])
    found = job_report(json.loads(json.dumps(report_message(report))))
    assert found is not None
    assert (found.tables, found.checks) == (tables, checks)
    (fault,) = found.faults
    assert (fault.table, fault.day, type(fault.error)) == ("bronze_file", DAY, FileNotReadable)
    assert str(fault.error) == "file 1 can't be read"


@pytest.mark.parametrize("error", [DropVanished("gone"), StructuralViolation("no"), HealthlakeError("so")])
def test_an_error_is_raised_as_the_class_that_it_was(error: HealthlakeError) -> None:
    with pytest.raises(type(error), match=str(error)):
        job_report(json.loads(json.dumps(error_message(error))))


def test_a_listener_hears_what_was_said_and_nothing_of_the_report() -> None:
    heard: list[object] = []
    listener = Listener(say=heard.append, split=lambda *done: heard.append(done))
    send = sending_listener(lambda message: hear(json.loads(json.dumps(message)), listener))
    send.say("silver_patient_history: 3 rows")
    send.split(DAY, 10, 20, 3)
    hear(report_message(JobReport()), listener)
    assert heard == ["silver_patient_history: 3 rows", (DAY, 10, 20, 3)]
    assert job_report({"say": "a line"}) is None
