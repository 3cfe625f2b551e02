"""`healthlake trace`: from the key of a row to every delivery behind it, and to the record in raw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from healthlake.lake.revisions import withdraw
from healthlake.trace import Fate
from tests.cli.conftest import Command
from tests.world import World, component, day, encounter, observation, patient

OLD, NEW = "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"
WINNER = patient("p1", birthDate="1990-01-01", meta={"lastUpdated": NEW})
FIRST = patient("p1", meta={"lastUpdated": OLD})
GRAIN = "p1,2025-12-01T10:00:00Z,29463-7"


def entry(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days on which everything that can become of a version became of one of p1's."""
    root = tmp_path_factory.mktemp("traced") / "lake"
    panel = observation("o3", "p1", component=[component("8480-6", 120)])
    deletion = {"request": {"method": "DELETE", "url": "Patient/p2"}}
    with World(root) as world:
        world.put_resources(day(1), "Ann_Doe.ndjson", [FIRST, FIRST, patient("p2"), encounter("e1", "p1")])
        world.put_resources(day(1), "o.ndjson", [observation("o1", "p1", 1), observation("o2", "p1", 2)])
        world.put(
            day(2),
            "b.json",
            json.dumps({"resourceType": "Bundle", "entry": [entry(WINNER), deletion]}, indent=1).encode(),
        )
        world.put_resources(day(2), "o.ndjson", [panel])
        world.put_resources(day(3), "c.ndjson", [FIRST, patient("p1", gender=1), patient("p4", gender=1)])
        world.run(day(1), day(2), day(3))
        assert not world.gold(day(1), day(2), day(3)).faults
    return root


def traced(healthlake: Command, lake: Path, table: str, key: str) -> dict[str, Any]:
    answer = healthlake("trace", table, key, "--format", "json", "--lake", lake)
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def fates(found: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["dt"], each["fate"], each["line"]) for each in found["deliveries"]]


def test_every_delivery_of_an_id_is_told_with_what_became_of_it(healthlake: Command, lake: Path) -> None:
    found = traced(healthlake, lake, "silver_dim_patient", "p1")
    assert sorted(fates(found)) == [
        ("2026-01-01", "exact copy in drop", 2),
        ("2026-01-01", "superseded", 1),
        ("2026-01-02", "wins", 1),
        ("2026-01-03", "quarantined", 2),
        ("2026-01-03", "re-sent", 1),
    ]
    (row,) = found["current_rows"]
    (winner,) = [each for each in found["deliveries"] if each["fate"] == "wins"]
    assert (row["dt"], row["file_id"], row["entry"]) == ("2026-01-02", winner["file_id"], 0)
    assert winner["version_time"] == winner["last_updated"] == "2025-07-01 00:00:00"
    assert winner["path"] == str(lake / "raw" / "synthea_fhir" / "dt=2026-01-02" / "b.json")
    (aside,) = [each for each in found["deliveries"] if each["fate"] == "quarantined"]
    assert aside["detail"] == "wrong_shape Patient.gender"


def test_history_and_bronze_rows_have_the_same_evidence(healthlake: Command, lake: Path) -> None:
    found = traced(healthlake, lake, "silver_dim_patient", "p1")
    for table in ("silver_patient_history", "bronze_patient"):
        assert traced(healthlake, lake, table, "p1") == found


def test_a_deleted_id_leads_to_the_deletion(healthlake: Command, lake: Path) -> None:
    found = traced(healthlake, lake, "silver_dim_patient", "p2")
    assert (found["current_rows"], fates(found)[-1][1]) == ([], "deletes")
    raw = healthlake("trace", "silver_dim_patient", "p2", "--raw", "--lake", lake)
    assert json.loads(raw.out) == {"request": {"method": "DELETE", "url": "Patient/p2"}}


def test_an_id_that_is_in_quarantine_alone_is_found(healthlake: Command, lake: Path) -> None:
    assert fates(traced(healthlake, lake, "silver_dim_patient", "p4")) == [("2026-01-03", "quarantined", 3)]
    answer = healthlake("trace", "silver_dim_patient", "p4", "--lake", lake)
    assert "no version of it is in silver" in answer.out


def test_the_table_says_the_same_with_the_file_and_its_sha256(healthlake: Command, lake: Path) -> None:
    answer = healthlake("trace", "silver_dim_patient", "p1", "--lake", lake)
    assert answer.code == 0 and "silver_dim_patient: the current row is of 2026-01-02" in answer.out
    found = traced(healthlake, lake, "silver_dim_patient", "p1")
    assert f"sha256   {found['current_rows'][0]['file_id']}" in answer.out
    assert all(each["path"] in answer.out and each["fate"] in answer.out for each in found["deliveries"])
    assert all(Fate(each["fate"]).sentence in answer.out for each in found["deliveries"])


