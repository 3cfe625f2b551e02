"""`healthlake report`: the page of a lake, from its tables to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.dagster.drops import land_three_days
from tests.report.lake import PATIENT, publish_report

PAGE = Path("reports") / "data_quality.html"


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with two weeks of gold, and three landed days that have no silver."""
    root = tmp_path_factory.mktemp("reported") / "lake"
    root.mkdir()
    publish_report(root)
    land_three_days(root)
    return root


def test_the_page_is_written_into_the_lake_and_its_verdict_is_said(
    healthlake: Command, reported: Path
) -> None:
    answer = healthlake("report", "--lake", reported)
    assert (answer.code, answer.err) == (0, "")
    verdict, place = answer.out.splitlines()
    assert verdict == "3 January 2026: 5 rules fail in 3 tables, most of them in silver_observation_history."
    assert place == f"The report is in {reported / PAGE}"
    html = (reported / PAGE).read_text("utf-8")
    assert "21 Dec" in html
    assert f"healthlake materialize --stale --lake {reported}" in html
    assert [path.name for path in (reported / "reports").iterdir()] == [PAGE.name]


def test_no_id_of_a_patient_is_on_the_page_or_the_terminal(healthlake: Command, reported: Path) -> None:
    answer = healthlake("report", "--lake", reported)
    listed = healthlake("report", "--lake", reported, "--output", "other.html")
    html = (reported / PAGE).read_text("utf-8")
    assert "20 rows listed of 231" in " ".join(html.split())
    for text in (html, Path("other.html").read_text("utf-8"), answer.out, listed.out):
        assert PATIENT not in text
        assert "f" * 64 not in text


def test_the_page_is_the_same_when_it_is_written_again(healthlake: Command, reported: Path) -> None:
    healthlake("report", "--lake", reported)
    first = (reported / PAGE).read_bytes()
    healthlake("report", "--lake", reported)
    assert (reported / PAGE).read_bytes() == first


def test_landed_days_without_silver_and_gold_that_is_stale_are_told(
    healthlake: Command, reported: Path
) -> None:
    healthlake("report", "--lake", reported)
    text = " ".join((reported / PAGE).read_text("utf-8").split())
    assert "3 days landed with no silver (2026-01-01 to 2026-01-03)" in text
    assert "13 days with stale gold" in text


def test_a_range_of_days_is_what_the_page_shows(healthlake: Command, reported: Path) -> None:
    options = ("--from", "2025-12-22", "--to", "2025-12-24", "--output", "week/page.html")
    answer = healthlake("report", *options, "--lake", reported)
    assert answer.code == 0
    assert answer.out.startswith("24 December 2025: ")
    html = Path("week/page.html").read_text("utf-8")
    assert "2025-12-22" in html
    assert "2025-12-21:" not in html


def test_a_range_without_gold_is_told_with_the_days_that_have_some_and_the_page_stays(
    healthlake: Command, reported: Path
) -> None:
    before = (reported / PAGE).read_bytes() if (reported / PAGE).exists() else None
    answer = healthlake("report", "--to", "2025-01-31", "--lake", reported)
    assert (answer.code, answer.out) == (2, "")
    assert "there is no gold from the first day to 2025-01-31" in answer.err
    assert "13 days have some, 2025-12-21 to 2026-01-03" in answer.err
    assert ((reported / PAGE).read_bytes() if (reported / PAGE).exists() else None) == before


def test_a_lake_whose_days_are_landed_and_nothing_more_has_a_page(healthlake: Command, lake: Path) -> None:
    land_three_days(lake)
    answer = healthlake("report", "--lake", lake)
    assert (answer.code, answer.err) == (0, "")
    assert "There is no gold yet." in answer.out
    assert "3 days landed with no silver" in (lake / PAGE).read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--from", "yesterday"), "--from"),
        (("--from", "2026-01-03", "--to", "2026-01-01"), "--to"),
        (("--output", "."), "is a folder"),
    ],
)
def test_a_wrong_option_is_misuse_and_writes_nothing(
    healthlake: Command, reported: Path, options: tuple[str, ...], named: str
) -> None:
    answer = healthlake("report", *options, "--lake", reported)
    assert answer.code == 2
    assert named in answer.err


def test_without_a_lake_nothing_is_made(healthlake: Command, tmp_path: Path) -> None:
    answer = healthlake("report", "--lake", tmp_path / "nowhere")
    assert answer.code == 2
    assert not (tmp_path / "nowhere").exists()


def test_the_page_of_before_stays_where_a_new_one_cannot_be_written(
    healthlake: Command, reported: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    answer = healthlake("report", "--lake", reported, "--output", tmp_path / "file" / "page.html")
    assert answer.code != 0
    assert "Traceback" not in answer.err
    assert (tmp_path / "file").read_text() == "no folder"
