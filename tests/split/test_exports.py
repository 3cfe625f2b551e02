"""Bulk Data exports in a drop: what a manifest says of the files in its folder and below."""

from __future__ import annotations

import gzip
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from healthlake.checks.families import _EXPORT_FILE_MISSING
from healthlake.split import Reason
from healthlake.split.lines import BOM
from healthlake.split.manifest import HEAD_BYTES, file_name, read_manifest
from tests.split.drops import (
    DELETION,
    FILE,
    QUARANTINE,
    Rows,
    assert_conserved,
    bundle,
    deleted,
    dumped,
    file,
    patient,
    resources,
    split,
)
from tests.split.test_pieces import ordered, split_in_pieces

BASE = "https://ehr.example.org/bulk/77/"
TIME, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
DELETES_1 = dumped(bundle([deleted("Patient/1")]))
DELETES_2 = dumped(bundle([deleted("Patient/2")]))


def manifest(time: Any = TIME, **members: Any) -> bytes:
    start = {"transactionTime": time, "request": BASE, "requiresAccessToken": False}
    return dumped({**start, "output": [], "error": [], **members}, indent=1)


def listed(name: str, count: Any = None, **members: Any) -> dict[str, Any]:
    return {"type": "Patient", "url": BASE + name, **({} if count is None else {"count": count}), **members}


def split_both_ways(drop: Mapping[str, bytes]) -> Rows:
    """As `split`; the same in pieces."""
    rows = split(drop)
    chance = random.Random(5)  # noqa: S311 - an order of pieces
    pieces, _ = split_in_pieces([file(*item) for item in drop.items()], 40, chance)
    assert ordered(pieces) == ordered(rows)
    assert_conserved(rows)
    return rows


def times(rows: Rows) -> dict[str, str | None]:
    """When each resource was deleted."""
    found = {row["resource_id"]: row["deleted_datetime"] for row in rows[DELETION]}
    return {name: time and time.isoformat() for name, time in found.items()}


def expected(rows: Rows) -> dict[str, int | None]:
    return {row["path"]: row["expected_entries"] for row in rows[FILE] if row["kind"] != "manifest"}


def faults(rows: Rows) -> list[tuple[str, str | None]]:
    return sorted((row["reason"], row["detail"]) for row in rows[QUARANTINE])


def test_a_deletion_has_the_time_of_its_response_then_its_bundle_then_its_manifest() -> None:
    answered = deleted("Patient/1", response={"lastModified": "2025-12-31T23:00:00Z"})
    lines = [
        dumped(bundle([answered, deleted("Patient/2")], timestamp="2025-12-31T22:00:00Z")),
        dumped(bundle([deleted("Patient/3")], timestamp="yesterday")),
        dumped(bundle([deleted("Patient/4")])),
    ]
    rows = split_both_ways({"m.json": manifest(), "deleted/1.ndjson": b"\n".join(lines)})
    assert times(rows) == {
        "1": "2025-12-31T23:00:00",
        "2": "2025-12-31T22:00:00",
        "3": "2026-01-01T00:00:00",
        "4": "2026-01-01T00:00:00",
    }
    assert [row["unreadable_times"] for row in rows[FILE]] == [1, 0]


def test_a_manifest_is_a_file_of_its_kind_without_entries() -> None:
    (row,) = split_both_ways({"any name.JSON.gz": gzip.compress(BOM + manifest())})[FILE]
    assert (row["kind"], row["entries"], row["expected_entries"]) == ("manifest", 0, None)


def test_a_manifest_speaks_for_its_folder_and_below_until_another_one_does() -> None:
    rows = split_both_ways(
        {
            "a/manifest.json": manifest(),
            "a/b/c/deleted/1.ndjson": DELETES_1,
            "a/b/d/manifest.json": manifest(LATER),
            "a/b/d/deleted/2.ndjson": DELETES_2,
            "deleted/3.ndjson": dumped(bundle([deleted("Patient/3")])),
        }
    )
    assert times(rows) == {"1": "2026-01-01T00:00:00", "2": "2026-01-02T00:00:00", "3": None}


