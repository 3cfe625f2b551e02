"""The lake's Dagster instance is made once and whole, however many commands start at once or are killed on
the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg

from healthlake_dagster.instance import make_instance

_MAKE = """
import pathlib, sys
from healthlake_dagster.runs import lake_instance
with lake_instance(pathlib.Path(sys.argv[1])):
    pass
"""


def test_commands_that_start_at_once_find_one_whole_instance(tmp_path: Path) -> None:
    home = tmp_path / "lake" / ".dagster"
    command = [sys.executable, "-W", "ignore", "-c", _MAKE, str(home)]
    processes = [subprocess.Popen(command) for _ in range(4)]  # noqa: S603 - our own code
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_runs_count() == 0


def test_what_a_killed_command_left_is_made_anew_and_a_given_configuration_is_kept(tmp_path: Path) -> None:
    home = tmp_path / ".dagster"
    torn = home / ".dagster-new-0" / "history"
    torn.mkdir(parents=True)
    (torn / "runs.db").write_bytes(b"torn")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", "utf-8")
    make_instance(home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_runs_count() == 0
    assert (home / "dagster.yaml").read_text("utf-8") == "telemetry:\n  enabled: false\n"
    assert not list(home.glob(".dagster-new-*"))
