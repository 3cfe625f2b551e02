"""`healthlake quarantine`: what was set aside can be found, shown to who asks, tried again after a fix."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Command
from tests.dagster.drops import DAYS, whole_patient
from tests.replays import count_opened, stricter
from tests.world import World, day, patient

NO_ID = b'{"resourceType": "Patient", "gender": "male"}'


def listed(answer: Answer) -> list[dict[str, str]]:
    assert answer.code == 0, answer.err
    return list(csv.DictReader(io.StringIO(answer.out)))


def test_each_row_is_listed_by_day_reason_file_and_position(healthlake: Command, filled: Path) -> None:
    rows = listed(healthlake("quarantine", "--format", "csv", "--lake", filled))
    assert [(row["dt"], row["table"], row["reason"], row["line"], row["detail"]) for row in rows] == [
        (DAYS[1], "bronze_quarantine", "missing_id", "2", "id: expected string"),
        (DAYS[1], "silver_quarantine", "wrong_shape", "3", "Patient.gender"),
    ]
    assert len(rows[0]["file_id"]) == 64 and int(rows[0]["byte_length"]) == len(NO_ID)


def test_list_is_the_default_and_json_and_table_say_the_same(healthlake: Command, filled: Path) -> None:
    answer = healthlake("quarantine", "--lake", filled)
    assert answer == healthlake("quarantine", "list", "--lake", filled) and answer.code == 0
    assert "In quarantine: rows 2, days 1, files 2" in answer.out
    assert "with no row but there: 1 (silver_dim_patient 1)" in answer.out
    found = json.loads(healthlake("quarantine", "--format", "json", "--lake", filled).out)
    assert [row["reason"] for row in found] == ["missing_id", "wrong_shape"]
    assert all(row["file_id"][:12] in answer.out for row in found)


def test_no_list_holds_a_value_or_the_name_of_a_file(healthlake: Command, filled: Path) -> None:
    for form in ("table", "csv", "json"):
        answer = healthlake("quarantine", "--format", form, "--lake", filled)
        assert not any(text in answer.out + answer.err for text in ("ndjson", "p4", "male"))


def test_days_and_reason_choose_rows(healthlake: Command, filled: Path) -> None:
    chosen = listed(healthlake("quarantine", "--reason", "wrong_shape", "--format", "csv", "--lake", filled))
    assert [row["table"] for row in chosen] == ["silver_quarantine"]
    assert not listed(healthlake("quarantine", "--from", DAYS[2], "--format", "csv", "--lake", filled))
    assert not listed(healthlake("quarantine", "--to", DAYS[0], "--format", "csv", "--lake", filled))


def test_a_summary_counts_by_day_table_and_reason(healthlake: Command, filled: Path) -> None:
    rows = listed(healthlake("quarantine", "--summary", "--format", "csv", "--lake", filled))
    assert [tuple(row.values()) for row in rows] == [
        (DAYS[1], "bronze_quarantine", "missing_id", "1", "1"),
        (DAYS[1], "silver_quarantine", "wrong_shape", "1", "1"),
    ]


def test_one_record_is_shown_as_delivered_by_offset_or_position(healthlake: Command, filled: Path) -> None:
    bronze, silver = listed(healthlake("quarantine", "--format", "csv", "--lake", filled))
    place = f"{bronze['file_id'][:12]}:{bronze['byte_offset']}"
    assert healthlake("quarantine", "--show", place, "--lake", filled).out == NO_ID.decode() + "\n"
    place = f"{silver['file_id'][:12]}:{silver['line']}:{silver['entry']}"
    shown = json.loads(healthlake("quarantine", "--show", place, "--lake", filled).out)
    assert shown == whole_patient("p4", gender=1)


def test_a_long_record_is_cut_unless_all_is_asked_for(healthlake: Command, tmp_path: Path) -> None:
    lake, text = tmp_path / "lake", b'{"resourceType":"Patient","note":"%s"}' % (b"x" * 100_000)
    with World(lake) as world:
        world.put(day(1), "a.ndjson", text)
        world.run(day(1))
        (row,) = world.records("bronze_quarantine")
    place = f"{row['file_id']}:{row['byte_offset']}"
    answer = healthlake("quarantine", "--show", place, "--lake", lake)
    assert answer.out == text[: 64 * 1024].decode() + "\n"
    assert answer.err == f"the first 65,536 of {len(text):,} bytes; --all prints it whole\n"
    assert healthlake("quarantine", "--show", place, "--all", "--lake", lake).out == text.decode() + "\n"


def test_a_record_whose_file_changed_is_not_shown(healthlake: Command, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with World(lake) as world:
        path = world.put(day(1), "a.ndjson", NO_ID)
        world.run(day(1))
        (row,) = world.records("bronze_quarantine")
    path.write_bytes(NO_ID.replace(b"male", b"none"))
    answer = healthlake("quarantine", "--show", f"{row['file_id']}:0", "--lake", lake)
    assert (answer.code, answer.out) == (1, "")
    assert "raw no longer has what bronze was made from" in answer.err and "a.ndjson" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--reason", "mising_id"), "Did you mean missing_id?"),
        (("--show", "abc"), "Expected FILE_ID:BYTE_OFFSET"),
        (("--show", f"{'0' * 12}:7"), "nothing is in quarantine at 000000000000:7"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "is before --from"),
        (("replay", "--reason", "mising_id"), "Did you mean missing_id?"),
    ],
)
def test_what_is_asked_wrongly_is_misuse(
    healthlake: Command, filled: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = healthlake("quarantine", *arguments, "--lake", filled)
    assert answer.code == 2 and said in answer.err and answer.out == ""


def test_a_lake_that_was_never_materialized_says_so(healthlake: Command, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    answer = healthlake("quarantine", "--lake", tmp_path / "lake")
    assert answer.code == 2 and "healthlake materialize --from DAY" in answer.err


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A lake that a stricter splitter filled: of days 1, 2 and 4 a record is in quarantine, and on day 1 one
    that stays there."""
    lake = tmp_path / "lake"
    with World(lake) as world, stricter():
        for number in (1, 2, 3, 4):
            world.put_resources(day(number), "good.ndjson", [patient(f"p{number}")])
        for number in (1, 2, 4):
            world.put_resources(day(number), "strict.ndjson", [patient(f"s{number}", strict=True)])
        world.put(day(1), "bad.ndjson", NO_ID)
        world.run(*(day(number) for number in (1, 2, 3, 4)))
    return lake


