"""`healthlake materialize`: results on stdout, progress on stderr, and what is wrong in one line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from healthlake.contracts.registry import BRONZE_TABLES, TABLES
from healthlake_dagster.commands.materialize import RunSummary, tell
from tests.cli.conftest import Command, Materialized
from tests.dagster.drops import DAYS
from tests.world import World, day, patient


def test_a_range_is_materialized_and_shown_by_table_and_day(materialized: Materialized) -> None:
    answer = materialized.answer
    assert answer.code == 0
    lines = {line.split()[0]: line for line in answer.out.splitlines()}
    assert set(lines) == set(TABLES)
    assert lines["bronze_patient"].split(maxsplit=1)[1] == f"{DAYS[0]} 2, {DAYS[1]} 3, {DAYS[2]} 1"
    assert lines["bronze_deletion"].endswith("(unchanged)")


def test_progress_and_warnings_go_to_stderr_and_nothing_of_dagsters_own(materialized: Materialized) -> None:
    said = materialized.answer.err.splitlines()
    assert "raw_to_bronze_synthea" in said
    assert f"  {DAYS[0]}: 0.0 MB split, 7 entries" in said
    assert f"WARN bronze_encounter has_rows {DAYS[1]}: violated by 1 of 1: The day has rows." in said
    assert not [line for line in said if "Warning" in line or "dagster" in line.lower()]


def test_a_run_again_says_that_nothing_changed(healthlake: Command, materialized: Materialized) -> None:
    answer = healthlake(
        "materialize", "--from", DAYS[0], "--select", "group:bronze", "--lake", materialized.lake
    )
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()] == [table.name for table in BRONZE_TABLES]
    assert all(line.endswith("(unchanged)") for line in answer.out.splitlines())


def test_many_days_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    tell(RunSummary(rows={"bronze_patient": {f"2026-01-{n:02}": 1_000 for n in range(1, 11)}}))
    assert capsys.readouterr().out == "bronze_patient                 10 days, 10,000 rows  (unchanged)\n"


def test_a_step_that_fails_ends_with_one_and_says_why_in_one_line(healthlake: Command, lake: Path) -> None:
    with World(lake) as world:
        file = world.put_resources(day(1), "a.ndjson", [patient("p1")])
        world.bronze(day(1))
        file.unlink()
    answer = healthlake("materialize", "--from", DAYS[0], "--lake", lake)
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith(
        "healthlake: reading the drop of 2026-01-01: 1 of the 1 files"
    )
    assert answer.out == ""


@pytest.mark.parametrize("command", ["materialize", "check"])
class TestDays:
    """A range of days that can't be."""

    def test_a_day_before_the_start_date_names_the_setting(
        self, healthlake: Command, lake: Path, command: str
    ) -> None:
        answer = healthlake(command, "--from", "2025-12-31", "--to", DAYS[0], "--lake", lake)
        assert (answer.code, answer.out) == (2, "")
        assert "HEALTHLAKE_START_DATE" in answer.err

    def test_a_day_in_the_future_is_refused(self, healthlake: Command, lake: Path, command: str) -> None:
        tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
        answer = healthlake(command, "--from", DAYS[0], "--to", tomorrow, "--lake", lake)
        assert (answer.code, answer.out) == (2, "")
        assert f"reading --to: {tomorrow} is in the future" in answer.err

    def test_a_range_that_ends_before_it_begins_is_refused(
        self, healthlake: Command, lake: Path, command: str
    ) -> None:
        answer = healthlake(command, "--from", DAYS[1], "--to", DAYS[0], "--lake", lake)
        assert answer.code == 2
        assert f"reading --to: {DAYS[0]} is before --from {DAYS[1]}" in answer.err

    def test_a_lake_that_isnt_there_says_what_to_do_and_isnt_made(
        self, healthlake: Command, tmp_path: Path, command: str
    ) -> None:
        answer = healthlake(command, "--from", DAYS[0], "--lake", tmp_path / "nowhere")
        assert (answer.code, answer.out) == (2, "")
        assert "is no folder" in answer.err and "healthlake demo" in answer.err
        assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("key:silver_dim_patiant", "matches no asset. Did you mean key:silver_dim_patient?"),
        ("group:copper", "matches no asset. Example: group:silver."),
        ("group:(silver", "can't be read"),
        ("", "can't be read"),
    ],
)
def test_a_selection_that_names_nothing_is_misuse(
    healthlake: Command, lake: Path, selection: str, expected: str
) -> None:
    answer = healthlake("materialize", "--from", DAYS[0], "--select", selection, "--lake", lake)
    assert (answer.code, answer.out) == (2, "")
    assert expected in answer.err
    assert not (lake / ".dagster").exists(), "no run was made of it"
