"""A HEALTHLAKE_* variable that is wrong is named, with what was expected, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthlake.errors import UsageError
from healthlake_dagster.settings import Settings, settings_table
from tests.cli.conftest import Command
from tests.dagster.drops import DAYS

WRONG = {
    "HEALTHLAKE_START_DATE": ["2026-13-01", "20260101", "soon"],
    "HEALTHLAKE_ENGINE": ["pandas"],
    "HEALTHLAKE_MEMORY": ["lots", "600", "-1GB"],
    "HEALTHLAKE_THREADS": ["0", "two", "-1"],
    "HEALTHLAKE_ALLOW_GAPS": ["maybe"],
    "HEALTHLAKE_DEPLOYMENT": ["prod"],
    "HEALTHLAKE_DATABASE": ["Health Lake", "1st", "a-b"],
    "HEALTHLAKE_SQL": ["/nowhere/at/all"],
    "HEALTHLAKE_PROFILE": ["AWS"],
    "HEALTHLAKE_PIPES": ["folder/pipes", "s3://", "s3:///folder"],
    "HEALTHLAKE_ATHENA_OUTPUT": ["bucket/results"],
    "HEALTHLAKE_ATHENA_ROLE": ["reader", "arn:aws:iam::1:role/reader"],
    "HEALTHLAKE_GLUE_WORKERS": ["5", "G.1X", "G.1X:none"],
}


@pytest.mark.parametrize(("variable", "value"), [(name, v) for name, values in WRONG.items() for v in values])
def test_a_wrong_value_is_refused_with_the_variables_name(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable):
        Settings.load({variable: value})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HEALTHLAKE_MEMORY", "600MB"),
        ("HEALTHLAKE_MEMORY", "1.5 GB"),
        ("HEALTHLAKE_MEMORY", "2GiB"),
        ("HEALTHLAKE_THREADS", "2"),
        ("HEALTHLAKE_ALLOW_GAPS", "1"),
        ("HEALTHLAKE_PIPES", "s3://bucket/pipes"),
        ("HEALTHLAKE_ATHENA_ROLE", "arn:aws-us-gov:iam::123456789012:role/team/reader"),
    ],
)
def test_a_right_value_reaches_the_engine(
    healthlake: Command, filled: Path, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    answer = healthlake("sql", "SELECT count(*) AS n FROM bronze_file", "--format", "csv", "--lake", filled)
    assert (answer.code, answer.out) == (0, "n\n4\n")


def test_the_command_ends_with_two_and_one_line_for_a_wrong_setting(
    healthlake: Command, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHLAKE_THREADS", "two")
    answer = healthlake("materialize", "--from", DAYS[0], "--lake", lake)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "healthlake: reading settings: HEALTHLAKE_THREADS is 'two', expected a number from 1 on.\n"
    )


def test_the_lake_is_the_options_else_the_variables_else_a_folder_here(
    healthlake: Command, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ("sql", "SELECT count(*) AS n FROM bronze_file", "--format", "csv")
    assert f"{tmp_path / 'lake'} is no folder" in healthlake(*question).err
    monkeypatch.setenv("HEALTHLAKE_LAKE", str(filled))
    assert healthlake(*question).out == "n\n4\n"
    assert f"{tmp_path / 'x'} is no folder" in healthlake(*question, "--lake", tmp_path / "x").err


def test_every_setting_is_a_row_of_the_documented_table() -> None:
    table = {variable for variable, _, what in settings_table() if what}
    assert table >= set(WRONG) | {"HEALTHLAKE_LAKE", "HEALTHLAKE_SCHEDULE"}
    assert all(variable.startswith("HEALTHLAKE_") for variable in table)
