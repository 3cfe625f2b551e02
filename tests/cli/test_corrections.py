"""`healthlake land --replace` and `--withdraw`, `revisions`, `materialize --stale`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.dagster.drops import DAYS

PATIENT = '{"resourceType":"Patient","id":"%s","gender":"%s"}\n'


@pytest.fixture
def lake(filled: Path, tmp_path: Path, healthlake: Command) -> Path:
    """Two days of one patient each, in every table."""
    root = tmp_path / "lake"
    for number, day in enumerate(DAYS[:2], 1):
        source = tmp_path / f"{number}.ndjson"
        source.write_text(PATIENT % (f"p{number}", "female"))
        assert healthlake("land", source, "--dt", day, "--lake", root).code == 0
    assert healthlake("materialize", "--from", DAYS[0], "--to", DAYS[1], "--lake", root).code == 0
    return root


def genders(healthlake: Command, lake: Path) -> str:
    sql = "SELECT patient_id, gender FROM silver_dim_patient ORDER BY patient_id"
    return healthlake("sql", sql, "--format", "csv", "--lake", lake).out


def test_a_replaced_file_is_listed_and_stale_makes_the_tables_follow(
    healthlake: Command, lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "1.ndjson").write_text(PATIENT % ("p1", "male"))
    refused = healthlake("land", tmp_path / "1.ndjson", "--dt", DAYS[0], "--lake", lake)
    assert refused.code == 2
    assert "--replace" in refused.err
    answer = healthlake("land", tmp_path / "1.ndjson", "--dt", DAYS[0], "--replace", "--lake", lake)
    assert answer.code == 0
    assert "replaced 1 file of" in answer.out
    listed = healthlake("revisions", "--lake", lake).out
    assert "replace" in listed
    assert DAYS[0] in listed
    warned = healthlake("check", "--from", DAYS[0], "--to", DAYS[1], "--lake", lake)
    assert "inputs_unchanged" in warned.out
    stale = healthlake("materialize", "--stale", "--lake", lake)
    assert stale.code == 0
    assert f"changed drops: {DAYS[0]}" in stale.out
    assert f"stale gold: {DAYS[0]} to {DAYS[1]}" in stale.out
    assert genders(healthlake, lake) == "patient_id,gender\np1,male\np2,female\n"
    assert "nothing is stale" in healthlake("materialize", "--stale", "--lake", lake).out


def test_a_withdrawn_drop_leaves_the_tables(healthlake: Command, lake: Path) -> None:
    answer = healthlake("land", "--withdraw", ".", "--dt", DAYS[1], "--lake", lake)
    assert (answer.code, answer.err) == (0, "")
    assert "withdrew 1 file of" in answer.out
    assert healthlake("materialize", "--stale", "--lake", lake).code == 0
    assert genders(healthlake, lake) == "patient_id,gender\np1,female\n"


def test_the_bound_on_stale_days_takes_the_newest_and_names_the_rest(
    healthlake: Command, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(tmp_path / "2.ndjson", tmp_path / "late.ndjson")
    healthlake("land", tmp_path / "late.ndjson", "--dt", DAYS[0], "--lake", lake)
    monkeypatch.setenv("HEALTHLAKE_STALE_DAYS", "1")
    first = healthlake("materialize", "--stale", "--lake", lake)
    assert f"stale gold: {DAYS[1]}\n" in first.out
    assert "1 older gold days are stale too" in first.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("land", "x", "--dt", DAYS[0], "--replace", "--withdraw"), "exclude each other"),
        (("land", "--withdraw", "nothing.json", "--dt", DAYS[0]), "Nothing was"),
        (("materialize", "--stale", "--from", DAYS[0]), "leave --from"),
        (("materialize",), "--from is missing"),
    ],
)
def test_a_contradiction_is_a_usage_error(
    healthlake: Command, lake: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = healthlake(*arguments, "--lake", lake)
    assert answer.code == 2
    assert said in answer.err
