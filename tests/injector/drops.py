"""The clean base: the demo's three drops, taken apart so that defects can be put in, and written back.

What silver has tables for is kept, and what it refers to: claims and notes would cost time, and no rule
looks at them. On the third day every other patient comes as files of a Bulk Data export, so that lines and
manifests can be spoilt too.
"""

from __future__ import annotations

import datetime
import functools
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.world import World, day

DEMO = Path(__file__).resolve().parents[2] / "demo" / "drops"
DAYS = (day(1), day(2), day(3))
LAST = DAYS[-1]
TREND_DAYS = 10

_KEPT = {
    "Patient",
    "Encounter",
    "Observation",
    "Organization",
    "Location",
    "Practitioner",
    "PractitionerRole",
}
_EXPORTED = ("Patient", "Encounter", "Observation")
_REFERENCES = {"subject": "Patient", "encounter": "Encounter"}

Damage = Callable[[bytes], bytes]


@dataclass(eq=False, slots=True)
class Record:
    """A resource in a file. `damage` spoils its bytes; only a line of NDJSON can be spoilt alone."""

    file: DropFile
    resource: dict[str, Any]
    envelope: dict[str, Any] = field(default_factory=dict)
    damage: Damage | None = None
    is_taken: bool = False

    @property
    def type(self) -> str:
        return str(self.resource.get("resourceType"))


@dataclass(eq=False, slots=True)
class DropFile:
    """A file of a drop: a Bundle, or NDJSON that a manifest lists. `miscounted` is what the manifest's count
    is off by; `file_id` is known once the file is written."""

    day: datetime.date
    name: str
    records: list[Record]
    is_bundle: bool
    damage: Damage | None = None
    is_lost: bool = False
    miscounted: int = 0
    file_id: str = ""
    copies: list[str] = field(default_factory=list)

    def content(self) -> bytes:
        """The uncompressed file."""
        if self.is_bundle:
            entries = [{**each.envelope, "resource": each.resource} for each in self.records]
            return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
        lines = [(each, json.dumps(each.resource).encode()) for each in self.records]
        return b"".join((each.damage(line) if each.damage else line) + b"\n" for each, line in lines)

    def write(self, world: World) -> None:
        content = self.content()
        stored = gzip.compress(content, compresslevel=1, mtime=0) if self.name.endswith(".gz") else content
        if self.damage:
            stored = self.damage(stored)
        self.file_id = hashlib.sha256(stored if self.damage else content).hexdigest()
        if not self.is_lost:
            for name in (self.name, *self.copies):
                world.put(self.day, name, stored)


Position = tuple[str, int, int]


def position(record: Record) -> Position:
    """File, line and entry, as the tables give them; once the file is written."""
    place = record.file.records.index(record)
    return (record.file.file_id, 1, place) if record.file.is_bundle else (record.file.file_id, place + 1, -1)


def clean_drops() -> list[DropFile]:
    """All files of the base."""
    files = []
    for on in DAYS:
        for number, (name, entries) in enumerate(_demo(on), 1):
            if on == LAST and number % 2 and entries[0]["resource"]["resourceType"] == "Patient":
                files += _exported(on, number, entries)
            else:
                files.append(_bundled(on, name, entries))
    return files


def clean_weeks() -> list[DropFile]:
    """The last drop on each of ten days: what rules about trends need."""
    days = [LAST - datetime.timedelta(back) for back in range(TREND_DAYS - 1, -1, -1)]
    return [_bundled(on, name, entries) for on in days for name, entries in _demo(LAST)]


def write(files: list[DropFile], world: World) -> None:
    """Writes every file, and the manifest of those that are an export."""
    for file in files:
        file.write(world)
    output = [
        {
            "type": file.name.split("/")[-1].split(".")[0],
            "url": f"https://fhir.example/{file.name.split('/')[-1]}",
            "count": len(file.records) + file.miscounted,
        }
        for file in files
        if not file.is_bundle
    ]
    if not output:
        return
    manifest = {"transactionTime": "2026-01-03T00:00:00Z", "request": "https://fhir.example/$export"}
    told = {**manifest, "requiresAccessToken": False, "output": output, "error": []}
    world.put(LAST, "export/manifest.json", json.dumps(told).encode())


def _demo(on: datetime.date) -> list[tuple[str, list[dict[str, Any]]]]:
    """Name and entries of each file of the day's drop, made anew."""
    found = []
    for name, content in _read(on):
        entries = json.loads(content)["entry"]
        kept = [entry for entry in entries if entry["resource"]["resourceType"] in _KEPT]
        found.append((name, kept))
    return found


@functools.cache
def _read(on: datetime.date) -> list[tuple[str, bytes]]:
    return [(path.name, gzip.decompress(path.read_bytes())) for path in sorted((DEMO / f"dt={on}").iterdir())]


def _bundled(on: datetime.date, name: str, entries: list[dict[str, Any]]) -> DropFile:
    file = DropFile(on, name, [], True)
    for entry in entries:
        resource = entry.pop("resource")
        file.records.append(Record(file, resource, entry))
    return file


def _exported(on: datetime.date, number: int, entries: list[dict[str, Any]]) -> list[DropFile]:
    files = []
    for resource_type in _EXPORTED:
        file = DropFile(on, f"export/{resource_type}.{number}.ndjson", [], False)
        for entry in entries:
            if (resource := entry["resource"])["resourceType"] == resource_type:
                file.records.append(Record(file, _with_relative_references(resource)))
        if file.records:
            files.append(file)
    return files


def _with_relative_references(resource: dict[str, Any]) -> dict[str, Any]:
    """Without a Bundle no `urn:uuid:` means anything."""
    for name, target in _REFERENCES.items():
        if name in resource:
            resource[name]["reference"] = resource[name]["reference"].replace("urn:uuid:", f"{target}/")
    return resource
