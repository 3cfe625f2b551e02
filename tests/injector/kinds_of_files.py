"""Defects of files, lines and drops, and versions that fight each other."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable

from tests.injector.drops import DAYS, LAST, Damage, DropFile, Record
from tests.injector.lab import LEAST, Injected, Kind, Lab, each

_OLD = "2020-01-01T00:00:00Z"
_OLDER = "2019-01-01T00:00:00Z"


def _lines(damage: Damage) -> Callable[[Lab], Injected]:
    """Spoils lines of NDJSON."""

    def inject(lab: Lab) -> Injected:
        chosen = lab.take("Encounter", lambda record: not record.file.is_bundle)
        for record in chosen:
            record.damage = damage
        return chosen

    return inject


def _files(change: Callable[[DropFile], None], are_bundles: bool, of: str = "") -> Callable[[Lab], Injected]:
    """Spoils files of the last day: Bundles, or files of the export, those of a type if one is named."""

    def inject(lab: Lab) -> Injected:
        chosen = lab.take_files(lambda file: file.is_bundle is are_bundles and of in file.name)
        for file in chosen:
            change(file)
        return chosen

    return inject


def _cut(file: DropFile) -> None:
    file.damage = lambda stored: stored[: len(stored) * 2 // 3]


def _misnamed(file: DropFile) -> None:
    file.name += ".part"


def _lost(file: DropFile) -> None:
    file.is_lost = True


def _miscounted(file: DropFile) -> None:
    file.miscounted = 1


def _twice(file: DropFile) -> None:
    file.copies.append(f"again/{file.name}")


def _missing_days(lab: Lab) -> Injected:
    missing = [LAST + datetime.timedelta(days) for days in range(1, LEAST + 1)]
    lab.days += missing
    return missing


def _copies(change: Callable[[Record, Record], object]) -> Callable[[Lab], Injected]:
    """A second record of the same id beside the first; `change` makes them differ."""

    def inject(lab: Lab) -> Injected:
        added = []
        for record in lab.take("Observation"):
            added.append(lab.add(record, copy.deepcopy(record.resource)))
            change(record, added[-1])
        return added

    return inject


def _is_older(first: Record, second: Record) -> None:
    first.resource["meta"] = {"lastUpdated": _OLD}
    second.resource.update(meta={"lastUpdated": _OLDER}, status="preliminary")


def _from_earlier(lab: Lab, resource_type: str) -> list[tuple[Record, Record]]:
    """Records that the first two drops have alike and the last doesn't: those of the first and second."""
    first, second, last = (
        {record.resource["id"]: record for record in lab.records(resource_type, day)} for day in DAYS
    )
    same = [i for i in first if i in second and i not in last and first[i].resource == second[i].resource]
    return [(first[i], second[i]) for i in lab.random.sample(sorted(same), LEAST)]


def _sent_again(lab: Lab) -> Injected:
    (beside,) = lab.random.sample([f for f in lab.files if f.day == LAST and f.is_bundle], 1)
    return [
        lab.add(beside.records[0], copy.deepcopy(early.resource))
        for early, _ in _from_earlier(lab, "Encounter")
    ]


def _late(lab: Lab) -> Injected:
    added = _sent_again(lab)
    for record in added:
        assert isinstance(record, Record)
        record.resource.update(meta={"lastUpdated": _OLD}, language="en")
    return added


def _reverted(lab: Lab) -> Injected:
    (beside,) = lab.random.sample([f for f in lab.files if f.day == LAST and f.is_bundle], 1)
    added = []
    for early, later in _from_earlier(lab, "Observation"):
        added.append(lab.add(beside.records[0], copy.deepcopy(early.resource)))
        later.resource["status"] = "amended"
    return added


KINDS_OF_FILES: tuple[Kind, ...] = (
    Kind(
        "line cut short",
        "A line of NDJSON ends in the middle.",
        "files",
        _lines(lambda line: line[: len(line) // 2]),
        ("quarantine invalid_json", "quarantine truncated_json"),
        structural=True,
    ),
    Kind(
        "invalid UTF-8",
        "A letter of a line is the byte FF.",
        "files",
        _lines(lambda line: line.replace(b'"finished"', b'"fini\xffshed"')),
        ("quarantine invalid_utf8",),
        structural=True,
    ),
    Kind(
        "member twice",
        "A line has two members `status`.",
        "files",
        _lines(lambda line: line[:-1] + b', "status": "planned"}'),
        ("quarantine duplicate_key",),
        structural=True,
    ),
    Kind(
        "gzip cut short",
        "The last third of a .json.gz file is missing.",
        "files",
        _files(_cut, are_bundles=True),
        ("quarantine truncated_gzip",),
        structural=True,
    ),
    Kind(
        "export file lost",
        "A file that the manifest of the export lists is not there.",
        "files",
        _files(_lost, are_bundles=False),
        ("quarantine export_file_missing",),
        structural=True,
        counted=True,
    ),
    Kind(
        "missing day",
        "A day has no drop.",
        "files",
        _missing_days,
        ("T04.bronze_file",),
        structural=True,
        counted=True,
    ),
    Kind(
        "file of unknown type",
        "A file's name ends in .part.",
        "files",
        _files(_misnamed, are_bundles=True),
        ("quarantine unknown_file_type",),
        structural=True,
    ),
    Kind(
        "wrong count in the manifest",
        "The manifest counts one resource more than the file has.",
        "days",
        _files(_miscounted, are_bundles=False, of="Observation"),
        ("T06",),
        structural=True,
        counted=True,
    ),
    Kind(
        "file twice",
        "A file lies in the drop a second time under another name.",
        "days",
        _files(_twice, are_bundles=True),
        ("B01", "bronze_file is_repeat"),
        structural=True,
        counted=True,
    ),
    Kind(
        "exact copy",
        "A resource is in the drop twice.",
        "days",
        _copies(lambda first, second: None),
        ("silver_observation_history exact",),
        structural=True,
        counted=True,
    ),
    Kind(
        "older version",
        "An older version, by meta.lastUpdated, is in the drop too.",
        "days",
        _copies(_is_older),
        ("silver_observation_history superseded",),
        structural=True,
        counted=True,
    ),
    Kind(
        "conflict",
        "Two contents of an id, neither newer, are in one drop.",
        "days",
        _copies(lambda first, second: second.resource.update(status="amended")),
        ("silver_observation_history conflicts",),
        structural=True,
        counted=True,
    ),
    Kind(
        "sent again",
        "A drop repeats resources of an earlier one unchanged.",
        "days",
        _sent_again,
        ("silver_encounter_history re_sent",),
        structural=True,
        counted=True,
    ),
    Kind(
        "late",
        "A drop brings a version older than one of an earlier drop.",
        "days",
        _late,
        ("silver_encounter_history late",),
        structural=True,
        counted=True,
    ),
    Kind(
        "back to an earlier state",
        "A is sent, then B, then A again, without times.",
        "days",
        _reverted,
        ("silver_observation_history reverted",),
        structural=True,
        counted=True,
    ),
    Kind(
        "unreadable version time",
        "meta.lastUpdated is `yesterday`.",
        "days",
        each("Observation", lambda r: r.update(meta={"lastUpdated": "yesterday"})),
        ("T07",),
        structural=True,
        counted=True,
    ),
)
