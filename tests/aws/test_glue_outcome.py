"""What is told of a Glue run: its cost and its links, and of Glue's words only those that hold no value."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from healthlake.errors import UsageError
from healthlake_dagster.resources.glue_call import GlueCall
from healthlake_dagster.resources.glue_facts import GlueRunFacts
from healthlake_dagster.resources.glue_options import GlueOptions
from healthlake_dagster.resources.glue_outcome import GlueRunFailed, outcome

CALL = GlueCall("job", {"--healthlake-step": "run/step/2026-01-01_2026-01-01"}, "2026-01-01")
RUN: dict[str, Any] = {
    "JobName": "job",
    "Id": "jr_1",
    "JobRunState": "FAILED",
    "ExecutionTime": 900,
    "MaxCapacity": 4.0,
    "LogGroupName": "/aws-glue/jobs",
}
WITHHELD = "what it said is withheld because it may quote values"


def facts(**changed: Any) -> GlueRunFacts:
    run: Any = {**RUN, **changed}
    return GlueRunFacts.of(run, "eu-central-1", 0.44)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("healthlake.script.JobFailed: the drop is gone", "JobFailed: the drop is gone"),
        ("DropVanished: the drop is gone", "DropVanished: the drop is gone"),
        (
            "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 27; JobFailed: the drop is gone",
            "JobFailed: the drop is gone",
        ),
        ("Error: Resource unavailable for Jane Doe", "Resource unavailable"),
        ("Command failed with exit code 137", "Command failed with exit code 137"),
        ("", "Glue says no more"),
        ("ValueError: Jane Doe", WITHHELD),
        ("JobFailed: so\nJane Doe", WITHHELD),
        ("Jane Doe. JobFailed: so", WITHHELD),
        ("An error occurred while calling o95.sql. [CAST_INVALID_INPUT] The value 'Jane Doe'", WITHHELD),
        ("org.apache.spark.SparkException: JobFailed: Jane Doe", WITHHELD),
    ],
)
def test_of_what_glue_says_only_what_holds_no_value_is_told(said: str, told: str) -> None:
    run: Any = {**RUN, "ErrorMessage": said}
    with pytest.raises(GlueRunFailed) as caught:
        outcome(CALL, run, facts(), [], pytest.fail)
    assert f"ended as FAILED without a report: {told}." in str(caught.value)
    assert "Jane" not in str(caught.value)


def test_a_run_costs_what_its_workers_cost_and_a_minute_at_least() -> None:
    assert (facts().dpu_seconds, facts().estimated_cost_usd) == (3600.0, 0.44)
    assert facts(ExecutionTime=5).dpu_seconds == 240.0
    assert facts(DPUSeconds=1800.0).estimated_cost_usd == 0.22
    assert facts(ExecutionTime=0).estimated_cost_usd == 0.0


def test_links_lead_to_the_log_streams_and_the_run() -> None:
    console = "https://eu-central-1.console.aws.amazon.com"
    logs = f"{console}/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group"
    assert facts().output_log == f"{logs}/$252Faws-glue$252Fjobs$252Foutput/log-events/jr_1"
    assert facts().error_log == f"{logs}/$252Faws-glue$252Fjobs$252Ferror/log-events/jr_1"
    assert facts().console == f"{console}/gluestudio/home?region=eu-central-1#/job/job/run/jr_1"
    assert isinstance(facts().metadata()["glue/console"], dg.UrlMetadataValue)


def test_a_calls_folder_is_that_of_its_arguments_in_any_order() -> None:
    assert (
        GlueCall("job", {"--a": "1", "--b": "2"}, "").folder
        == GlueCall("job", {"--b": "2", "--a": "1"}, "").folder
    )
    assert CALL.folder != GlueCall("other", CALL.arguments, "").folder


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lake": "lake"}, "lake is 'lake', expected s3://bucket/folder"),
        ({"pipes": "s3://bucket"}, "pipes is 's3://bucket', expected s3://bucket/folder"),
        ({"shortest_poll": 0.0}, "polls are 0.0 to 15.0 seconds apart"),
        ({"longest_poll": 1.0}, "polls are 2.0 to 1.0 seconds apart"),
        ({"deadline_seconds": 0}, "deadline_seconds is 0"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(changed: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"lake": "s3://b/lake", "database": "d", "pipes": "s3://b/pipes", **changed}
    with pytest.raises(UsageError, match=said):
        GlueOptions(**given)
