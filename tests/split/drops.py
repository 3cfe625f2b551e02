"""Builds drops in memory, splits them and says in short what came out."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.split import SourceFile, split_day

DAY = datetime.date(2026, 1, 1)
QUARANTINE, DELETION, FILE = "bronze_quarantine", "bronze_deletion", "bronze_file"

Rows = dict[str, list[dict[str, Any]]]


def file(path: str, content: bytes) -> SourceFile:
    return SourceFile(path, len(content), lambda: io.BytesIO(content))


def split(files: Mapping[str, bytes], **options: Any) -> Rows:
    """Table -> its rows. Every table is there, also without rows."""
    rows: Rows = {name: [] for name in (*BRONZE_TYPES.values(), "bronze_other", DELETION, QUARANTINE, FILE)}
    for table, batch in split_day([file(*item) for item in files.items()], DAY, BRONZE_TYPES, **options):
        rows[table].extend(batch.to_pylist())
    return rows


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["line"], row["entry"]


def resources(rows: Rows) -> list[dict[str, Any]]:
    """The rows of all resource tables in the order of their positions."""
    tables = [name for name in rows if name not in (DELETION, QUARANTINE, FILE)]
    return sorted((row for table in tables for row in rows[table]), key=_place)


def outcomes(rows: Rows, content: bytes) -> list[tuple[Any, ...]]:
    """What came of one file, by position: ("resource", line, entry, "Type/id"), ("deletion", line, entry,
    "Type/id") or ("fault", line, entry, reason, the bytes that were set aside)."""
    found: list[tuple[Any, ...]] = []
    for kind, of_kind in (("resource", resources(rows)), ("deletion", rows[DELETION])):
        found += [(kind, *_place(row), f"{row['resource_type']}/{row['resource_id']}") for row in of_kind]
    for row in rows[QUARANTINE]:
        start, end = row["byte_offset"], row["byte_offset"] + row["byte_length"]
        assert 0 <= start <= end <= len(content)
        found.append(("fault", *_place(row), row["reason"], content[start:end]))
    return sorted(found, key=lambda outcome: outcome[1:3])


def dumped(value: Any, **options: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, **options).encode()


def patient(resource_id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": resource_id, **elements}


def posted(resource: dict[str, Any]) -> dict[str, Any]:
    """An entry as Synthea writes it."""
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


def deleted(url: str, **members: Any) -> dict[str, Any]:
    return {"request": {"method": "DELETE", "url": url}, **members}


def bundle(entries: Sequence[Any], **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", **members, "entry": entries}


def assert_conserved(rows: Rows) -> None:
    """For each file: entries = resources + deletions + quarantined, and as many rows with its file_id."""
    for row in rows[FILE]:
        assert row["entries"] == row["resources"] + row["deletions"] + row["quarantined"]
        if row["is_repeat"]:
            assert row["entries"] == 0
            continue
        of_file = {
            table: sum(other["file_id"] == row["file_id"] for other in others)
            for table, others in rows.items()
        }
        assert row["deletions"] == of_file.pop(DELETION)
        assert row["quarantined"] == of_file.pop(QUARANTINE)
        assert of_file.pop(FILE) >= 1
        assert row["resources"] == sum(of_file.values())
    positions = [(row["file_id"], row["line"], row["entry"]) for row in resources(rows)]
    assert len(set(positions)) == len(positions)
    faults = [(row["file_id"], row["line"], row["entry"], row["byte_offset"]) for row in rows[QUARANTINE]]
    assert len(set(faults)) == len(faults)