def test_pages_of_one_export_each_speak_for_what_they_list() -> None:
    rows = split_both_ways(
        {
            "1.json": manifest(deleted=[listed("d/1.ndjson")]),
            "2.json": manifest(LATER, deleted=[listed("d/2.ndjson")]),
            "deleted/1.ndjson": DELETES_1,
            "deleted/2.ndjson": DELETES_2,
            "deleted/3.ndjson": dumped(bundle([deleted("Patient/3")])),
        }
    )
    assert times(rows) == {"1": "2026-01-01T00:00:00", "2": "2026-01-02T00:00:00", "3": None}
    assert faults(rows) == []


@pytest.mark.parametrize(
    "path",
    ["Patient.ndjson", "Patient.ndjson.gz", "deep/er/Patient.ndjson", "Patient.jsonl"],
)
@pytest.mark.parametrize(
    "url", ["Patient.ndjson", "Patient.ndjson.gz", "Patient?sig=a/b", "%50atient.ndjson#x"]
)
def test_a_listed_file_is_found_by_the_last_part_of_its_url(path: str, url: str) -> None:
    content = b"\n".join(map(dumped, (patient("1"), patient("2"))))
    packed = gzip.compress(content) if path.endswith(".gz") else content
    rows = split_both_ways({"manifest.json": manifest(output=[listed(url, 3)]), path: packed})
    assert expected(rows) == {path: 3}
    assert faults(rows) == []


def test_files_of_one_name_are_told_by_the_folder_of_their_section() -> None:
    name = "Patient.ndjson"
    told = manifest(
        output=[listed(name, 5)], deleted=[listed(f"deleted/{name}", 1)], error=[listed(f"error/{name}", 2)]
    )
    drop = {name: dumped(patient("1")), f"deleted/{name}": DELETES_1, f"error/{name}": dumped({"id": 5})}
    rows = split_both_ways({"manifest.json": told, **drop})
    assert expected(rows) == {name: 5, f"deleted/{name}": None, f"error/{name}": 2}
    assert faults(split_both_ways({"manifest.json": told, f"deleted/{name}": DELETES_1})) == [
        ("export_file_missing", "error[0]"),
        ("export_file_missing", "output[0]"),
    ]


def test_deleted_and_error_files_may_lie_beside_the_output() -> None:
    told = manifest(output=[listed("1", 1)], deleted=[listed("2")], error=[listed("3", 1)])
    outcome = dumped({"resourceType": "OperationOutcome"})
    drop = {"1.ndjson": dumped(patient("1")), "2.ndjson": DELETES_1, "3.ndjson": outcome}
    rows = split_both_ways({"manifest.json": told, **drop})
    assert faults(rows) == [("export_error", "id: expected string")]
    assert times(rows) == {"1": "2026-01-01T00:00:00"}


def test_a_file_is_one_listed_file_only() -> None:
    told = manifest(output=[listed("a/1.ndjson", 1), listed("b/1.ndjson", 2)])
    rows = split_both_ways({"manifest.json": told, "1.ndjson": dumped(patient("1"))})
    assert expected(rows) == {"1.ndjson": 1}
    assert faults(rows) == [("export_file_missing", "output[1]")]


def test_equal_manifests_in_two_folders_each_miss_their_own_files() -> None:
    told = manifest(output=[listed("1.ndjson", 1), listed("2.ndjson", 1)])
    one, two = dumped(patient("1")), dumped(patient("2"))
    rows = split_both_ways(
        {"a/m.json": told, "b/m.json": told, "a/1.ndjson": one, "b/1.ndjson": one, "b/2.ndjson": two}
    )
    assert faults(rows) == [("export_file_missing", "output[1]")]
    assert expected(rows) == {"a/1.ndjson": 1, "b/1.ndjson": 1, "b/2.ndjson": 1}
    assert [row["is_repeat"] for row in rows[FILE] if row["kind"] == "manifest"] == [False, True]


