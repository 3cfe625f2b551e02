"""Golden cases: drops in files, expected rows in files, one folder a case.

A case has `dt=…` folders as they would lie in raw, a README of two lines, and `expected/<table>.jsonl`: all
rows of that table, columns that are NULL left out. `pytest tests/golden --update-golden` writes them again;
review the diff.
"""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from healthlake.contracts.model import DT
from tests.world import World

CASES = Path(__file__).resolve().parent / "cases"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_case_gives_its_expected_rows(case: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    folder = CASES / case
    drops = sorted(folder.glob(f"{DT}=*"))
    with World(tmp_path / "lake", in_memory=True) as world:
        for drop in drops:
            shutil.copytree(drop, world.layout.raw() / drop.name)
        days = [datetime.date.fromisoformat(drop.name.removeprefix(f"{DT}=")) for drop in drops]
        expected = sorted((folder / "expected").glob("*.jsonl"))
        for on in days:
            world.run(on)
        if any(path.stem.startswith("gold_") for path in expected):
            assert not world.gold(*days).faults
        assert expected, "a case says which tables it is about"
        for path in expected:
            found = [_shown(record) for record in world.records(path.stem)]
            if pytestconfig.getoption("update_golden"):
                path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), "utf-8")
            assert found == [json.loads(line) for line in path.read_text("utf-8").splitlines()], path.stem


def test_every_case_says_what_it_is_about() -> None:
    for folder in CASES.iterdir():
        assert len((folder / "README.md").read_text("utf-8").splitlines()) == 2, folder.name


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON shows it; the resource itself is left out, its hash stands for it."""
    return {
        name: str(value) if isinstance(value, datetime.date) else value
        for name, value in record.items()
        if value is not None and name != "resource"
    }
