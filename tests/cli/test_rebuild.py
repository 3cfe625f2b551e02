"""A moved lake is told from a broken one, and `healthlake rebuild` makes its tables again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.dagster.drops import DAYS
from tests.world import World

RAW = Path("raw", "synthea_fhir")


@pytest.fixture
def copied(filled: Path, tmp_path: Path) -> Path:
    """A copy of a filled lake, at another place."""
    return Path(shutil.copytree(filled, tmp_path / "copied"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("sql", "SELECT count(*) AS n FROM bronze_file"),
        ("materialize", "--from", DAYS[0]),
        ("check", "--from", DAYS[0]),
    ],
)
def test_a_lake_at_another_place_is_refused_with_the_remedy(
    healthlake: Command, copied: Path, arguments: tuple[str, ...]
) -> None:
    answer = healthlake(*arguments, "--lake", copied)
    assert answer.code in (1, 2)
    assert "was moved or copied" in answer.out + answer.err
    assert "healthlake rebuild" in answer.out + answer.err


def test_rebuild_gives_the_same_rows_and_leaves_raw_alone(
    healthlake: Command, filled: Path, copied: Path
) -> None:
    raw = sorted(path for path in (copied / "raw").rglob("*"))
    answer = healthlake("rebuild", "--yes", "--lake", copied)
    assert answer.code == 0
    assert sorted(path for path in (copied / "raw").rglob("*")) == raw
    with World(filled) as before, World(copied) as after:
        assert before.tables() == after.tables()


def test_rebuild_without_yes_and_with_nobody_to_ask_does_nothing(healthlake: Command, filled: Path) -> None:
    answer = healthlake("rebuild", "--lake", filled)
    assert answer.code == 2
    assert "--yes" in answer.err
    assert (filled / "catalog.db").exists()


def test_rebuild_of_a_lake_without_drops_removes_nothing(healthlake: Command, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    answer = healthlake("rebuild", "--yes", "--lake", tmp_path / "lake")
    assert answer.code == 2
    assert "no day has landed" in answer.err


@pytest.mark.parametrize("arguments", [("rebuild", "--yes"), ("materialize", "--stale")])
def test_a_landed_day_without_a_partition_is_told_before_anything_is_done(
    healthlake: Command, copied: Path, arguments: tuple[str, ...]
) -> None:
    """The start date was set in the shell that landed, and isn't in this one."""
    assert healthlake("rebuild", "--yes", "--lake", copied).code == 0
    shutil.copytree(copied / RAW / f"dt={DAYS[0]}", copied / RAW / "dt=2025-12-30")
    answer = healthlake(*arguments, "--lake", copied)
    assert answer.code == 2
    assert "2025-12-30 is before the first day 2026-01-01. Set HEALTHLAKE_START_DATE" in answer.err
    with World(copied) as kept:
        assert kept.tables()["silver_dim_patient"]
