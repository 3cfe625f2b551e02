"""A full disk and a read-only lake: one clear line, nothing half, and all well when that is mended."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import REPOSITORY
from tests.world import World

DROPS = REPOSITORY / "demo" / "drops"
DAYS = ("2026-01-01", "2026-01-02")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = _run("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder))
    if made.returncode:
        pytest.skip("mounting a file system takes root")
    yield folder
    assert not _run("umount", "--lazy", str(folder)).returncode


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False)  # noqa: S603


@pytest.fixture
def lake(disk: Path, healthlake: Command) -> Path:
    """Two days have landed on the small disk, and the first is in every table."""
    root = disk / "lake"
    for day in DAYS:
        assert healthlake("land", DROPS / f"dt={day}", "--dt", day, "--lake", root).code == 0
    # In a process of its own: a file that is open for writing would keep the disk from becoming read-only.
    command = [sys.executable, "-m", "healthlake_dagster.cli", "materialize", "--from", DAYS[0]]
    subprocess.run([*command, "--lake", str(root)], check=True, capture_output=True)  # noqa: S603
    return root


def fill(disk: Path, leave_bytes: int) -> Path:
    """Takes all space but some."""
    file = disk / "fill"
    # Unbuffered: a buffer keeps what the disk didn't take, and fails once more when it is closed.
    with file.open("wb", buffering=0) as writer, contextlib.suppress(OSError):
        while True:
            writer.write(bytes(64 * 1024))
    size = file.stat().st_size
    with file.open("r+b") as writer:
        writer.truncate(max(size - leave_bytes, 0))
    return file


@pytest.mark.parametrize("leave_bytes", [0, 1_500_000])
def test_a_full_disk_is_told_and_leaves_nothing_half(
    healthlake: Command, lake: Path, disk: Path, tmp_path: Path, leave_bytes: int
) -> None:
    filled = fill(disk, leave_bytes)
    answer = healthlake("materialize", "--from", DAYS[1], "--lake", lake)
    assert answer.code == 1
    assert "the disk is full" in answer.err
    assert "unexpected" not in answer.err
    filled.unlink()
    assert healthlake("materialize", "--from", DAYS[1], "--lake", lake).code == 0
    never = tmp_path / "never"
    for day in DAYS:
        healthlake("land", DROPS / f"dt={day}", "--dt", day, "--lake", never)
    assert healthlake("materialize", "--from", DAYS[0], "--to", DAYS[1], "--lake", never).code == 0
    with World(lake) as mended, World(never) as other:
        assert mended.tables() == other.tables()


def test_a_read_only_lake_is_told(healthlake: Command, lake: Path, disk: Path) -> None:
    assert not _run("mount", "-o", "remount,ro", str(disk)).returncode
    for arguments in (("materialize", "--from", DAYS[1]), ("sql", "SELECT count(*) AS n FROM bronze_file")):
        answer = healthlake(*arguments, "--lake", lake)
        assert answer.code == 1
        assert "read-only" in answer.err or "can't be written" in answer.err
        assert "unexpected" not in answer.err
