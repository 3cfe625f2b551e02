"""Drops are immutable, and landing is all or nothing."""

from __future__ import annotations

import datetime
import errno
import os
from pathlib import Path

import pytest

from healthlake.errors import DropRefused, UsageError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import Landing, drop_files, land, landed_days

DAY = datetime.date(2026, 1, 1)


def make(folder: Path, **files: str) -> Path:
    """A folder with files; `__` in a name is a slash and the ending is .json."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_a_folder_lands_with_its_subfolders(lake: Path, tmp_path: Path) -> None:
    source = make(tmp_path / "export", a="1", sub__b="22")
    assert land(LakeLayout(lake), [source], DAY) == Landing(files=2, bytes=3, files_present=0)
    assert [file.path for file in drop_files(LakeLayout(lake), DAY)] == ["a.json", "sub/b.json"]
    assert landed_days(LakeLayout(lake)) == [DAY]


def test_the_same_content_again_is_a_no_op(lake: Path, tmp_path: Path) -> None:
    source = make(tmp_path / "export", a="1", b="2")
    land(LakeLayout(lake), [source], DAY)
    assert land(LakeLayout(lake), [source], DAY) == Landing(files=0, bytes=0, files_present=2)


def test_other_content_under_a_landed_name_is_refused_before_anything_is_copied(
    lake: Path, tmp_path: Path
) -> None:
    land(LakeLayout(lake), [make(tmp_path / "one", a="1")], DAY)
    with pytest.raises(DropRefused, match="drops are immutable"):
        land(LakeLayout(lake), [make(tmp_path / "two", a="other", b="new")], DAY)
    assert [file.path for file in drop_files(LakeLayout(lake), DAY)] == ["a.json"]
    assert (LakeLayout(lake).drop(DAY) / "a.json").read_text("utf-8") == "1"


def test_two_sources_with_one_name_and_other_content_are_refused(lake: Path, tmp_path: Path) -> None:
    with pytest.raises(DropRefused, match="same name"):
        land(LakeLayout(lake), [make(tmp_path / "one", a="1"), make(tmp_path / "two", a="2")], DAY)
    assert drop_files(LakeLayout(lake), DAY) == []


def test_a_path_that_is_not_there_is_a_usage_error(lake: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        land(LakeLayout(lake), [lake / "nothing"], DAY)


def test_hidden_files_and_unfinished_copies_are_no_part_of_a_drop(lake: Path, tmp_path: Path) -> None:
    source = make(tmp_path / "export", a="1")
    (source / ".DS_Store").write_text("x", "utf-8")
    land(LakeLayout(lake), [source], DAY)
    (LakeLayout(lake).drop(DAY) / ".b.json.part").write_text("half", "utf-8")
    assert [file.path for file in drop_files(LakeLayout(lake), DAY)] == ["a.json"]


def test_an_empty_folder_lands_an_empty_day(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    land(LakeLayout(lake), [tmp_path / "export"], DAY)
    assert landed_days(LakeLayout(lake)) == [DAY]
    assert drop_files(LakeLayout(lake), DAY) == []


@pytest.mark.parametrize("name", ["dt=2026-13-01", "dt=20260101", "dt="])
def test_a_folder_in_raw_that_is_no_day_is_named(lake: Path, name: str) -> None:
    (LakeLayout(lake).raw() / name).mkdir(parents=True)
    with pytest.raises(UsageError, match=f"'{name}' is no day"):
        landed_days(LakeLayout(lake))


def test_a_hidden_file_is_refused_by_name_and_counted_in_a_folder(lake: Path, tmp_path: Path) -> None:
    source = make(tmp_path / "export", a="1")
    (source / ".DS_Store").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="hidden files are no part of a drop"):
        land(LakeLayout(lake), [source / ".DS_Store"], DAY)
    assert land(LakeLayout(lake), [source], DAY) == Landing(files=1, bytes=1, files_present=0, files_hidden=1)


def test_what_is_no_regular_file_and_a_folder_that_holds_the_lake_are_refused(
    lake: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="regular file"):
        land(LakeLayout(lake), [tmp_path / "pipe"], DAY)
    with pytest.raises(UsageError, match="the lake lies in it"):
        land(LakeLayout(lake), [tmp_path], DAY)


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_in_a_folder_that_leads_to_a_folder_or_nowhere_is_refused(
    lake: Path, tmp_path: Path, target: str
) -> None:
    """What lies behind it would be left out without a word."""
    make(tmp_path / "elsewhere", b="2")
    source = make(tmp_path / "export", a="1")
    (source / ".hidden").symlink_to(tmp_path / target)
    (source / "c.json").symlink_to(tmp_path / "elsewhere" / "b.json")
    assert land(LakeLayout(lake), [source], DAY).files == 2
    (source / "d").symlink_to(tmp_path / target)
    with pytest.raises(UsageError, match="a link in it leads to a folder, or nowhere"):
        land(LakeLayout(lake), [source], DAY)


def test_a_folder_in_an_export_that_cannot_be_read_is_told(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "export", a="1")
    make(source / "locked", b="2")
    scandir = os.scandir

    def refuse(path: str) -> object:
        """As for anyone but root, whom no rights hold off."""
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match=r"a folder in it can.t be read \(Permission denied\)") as told:
        land(LakeLayout(lake), [source], DAY)
    assert "locked" not in str(told.value)
    assert landed_days(LakeLayout(lake)) == []
