"""Defects of patients, and jumps of a whole day."""

from __future__ import annotations

import copy
from collections.abc import Callable

from healthlake.contracts.silver import RESOURCE_TYPES
from tests.injector.changes import moved
from tests.injector.drops import DAYS, LAST, Record
from tests.injector.lab import Injected, Kind, Lab, Resource, patient_id

_SECOND = DAYS[1]


def _each(change: Callable[[Resource], object]) -> Callable[[Lab], Injected]:
    """Changes patients of the second day: kinds that need an earlier drop have those of the last."""

    def inject(lab: Lab) -> Injected:
        chosen = lab.take("Patient", on=_SECOND)
        for record in chosen:
            change(record.resource)
        return chosen

    return inject


def _is_known(lab: Lab) -> Callable[[Record], bool]:
    known = {record.resource.get("id") for day in DAYS[:2] for record in lab.records("Patient", day)}
    return lambda record: record.resource["id"] in known


def _someone_else(lab: Lab) -> Injected:
    chosen = lab.take("Patient", _is_known(lab))
    for record in chosen:
        was = record.resource["gender"]
        record.resource.update(gender="male" if was == "female" else "female", birthDate="1971-04-05")
    return chosen


def _twins(lab: Lab) -> Injected:
    chosen = lab.take("Patient")
    return [
        lab.add(record, {**copy.deepcopy(record.resource), "id": f"z{record.resource['id'][:30]}"})
        for record in chosen
    ]


def _dead_for(days: int) -> Callable[[Lab], Injected]:
    """Patients are made to have died so long before their last encounter, which is the defect."""

    def inject(lab: Lab) -> Injected:
        last = []
        for patient in lab.take("Patient"):
            own = [e for e in lab.records("Encounter") if patient_id(e.resource) == patient.resource["id"]]
            last.append(max(own, key=lambda record: record.resource["period"]["start"]))
            start = last[-1].resource["period"]["start"]
            patient.resource["deceasedDateTime"] = moved(start, -days)
        return last

    return inject


_WATCHED = {"class": 1, "type": 1, "period": 2, "subject": 1}
"""Members of an encounter -> how many of the columns that the trend of NULLs watches are filled from it."""


def _columns_gone(lab: Lab) -> Injected:
    for record in lab.records("Encounter"):
        for name in _WATCHED:
            del record.resource[name]
    return [LAST] * sum(_WATCHED.values())


def _fewer_rows(lab: Lab) -> Injected:
    for kind in RESOURCE_TYPES:
        seen = list(lab.records(kind.name))
        for record in seen[len(seen) // 3 :]:
            record.file.records.remove(record)
    return [LAST] * len(RESOURCE_TYPES)


KINDS_OF_PATIENTS: tuple[Kind, ...] = (
    Kind("unknown gender", "The gender is `M`.", "patients", _each(lambda r: r.update(gender="M")), ("P01",)),
    Kind(
        "born in the future",
        "The birth date is in 2062.",
        "patients",
        _each(lambda r: r.update(birthDate="2062-03-04")),
        ("P33",),
    ),
    Kind(
        "born a century early",
        "The year of birth is 100 less.",
        "patients",
        _each(lambda r: r.update(birthDate=f"{int(r['birthDate'][:4]) - 100}-01-02")),
        ("P34", "P35"),
        note="Who is under 20 is made no older than 120.",
    ),
    Kind(
        "long after death",
        "The patient's last encounter is 100 days after the death.",
        "patients",
        _dead_for(100),
        ("E50",),
    ),
    Kind(
        "soon after death",
        "The patient's last encounter is 30 days after the death.",
        "patients",
        _dead_for(30),
        ("E50",),
        note="Bills and reports come for weeks, so 60 days are granted.",
    ),
    Kind(
        "a column gone",
        "All encounters of a day lose five columns.",
        "weeks",
        _columns_gone,
        ("T21.silver_encounter_history",),
        counted=True,
        note="Only from the ninth day on: a trend needs eight earlier days.",
    ),
    Kind(
        "fewer rows",
        "Two of three patients, encounters and observations of a day are left out.",
        "weeks",
        _fewer_rows,
        tuple(f"T20.{kind.history.name}" for kind in RESOURCE_TYPES),
        counted=True,
        note="Only from the ninth day on: a trend needs eight earlier days.",
    ),
    Kind("no gender", "gender is left out.", "days", _each(lambda r: r.pop("gender")), ("P02",)),
    Kind("no name", "name is left out.", "days", _each(lambda r: r.pop("name")), ("P03",)),
    Kind(
        "unreadable birth date",
        "The birth date is written as 04.03.1962.",
        "days",
        _each(lambda r: r.update(birthDate="04.03.1962")),
        ("P31",),
    ),
    Kind(
        "someone else's record",
        "An id of an earlier drop has another birth date and gender.",
        "days",
        _someone_else,
        ("P19",),
        structural=True,
    ),
    Kind("patient twice", "The same patient again, under another id.", "days", _twins, ("P15", "P17", "P18")),
)
