"""`healthlake demo` on the real drops of the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path

from healthlake.contracts.registry import TABLES
from healthlake_dagster.commands.demo import DROPS
from tests.cli.conftest import Command
from tests.world import World


def test_the_demo_shows_every_table_and_what_came_of_it_and_a_second_run_changes_nothing(
    healthlake: Command, tmp_path: Path
) -> None:
    lake = tmp_path / "demo"
    first = healthlake("demo", "--lake", lake)
    assert first.code == 0
    for table in TABLES:
        assert re.search(rf"^│ {table} .*\d │$", first.out, re.MULTILINE), table
    for title in ("Rows by table and dt", "Population as known on 2026-01-03", "Duplicates removed"):
        assert title in first.out
    assert re.search(r"^Checks: \d+ of \d+ passed\.$", first.out, re.MULTILINE)
    assert f"The lake is in {lake}" in first.out
    assert f"make ui LAKE={lake}" in first.out
    assert len(re.findall(r"^landed \d+ files", first.err, re.MULTILINE)) == 3
    assert "Warning" not in first.err
    assert len(re.findall(r"MB split, [\d,]+ entries$", first.err, re.MULTILINE)) == 3

    with World(lake) as world:
        before = world.snapshots()
    second = healthlake("demo", "--lake", lake)
    assert second.code == 0
    assert "Nothing changed: every table had these rows already." in second.out
    assert second.err.count("nothing to land for") == 3
    with World(lake) as world:
        assert world.snapshots() == before

    counted = healthlake(
        "sql", "SELECT count(DISTINCT path) AS n FROM bronze_file", "--format", "json", "--lake", lake
    )
    assert json.loads(counted.out) == [{"n": len({file.name for file in DROPS.rglob("*.json.gz")})}], (
        "every file of the drops is accounted for"
    )