def test_a_replay_reads_the_files_concerned_and_what_passes_leaves(
    healthlake: Command, faulty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = count_opened(monkeypatch)
    answer = healthlake("quarantine", "replay", "--lake", faulty)
    assert answer.code == 0, answer.err
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in answer.out.splitlines()]
    assert [row for row in rows if row[0].startswith("2026")] == [
        ["2026-01-01", "1", "1", "0"],
        ["2026-01-02", "1", "0", "0"],
        ["2026-01-04", "1", "0", "0"],
    ]
    assert {Path(path).name for path in reads} == {"strict.ndjson", "bad.ndjson"}
    with World(faulty) as world:
        assert [row["reason"] for row in world.records("bronze_quarantine")] == ["missing_id"]
        current = sorted(row["patient_id"] for row in world.records("silver_dim_patient"))
    assert current == ["p1", "p2", "p3", "p4", "s1", "s2", "s4"]
    assert "healthlake materialize --stale" in answer.out


def test_a_replay_is_of_the_days_and_the_reason_asked_for(
    healthlake: Command, faulty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = count_opened(monkeypatch)
    choice = ("--from", "2026-01-02", "--to", "2026-01-03", "--reason", "not_fhir")
    assert healthlake("quarantine", "replay", *choice, "--lake", faulty).code == 0
    assert set(reads) == {"dt=2026-01-02/strict.ndjson"}
    left = listed(healthlake("quarantine", "--format", "csv", "--lake", faulty))
    assert [(row["dt"], row["reason"]) for row in left] == [
        ("2026-01-01", "missing_id"),
        ("2026-01-01", "not_fhir"),
        ("2026-01-04", "not_fhir"),
    ]


def test_a_replay_without_a_fix_changes_nothing(healthlake: Command, faulty: Path) -> None:
    with World(faulty) as world:
        before = world.snapshots()
    with stricter():
        answer = healthlake("quarantine", "replay", "--lake", faulty)
    assert answer.code == 0 and "materialize" not in answer.out
    with World(faulty) as world:
        assert world.snapshots() == before


def test_a_replay_that_fails_ends_with_one_and_keeps_the_day(healthlake: Command, faulty: Path) -> None:
    next(faulty.rglob("raw/**/dt=2026-01-02/good.ndjson")).unlink()
    answer = healthlake(
        "quarantine", "replay", "--from", "2026-01-02", "--to", "2026-01-02", "--lake", faulty
    )
    assert answer.code == 1 and "missing from raw" in answer.err and "good" not in answer.err
    with World(faulty) as world:
        assert len(world.rows("bronze_quarantine")) == 4


def test_nothing_in_quarantine_is_nothing_to_replay(healthlake: Command, filled: Path) -> None:
    answer = healthlake("quarantine", "replay", "--from", DAYS[2], "--lake", filled)
    assert (answer.code, answer.out) == (0, "Nothing to replay: nothing of that is in quarantine.\n")
