"""`healthlake land`: drops are immutable."""

from __future__ import annotations

import datetime
import hashlib
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.dagster.drops import DAYS

DAY = DAYS[0]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder with two files, one of them nested."""
    folder = tmp_path / "export"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.ndjson").write_text('{"resourceType":"Patient","id":"p1"}\n')
    (folder / "deep" / "b.ndjson").write_text('{"resourceType":"Patient","id":"p2"}\n')
    return folder


def files_in(lake: Path, day: str = DAY) -> dict[str, bytes]:
    drop = lake / "raw" / "synthea_fhir" / f"dt={day}"
    return {str(p.relative_to(drop)): p.read_bytes() for p in sorted(drop.rglob("*")) if p.is_file()}


def test_a_folder_is_copied_into_the_days_drop_with_its_tree(
    healthlake: Command, lake: Path, export: Path
) -> None:
    answer = healthlake("land", export, "--dt", DAY, "--lake", lake)
    assert answer.code == 0
    assert answer.out.startswith(f"landed 2 files (0.0 MB) for {DAY} in {lake}")
    assert answer.err == ""
    assert files_in(lake) == {
        "a.ndjson": (export / "a.ndjson").read_bytes(),
        "deep/b.ndjson": (export / "deep" / "b.ndjson").read_bytes(),
    }


def test_the_same_content_again_is_a_no_op_and_says_so(healthlake: Command, lake: Path, export: Path) -> None:
    healthlake("land", export, "--dt", DAY, "--lake", lake)
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*")}
    answer = healthlake("land", export, "--dt", DAY, "--lake", lake)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"nothing to land for {DAY}: all 2 files are in")
    assert {path: path.stat().st_mtime_ns for path in lake.rglob("*")} == before


def test_what_is_new_is_added_beside_what_was_there(healthlake: Command, lake: Path, export: Path) -> None:
    healthlake("land", export / "a.ndjson", "--dt", DAY, "--lake", lake)
    answer = healthlake("land", export, "--dt", DAY, "--lake", lake)
    assert (answer.code, "landed 1 file (" in answer.out, "1 there already" in answer.out) == (
        0,
        True,
        True,
    )


def test_other_content_under_a_landed_name_is_refused_and_nothing_of_the_call_is_copied(
    healthlake: Command, lake: Path, export: Path
) -> None:
    healthlake("land", export, "--dt", DAY, "--lake", lake)
    before = files_in(lake)
    (export / "a.ndjson").write_text("{}\n")
    (export / "0_first.ndjson").write_text("{}\n")
    answer = healthlake("land", export, "--dt", DAY, "--lake", lake)
    assert (answer.code, answer.out) == (2, "")
    assert "drops are immutable" in answer.err and "another name" in " ".join(answer.err.split())
    assert files_in(lake) == before


def test_a_refused_file_of_a_folder_is_told_by_its_file_id_and_a_typed_one_by_its_path(
    healthlake: Command, lake: Path, export: Path
) -> None:
    healthlake("land", export, "--dt", DAY, "--lake", lake)
    (export / "a.ndjson").write_text("{}\n")
    file_id = hashlib.sha256(b"{}\n").hexdigest()
    in_folder = healthlake("land", export, "--dt", DAY, "--lake", lake).err
    assert f"landing the file in {export} with file_id {file_id} for" in in_folder
    assert "a.ndjson" not in in_folder
    typed = healthlake("land", export / "a.ndjson", "--dt", DAY, "--lake", lake).err
    assert f"landing {export / 'a.ndjson'} for" in typed
    (lake.parent / "b").mkdir()
    (lake.parent / "b" / "a.ndjson").write_text("[]\n")
    twice = healthlake("land", export, lake.parent / "b", "--dt", DAYS[1], "--lake", lake)
    assert (twice.code, "a.ndjson" in twice.err, twice.err.count("with file_id")) == (2, False, 2)


@pytest.mark.parametrize("day", ["2025-12-31", "1999-01-01"])
def test_a_day_before_the_start_date_is_refused_with_the_settings_name(
    healthlake: Command, lake: Path, export: Path, day: str
) -> None:
    answer = healthlake("land", export, "--dt", day, "--lake", lake)
    assert answer.code == 2
    assert "HEALTHLAKE_START_DATE" in answer.err and "2026-01-01" in answer.err
    assert not (lake / "raw").exists()


def test_an_earlier_start_date_lets_an_earlier_day_in(
    healthlake: Command, lake: Path, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHLAKE_START_DATE", "2025-01-01")
    assert healthlake("land", export, "--dt", "2025-12-31", "--lake", lake).code == 0


def test_today_can_be_landed_and_tomorrow_is_refused(healthlake: Command, lake: Path, export: Path) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    tomorrow = today + datetime.timedelta(days=1)
    assert healthlake("land", export, "--dt", today, "--lake", lake).code == 0
    answer = healthlake("land", export, "--dt", tomorrow, "--lake", lake)
    assert answer.code == 2
    assert "is in the future" in answer.err


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "20260101", "2026-1-1", ""])
def test_what_is_no_day_is_refused(healthlake: Command, lake: Path, export: Path, day: str) -> None:
    answer = healthlake("land", export, "--dt", day, "--lake", lake)
    assert answer.code == 2
    assert "expected YYYY-MM-DD" in answer.err


def test_a_path_that_isnt_there_is_misuse(healthlake: Command, lake: Path, tmp_path: Path) -> None:
    answer = healthlake("land", tmp_path / "nowhere", "--dt", DAY, "--lake", lake)
    assert answer.code == 2
    assert "no such file or folder" in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cant_be_read_is_one_line(healthlake: Command, lake: Path, export: Path) -> None:
    (export / "a.ndjson").chmod(0)
    answer = healthlake("land", export, "--dt", DAY, "--lake", lake)
    assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    assert "Permission denied" in answer.err


def test_a_lake_that_cant_be_made_is_one_line(healthlake: Command, tmp_path: Path, export: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = healthlake("land", export, "--dt", DAY, "--lake", tmp_path / "file")
    assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    assert "Not a directory" in answer.err
