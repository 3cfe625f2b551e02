"""The installed `healthlake` script, as a shell starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from healthlake_dagster import cli
from healthlake_dagster.faults import withheld
from tests.cli.conftest import Command
from tests.dagster.drops import DAYS, land_three_days

SCRIPT = Path(sys.executable).with_name("healthlake")


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HEALTHLAKE_", "DAGSTER_"))
    }
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
        [SCRIPT, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


def test_help_comes_without_loading_dagster() -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "importtime", SCRIPT, "--help"], capture_output=True, text=True, check=True
    )
    assert "Commands:" in done.stdout
    assert not [
        line for line in done.stderr.splitlines() if line.endswith((" dagster", " duckdb", " pyiceberg"))
    ]


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(filled: Path) -> None:
    process = start(
        "sql", "SELECT * FROM UNNEST(sequence(1, 200000)) AS t(x)", "--format", "csv", "--lake", filled
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "x\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 1


def test_an_interrupted_run_is_told_in_a_line(lake: Path) -> None:
    land_three_days(lake)
    arguments = ("materialize", "--from", DAYS[0], "--to", DAYS[2], "--lake", lake)
    process = start(*arguments)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("raw_to_bronze_synthea"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].startswith("healthlake: ") and "was interrupted" in rest.splitlines()[-1]


def test_an_exception_that_nobody_expected_is_one_line_without_its_message(
    healthlake: Command, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyError("Zebulon-Quux")

    monkeypatch.setattr(cli, "day_range", fail)
    answer = healthlake("check", "--from", DAYS[0], "--lake", filled)
    assert (answer.code, answer.out) == (1, "")
    assert "unexpected KeyError at healthlake_dagster/cli.py:" in answer.err
    assert "Zebulon" not in answer.err


def test_the_place_of_a_fault_is_our_last_lines_and_the_innermost() -> None:
    try:
        Path("/nowhere/Zebulon-Quux").read_text()
    except OSError as error:
        told = withheld(error)
    assert told.startswith("unexpected FileNotFoundError at ")
    assert "pathlib.py:" in told and "open" in told
    assert "Zebulon" not in told
