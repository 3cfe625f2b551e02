"""The scripts as Glue starts them: a process with arguments, an exit status and a last line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from healthlake.contracts.registry import TABLES
from healthlake.errors import EngineError
from healthlake.report import JobReport
from healthlake.script import JobFailed, run_script
from tests.conftest import REPOSITORY
from tests.laws.marks import MARK, NAME, seeded
from tests.laws.remains import leaks
from tests.laws.test_killed import fill
from tests.world import World, day, patient

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCRIPTS = REPOSITORY / "glue_scripts"
BRONZE, SILVER = "raw_to_bronze_synthea", "bronze_to_silver_conform"


def command(script: str, *arguments: str) -> list[str]:
    # What Glue puts beside a job's own arguments.
    glue = ["--JOB_NAME", script, "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://bucket/tmp", "--enable-metrics"]
    return [sys.executable, str(SCRIPTS / f"{script}.py"), *glue, *arguments]


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(script, *arguments), capture_output=True, text=True, check=False)  # noqa: S603


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--partition-start", "2026-01-01"], "--lake is missing"),
        (["--lake", "lake"], "--partition-start is None, expected a day as YYYY-MM-DD"),
        (["--lake", "lake", "--partition-start", "20260101"], "expected a day as YYYY-MM-DD"),
        (
            ["--lake", "lake", "--partition-start", "2026-01-02", "--partition-end", "2026-01-01"],
            "--partition-end 2026-01-01 is before --partition-start 2026-01-02",
        ),
        (
            ["--lake", "lake", "--partition-start", "2026-01-01", "--tables", "silver_dim_pet"],
            "--tables names silver_dim_pet; this job writes silver_patient_history",
        ),
        (["--lake", "lake", "--partition-start", "2026-01-01", "--threads", "no"], "--threads is 'no'"),
        (["--lake", "gs://bucket/lake", "--partition-start", "2026-01-01"], "--lake is gs://bucket/lake"),
    ],
)
def test_a_wrong_argument_ends_the_script_with_a_line_that_says_which(
    arguments: list[str], said: str
) -> None:
    done = run(SILVER, *arguments)
    assert done.returncode == 1
    assert said in last_line(done)


@pytest.mark.parametrize("script", [BRONZE, SILVER])
def test_help_shows_an_example_and_starts_no_spark(script: str) -> None:
    done = run(script, "--help")
    assert done.returncode == 0
    assert f"{script}.py --lake DIR --partition-start 2026-01-01" in done.stdout


@pytest.mark.parametrize("script", [BRONZE, SILVER])
def test_a_script_is_short(script: str) -> None:
    assert len((SCRIPTS / f"{script}.py").read_text("utf-8").splitlines()) < 60


def test_what_ends_a_script_carries_no_other_exception_along(
    monkeypatch: pytest.MonkeyPatch, lake: Path
) -> None:
    def fail(*_: object) -> None:
        try:
            raise ValueError("Jane Doe")
        except ValueError:
            raise EngineError("Spark failed") from None

    monkeypatch.setattr("healthlake.script._run", fail)
    with pytest.raises(JobFailed, match="Spark failed") as caught:
        run_script(lambda *_: JobReport(), (), "", ["--lake", str(lake), "--partition-start", "2026-01-01"])
    assert caught.value.__context__ is None


def test_a_failing_day_is_named_by_the_last_line_and_the_others_are_done(lake: Path) -> None:
    with World(lake) as world:
        for name, content in seeded().items():
            world.put(day(1), name, content)
        assert not world.bronze(day(1)).faults
        (world.layout.drop(day(1)) / f"{NAME}_whole.ndjson").unlink()
        world.put_resources(day(2), "a.ndjson", [patient("p2")])
    done = run(
        BRONZE, "--lake", str(lake), "--partition-start", "2026-01-01", "--partition-end", "2026-01-02"
    )
    assert done.returncode == 1
    assert last_line(done).startswith("healthlake.script.JobFailed: reading the drop of 2026-01-01: 1 of the")
    assert "Mount or restore raw, then run `healthlake materialize --from 2026-01-01` again." in last_line(
        done
    )
    assert MARK not in done.stdout + done.stderr
    assert leaks(lake) == []
    assert list((lake / ".scratch").iterdir()) == []
    with World(lake) as world:
        days = {row["dt"] for row in world.records("bronze_patient")}
        assert days == {day(1), day(2)}


def test_a_killed_script_is_made_good_by_the_next_run_of_any_engine(
    spark: SparkSession, lake: Path, tmp_path: Path
) -> None:
    with World(tmp_path / "never_killed") as world:
        fill(world)
        world.run(day(1), day(2), day(3))
        expected = world.tables("silver_")
    with World(lake) as world:
        fill(world)
        world.run(day(1))
        for number in (2, 3):
            assert not world.bronze(day(number)).faults
        before = world.snapshots()
        _run_until_a_commit(world, lake, before)
        half = world.snapshots()
        assert half != before
        assert half["silver_reconciliation"] == before["silver_reconciliation"]
    with World(lake, spark=spark) as world:
        assert not world.silver(day(3)).faults
        assert not world.silver(day(2)).faults
        assert world.tables("silver_") == expected
        before = world.snapshots()
        assert not world.silver(day(2)).faults
        assert world.snapshots() == before


def _run_until_a_commit(world: World, lake: Path, before: dict[str, int | None]) -> None:
    """Kills the silver script, and its JVM, when the first table has changed."""
    arguments = ("--lake", str(lake), "--partition-start", "2026-01-02")
    process = subprocess.Popen(  # noqa: S603
        command(SILVER, *arguments), start_new_session=True, stderr=subprocess.DEVNULL
    )
    first = TABLES["silver_patient_history"]
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        version = world.catalog.version(first)
        if version is not None and version.snapshot_id != before[first.name]:
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
