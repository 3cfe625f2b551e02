"""A day: order, repeats, batches, progress, and what is raised."""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
from typing import BinaryIO

import pyarrow as pa
import pytest

from healthlake.contracts.model import ColumnType
from healthlake.contracts.registry import BRONZE_TABLES, BRONZE_TYPES
from healthlake.split import (
    FileNotReadable,
    SourceFile,
    SplitFailed,
    SplitProgress,
    arrow_schema,
    split_day,
)
from healthlake.split.record import RecordReader
from tests.split.drops import (
    DAY,
    FILE,
    QUARANTINE,
    assert_conserved,
    bundle,
    deleted,
    dumped,
    file,
    patient,
    posted,
    resources,
    split,
)

P1 = dumped(patient("1"))


def test_a_day_without_files_has_an_empty_bronze_file() -> None:
    batches = list(split_day([], DAY, BRONZE_TYPES))
    assert [(table, batch.num_rows) for table, batch in batches] == [(FILE, 0)]


def test_batches_have_the_schema_of_their_contract() -> None:
    contracts = {contract.name: contract for contract in BRONZE_TABLES}
    resources_ = [
        patient("1"),
        {**patient("2"), "resourceType": "Encounter"},
        {**patient("3"), "resourceType": "X"},
    ]
    content = dumped(bundle([*map(posted, resources_), {**patient("4"), "resourceType": "Observation"}]))
    content_2 = dumped(
        bundle([posted({**patient("4"), "resourceType": "Observation"}), deleted("Patient/1")])
    )
    seen = set()
    for table, batch in split_day([file("a.json", content), file("b.json", content_2)], DAY, BRONZE_TYPES):
        assert batch.schema == arrow_schema(contracts[table])
        batch.validate(full=True)
        assert set(batch.column("dt").to_pylist()) == {DAY}
        seen.add(table)
    assert seen == set(contracts)


def test_every_column_type_has_an_arrow_type() -> None:
    from healthlake.split.batches import _ARROW

    assert set(_ARROW) == set(ColumnType)


def test_a_row_says_where_its_resource_lies() -> None:
    content = b"\n" + dumped(bundle([posted(patient("1")), posted(patient("2", gender="male"))]), indent=2)
    canonical = '{"gender":"male","id":"2","resourceType":"Patient"}'
    assert resources(split({"a.json": content}))[1] == {
        "dt": DAY,
        "file_id": hashlib.sha256(content).hexdigest(),
        "line": 2,
        "entry": 1,
        "resource_type": "Patient",
        "resource_id": "2",
        "last_updated": None,
        "content_hash": hashlib.sha256(canonical.encode()).hexdigest(),
        "resource_bytes": len(canonical),
        "shape_error": None,
        "local_references": None,
        "resource": canonical,
    }


def test_files_with_one_content_are_split_once() -> None:
    rows = split({"b.json": P1, "a.json": P1, "c.ndjson": P1, "0.xml": P1})
    assert [(row["path"], row["is_repeat"], row["kind"], row["entries"]) for row in rows[FILE]] == [
        ("0.xml", True, "resource", 0),
        ("a.json", False, "resource", 1),
        ("b.json", True, "resource", 0),
        ("c.ndjson", True, "resource", 0),
    ]
    assert len(resources(rows)) == 1
    assert_conserved(rows)


def test_of_empty_files_the_one_that_must_not_be_empty_is_told() -> None:
    rows = split({"a.ndjson": b"", "b.json": b"", "c.json": b""})
    assert [(row["path"], row["is_repeat"], row["quarantined"]) for row in rows[FILE]] == [
        ("a.ndjson", True, 0),
        ("b.json", False, 1),
        ("c.json", True, 0),
    ]
    assert_conserved(rows)


def test_the_order_of_files_makes_no_difference() -> None:
    drop = {f"{name}.{ending}": dumped(patient(name)) for name in "cab" for ending in ("json", "ndjson")}
    drop["x.json"] = b"5"
    forwards, backwards = split(drop), split(dict(reversed(drop.items())))
    assert forwards == backwards
    assert [row["path"] for row in forwards[FILE]] == sorted(drop)


def test_batches_are_given_as_they_fill_and_hold_the_same_rows() -> None:
    lines = b"\n".join(dumped(patient(str(number))) for number in range(100)) + b"\n5"
    drop = [
        file("a.ndjson", lines),
        file("b.json", dumped(bundle([posted(patient(str(i))) for i in range(50)]))),
    ]
    whole = dict(split_day(drop, DAY, BRONZE_TYPES))
    parts = list(split_day(drop, DAY, BRONZE_TYPES, batch_bytes=3000))
    assert parts[-1][0] == FILE
    assert len(parts) > 10
    for table, batch in whole.items():
        given = [part for name, part in parts if name == table]
        assert pa.Table.from_batches(given).combine_chunks() == pa.Table.from_batches([batch])