@pytest.mark.parametrize(
    ("members", "details"),
    [
        ({"time": 5}, ["transactionTime: expected instant"]),
        ({"time": "2026-01-01"}, ["transactionTime: expected instant"]),
        ({"time": None, "output": None}, ["expected transactionTime and output"]),
        ({"output": 5, "deleted": "x"}, ["deleted: expected array", "output: expected array"]),
        ({"output": [5]}, ["output[0]: expected object"]),
        ({"output": [None, {}]}, ["output[0]: expected object", "output[1].url: expected string"]),
        ({"error": [{"url": 5, "count": "x"}]}, ["error[0].url: expected string"]),
        ({"output": [listed("1", -1)]}, ["output[0].count: expected unsigned integer"]),
        ({"output": [listed("1", 1.5)]}, ["output[0].count: expected unsigned integer"]),
    ],
)
def test_what_is_wrong_in_a_manifest_costs_its_own_effect(
    members: dict[str, Any], details: Sequence[str]
) -> None:
    told = manifest(**{"deleted": [listed("2")], **members})
    rows = split_both_ways({"m.json": told, "1.ndjson": dumped(patient("1")), "2.ndjson": DELETES_2})
    assert sorted(details) == [detail for _, detail in faults(rows)]
    assert {reason for reason, _ in faults(rows)} == {"invalid_manifest"}
    assert times(rows) == {"2": None if "time" in members else "2026-01-01T00:00:00"}
    assert len(resources(rows)) == 1


def test_of_two_members_of_one_name_in_a_manifest_the_first_counts() -> None:
    told = b'{"transactionTime": "%b", "output": [], "transactionTime": "%b"}' % (
        TIME.encode(),
        LATER.encode(),
    )
    rows = split_both_ways({"m.json": told, "1.ndjson": DELETES_1})
    assert times(rows) == {"1": "2026-01-01T00:00:00"}
    assert faults(rows) == [("invalid_manifest", "an object has two members of one name")]


@pytest.mark.parametrize(
    "content",
    [
        manifest()[:-2],
        manifest() + b"\n5",
        b"[" + manifest() + b"]",
        manifest().replace(b"https", b"\\ud800"),
        manifest(resourceType="Patient"),
        dumped({"output": [], "deleted": []}),
        dumped({"x": 1, "transactionTime": TIME, "output": []}),
    ],
)
def test_what_is_no_manifest_is_read_as_any_file(content: bytes) -> None:
    assert read_manifest(content) is None
    rows = split_both_ways({"manifest.json": content, "1.ndjson": DELETES_1})
    assert times(rows) == {"1": None}
    assert rows[FILE][1]["kind"] == "unreadable"
    assert len(faults(rows)) in (1, 2)


@pytest.mark.parametrize("space", [0, HEAD_BYTES - 50, HEAD_BYTES + 1])
def test_the_head_tells_a_manifest_however_it_is_packed(space: int) -> None:
    content = b" " * space + manifest()
    members = b"".join(gzip.compress(content[at : at + 7]) for at in range(0, len(content), 7))
    for path, written in {"m.json": content, "m.json.gz": gzip.compress(content), "n.json": members}.items():
        rows = split_both_ways({path: written, "1.ndjson": DELETES_1})
        assert times(rows) == {"1": None if space > HEAD_BYTES else "2026-01-01T00:00:00"}


def test_a_torn_packed_manifest_is_none() -> None:
    rows = split_both_ways({"m.json.gz": gzip.compress(manifest())[:-8], "1.ndjson": DELETES_1})
    assert times(rows) == {"1": None}
    assert {reason for reason, _ in faults(rows)} >= {"truncated_gzip"}


def test_a_time_that_is_no_instant_is_absent_and_counted() -> None:
    lines = [
        patient("1", meta={"lastUpdated": "yesterday"}),
        patient("2", meta={"lastUpdated": "2026-01-01"}),
        patient("3", meta={"lastUpdated": None}),
        patient("4", meta={"lastUpdated": TIME}),
        bundle([deleted("Patient/5", response={"lastModified": "never"})]),
        bundle([deleted("Patient/6", response={"lastModified": "never"})], timestamp=TIME),
        bundle([deleted("Patient/7", response={"lastModified": TIME})], timestamp="never"),
        bundle([deleted("Patient/8")], timestamp="never"),
    ]
    content = b"\n".join(map(dumped, lines))
    rows = split_both_ways({"a.ndjson": content, "b.ndjson": content})
    assert [row["unreadable_times"] for row in rows[FILE]] == [5, 0]
    assert [row["last_updated"] is None for row in resources(rows)] == [True, True, True, False]


def test_the_name_of_a_file_is_its_last_part_without_endings() -> None:
    assert file_name("a/b.c/1.Patient.NDJSON.gz") == "1.Patient"
    assert file_name("7f3") == "7f3"
    assert file_name("") == ""


def test_the_check_names_the_reason_as_the_splitter_does() -> None:
    assert _EXPORT_FILE_MISSING == Reason.EXPORT_FILE_MISSING
