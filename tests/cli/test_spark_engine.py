"""HEALTHLAKE_ENGINE=spark: the same command and the same rows, by the Glue scripts in a local Spark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from healthlake_dagster.resources import spark as spark_jobs
from tests.laws.test_killed import fill
from tests.world import World, day


def test_the_command_fills_the_tables_as_with_duckdb_and_shows_progress(lake: Path, tmp_path: Path) -> None:
    with World(tmp_path / "duckdb") as world:
        fill(world)
        world.run(day(1))
        expected = world.tables()
    with World(lake) as world:
        fill(world)
    done = subprocess.run(  # noqa: S603
        [
            *(str(Path(sys.executable).parent / "healthlake"), "materialize", "--from", "2026-01-01"),
            *("--lake", str(lake)),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HEALTHLAKE_ENGINE": "spark"},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("starting Spark") == 2
    assert "silver_observation_history: 2 rows" in done.stderr
    with World(lake) as world:
        found = world.tables()
        assert {name: rows for name, rows in found.items() if not name.startswith("gold_")} == {
            name: rows for name, rows in expected.items() if not name.startswith("gold_")
        }
        assert found["gold_population_summary"]
    left = [path.name for path in tmp_path.iterdir()]
    assert sorted(left) == ["duckdb", "lake"], "Spark leaves nothing in the folder where it was started"
    assert list((lake / ".scratch").iterdir()) == []


def test_an_interrupted_step_interrupts_its_script(tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = (
        "import pathlib, sys, time\n"
        "try:\n    pathlib.Path(sys.argv[1]).touch(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    pathlib.Path(sys.argv[1] + '.interrupted').touch()\n"
    )

    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.01)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        spark_jobs._finished([sys.executable, "-c", script, str(started)], {})
    assert (tmp_path / "started.interrupted").exists()