def test_progress_grows_to_the_size_of_the_drop() -> None:
    drop = [file("a.ndjson", b"\n".join([P1] * 3000)), file("b.json", P1), file("c.json", P1)]
    heard: list[SplitProgress] = []
    list(split_day(drop, DAY, BRONZE_TYPES, progress=heard.append))
    assert heard[-1] == SplitProgress(3, sum(each.size_bytes for each in drop), 3001)
    for before, after in itertools.pairwise(heard):
        assert before.bytes <= after.bytes
        assert before.entries <= after.entries
    assert len(heard) > 4


def _missing() -> BinaryIO:
    raise FileNotFoundError(2, "No such file", "/raw/Carroll471_O'Hara248.json")


class _Torn(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error", "/raw/Carroll471_O'Hara248.json")


@pytest.mark.parametrize("opened", [_missing, _Torn])
def test_a_file_that_raw_cannot_give_stops_the_day_without_naming_it(opened: object) -> None:
    broken = SourceFile("Carroll471_O'Hara248.json", 5, opened)  # type: ignore[arg-type]  # stands in for a stream
    with pytest.raises(FileNotReadable) as caught:
        list(split_day([file("a.json", P1), broken], DAY, BRONZE_TYPES))
    assert "Carroll" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_error_of_the_splitter_itself_quotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: RecordReader, raw: bytes) -> None:
        raise TypeError(f"can't read {raw!r}")

    monkeypatch.setattr(RecordReader, "read", fail)
    with pytest.raises(SplitFailed) as caught:
        list(split_day([file("Carroll471.ndjson", P1)], DAY, BRONZE_TYPES))
    assert "Patient" not in str(caught.value)
    assert "Carroll" not in str(caught.value)
    assert "file_id" in str(caught.value)


def test_a_name_that_is_no_utf8_still_has_a_row() -> None:
    path = b"J\xe9r\xf4me.json".decode("utf-8", "surrogateescape")
    assert split({path: P1})[FILE][0]["path"] == r"J\xe9r\xf4me.json"


def test_types_without_a_table_go_to_other_and_are_not_shape_checked() -> None:
    rows = split({"a.json": dumped({"resourceType": "Claim", "id": "1", "status": 5})})
    assert rows["bronze_other"][0]["shape_error"] is None
    rows_of_none = [
        batch for table, batch in split_day([file("a.json", P1)], DAY, {}) if table == "bronze_other"
    ]
    assert rows_of_none[0].column("resource_type").to_pylist() == ["Patient"]


def test_a_bundle_inside_a_bundle_is_a_resource() -> None:
    inner = {"id": "b", **bundle([posted(patient("1"))])}
    rows = split({"a.json": dumped(bundle([{"resource": inner}]))})
    assert [(row["resource_type"], row["resource_id"]) for row in resources(rows)] == [("Bundle", "b")]


def test_deletions_have_the_best_time_there_is() -> None:
    entries = [
        deleted("Patient/1", response={"lastModified": "2026-01-02T00:00:00+01:00"}),
        deleted("https://fhir.example/r4/Patient/2"),
        deleted("/Patient/3", response={"lastModified": "yesterday"}),
    ]
    rows = split({"a.json": dumped(bundle(entries, timestamp="2026-01-03T00:00:00Z"))})["bronze_deletion"]
    assert [(row["resource_type"], row["resource_id"], row["deleted_datetime"]) for row in rows] == [
        ("Patient", "1", datetime.datetime(2026, 1, 1, 23)),
        ("Patient", "2", datetime.datetime(2026, 1, 3)),
        ("Patient", "3", datetime.datetime(2026, 1, 3)),
    ]
    assert len({row["content_hash"] for row in rows}) == 3
    untimed = split({"a.json": dumped(bundle([deleted("Patient/1")]))})
    assert untimed["bronze_deletion"][0]["deleted_datetime"] is None


def test_a_bundle_in_ndjson_as_of_bulk_data_deletes() -> None:
    line = dumped(bundle([deleted("Patient/1"), deleted("Patient/2")]))
    rows = split({"deleted/Patient.ndjson": P1 + b"\n" + line + b"\n"})
    assert [(row["line"], row["entry"]) for row in rows["bronze_deletion"]] == [(2, 0), (2, 1)]
    assert not rows[QUARANTINE]