def test_raw_is_the_record_as_delivered_of_the_winner_or_of_a_day(healthlake: Command, lake: Path) -> None:
    answer = healthlake("trace", "silver_dim_patient", "p1", "--raw", "--lake", lake)
    assert json.loads(answer.out) == WINNER and "\n " in answer.out, "pretty-printed, as delivered"
    answer = healthlake("trace", "silver_dim_patient", "p1", "--raw", "--dt", "2026-01-01", "--lake", lake)
    assert answer.out == json.dumps(FIRST) + "\n"
    answer = healthlake("trace", "silver_dim_patient", "p1", "--raw", "--dt", "2026-01-04", "--lake", lake)
    assert answer.code == 2 and "It came on 2026-01-01, 2026-01-02, 2026-01-03" in answer.err


def test_a_component_is_traced_with_its_observation(healthlake: Command, lake: Path) -> None:
    whole = traced(healthlake, lake, "silver_fct_observation_value", "o3")
    assert fates(whole) == [("2026-01-02", "wins", 1)]
    assert traced(healthlake, lake, "silver_fct_observation_value", "o3:0") == whole
    answer = healthlake("trace", "silver_fct_observation_value", "o3:7", "--lake", lake)
    assert answer.code == 2 and "there is no such key" in answer.err


def test_a_collapsed_row_names_the_values_that_it_stands_for(healthlake: Command, lake: Path) -> None:
    found = traced(healthlake, lake, "silver_fct_observation", GRAIN)
    assert [(row["id"], row["index"]) for row in found["sharing"]] == [("o3", -1), ("o1", -1), ("o2", -1)]
    assert fates(found) == [("2026-01-02", "wins", 1)]
    same = GRAIN.replace("T10:00:00Z", "T11:00:00+01:00")
    assert traced(healthlake, lake, "silver_fct_observation", same) == found


def test_a_gold_row_leads_to_the_days_that_it_was_computed_from(healthlake: Command, lake: Path) -> None:
    found = traced(healthlake, lake, "gold_population_summary", "2026-01-02,patients,all,vital_status")
    assert (found["dt"], found["rows"]) == ("2026-01-02", 1)
    inputs = [(each["table"], each["dt"], each["rows"]) for each in found["inputs"]]
    assert inputs == [
        ("silver_patient_history", "2026-01-01", 2),
        ("silver_patient_history", "2026-01-02", 2),
        ("silver_encounter_history", "2026-01-01", 1),
        ("silver_observation_history", "2026-01-01", 2),
        ("silver_observation_history", "2026-01-02", 2),
    ]
    assert "computed from" in healthlake("trace", "gold_population_summary", "2026-01-02", "--lake", lake).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("silver_dim_patent", "p1"), "Did you mean silver_dim_patient?"),
        (("bronze_file", "p1"), "has no rows with a key"),
        (("silver_dim_patient", "SECRET"), "looked at silver_patient_history and silver_quarantine"),
        (("silver_fct_observation", "SECRET"), "expected patient_id,obs_datetime,obs_code"),
        (("silver_fct_observation", "SECRET,yesterday,x"), "the key can't be read"),
        (("silver_fct_observation", "SECRET,2026-01-01T00:00:00Z,x"), "looked at silver_fct_observation,"),
        (("gold_population_summary", "SECRET"), "the key starts with no day"),
        (("gold_population_summary", "2026-01-02,SECRET"), "there is no such row on 2026-01-02"),
        (("gold_population_summary", "2026-01-02", "--raw"), "Trace a row of silver"),
    ],
)
def test_what_is_not_there_is_misuse_and_no_message_repeats_the_key(
    healthlake: Command, lake: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = healthlake("trace", *arguments, "--lake", lake)
    assert answer.code == 2 and said in answer.err and "SECRET" not in answer.err and answer.out == ""


def test_a_lake_that_was_never_materialized_says_so(healthlake: Command, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    answer = healthlake("trace", "silver_dim_patient", "p1", "--lake", tmp_path / "lake")
    assert answer.code == 2 and "no day was ever materialized" in answer.err


def test_raw_that_changed_or_left_is_refused_and_not_named(healthlake: Command, tmp_path: Path) -> None:
    root = tmp_path / "lake"
    with World(root) as world:
        path = world.put_resources(day(1), "Ann_Doe.ndjson", [patient("p1")])
        world.run(day(1))
    path.write_bytes(path.read_bytes().replace(b"female", b"femalE"))
    for _ in range(2):
        answer = healthlake("trace", "silver_dim_patient", "p1", "--raw", "--lake", root)
        assert (answer.code, answer.out) == (1, "")
        assert "raw no longer has what bronze was made from" in answer.err and "Ann" not in answer.err
        if path.exists():
            withdraw(world.layout, ["Ann_Doe.ndjson"], day(1))


def test_silver_that_is_behind_bronze_is_told(healthlake: Command, tmp_path: Path) -> None:
    root = tmp_path / "lake"
    with World(root) as world:
        world.put_resources(day(1), "a.ndjson", [patient("p1")])
        world.run(day(1))
        newer = patient("p1", meta={"lastUpdated": "2026-06-01T00:00:00Z"})
        world.put_resources(day(1), "b.ndjson", [newer])
        assert not world.bronze(day(1)).faults
    found = traced(healthlake, root, "silver_dim_patient", "p1")["deliveries"]
    assert sorted(each["fate"] for each in found) == ["not in silver", "wins"]
