"""Defects of single encounters and observations: keys, references, codes and times."""

from __future__ import annotations

from tests.injector.changes import (
    drops,
    in_code,
    is_of,
    lasts,
    moved,
    moves,
    one_digit_off,
    puts,
    times,
    transposed,
)
from tests.injector.lab import Injected, Kind, Lab, each, patient_id

_BOTH = "Encounter Observation"
_CENTURY = 36_525


def _to_another_patients_encounter(lab: Lab) -> Injected:
    chosen = lab.take("Observation", lambda record: "encounter" in record.resource)
    for record in chosen:
        own = patient_id(record.resource)
        others = [e for e in lab.records("Encounter") if not e.is_taken and patient_id(e.resource) != own]
        record.resource["encounter"]["reference"] = f"Encounter/{lab.random.choice(others).resource['id']}"
    return chosen


def _before_birth(lab: Lab) -> Injected:
    chosen = [record for name in _BOTH.split() for record in lab.take(name)]
    for record in chosen:
        born = lab.patient_of(record).resource["birthDate"]
        for holder, name in times(record.resource):
            holder[name] = moved(f"{born}T12:00:00+00:00", -400)
    return chosen


_REFERENCES = (
    Kind(
        "no id",
        "The resource has no id.",
        "records",
        each(_BOTH, drops("id")),
        ("quarantine missing_id",),
        structural=True,
    ),
    Kind(
        "wrong shape",
        "A list where FHIR has a string (status).",
        "records",
        each(_BOTH, lambda r: r.update(status=[r["status"]])),
        ("quarantine wrong_shape",),
        structural=True,
    ),
    Kind(
        "no resource type",
        "resourceType is left out.",
        "records",
        each(_BOTH, drops("resourceType")),
        ("quarantine not_fhir",),
        structural=True,
    ),
    Kind(
        "id of wrong form",
        "The id has an underscore, so no reference can name it.",
        "records",
        each(_BOTH, lambda r: r.update(id=f"_{r['id'][:40]}")),
        ("E12", "O07"),
        structural=True,
    ),
    Kind(
        "orphan",
        "The subject is a patient that no drop has.",
        "records",
        each(_BOTH, lambda r: r["subject"].update(reference=f"Patient/none-{r['id'][:8]}")),
        ("E01", "O03"),
        structural=True,
    ),
    Kind(
        "subject of another type",
        "The subject is a Practitioner.",
        "records",
        each(_BOTH, lambda r: r["subject"].update(reference=f"Practitioner/{r['id']}")),
        ("E03", "O02"),
        structural=True,
    ),
    Kind(
        "no subject",
        "The reference to the patient is left out.",
        "records",
        each(_BOTH, drops("subject")),
        ("E02", "O01"),
        structural=True,
    ),
    Kind(
        "dangling encounter",
        "An observation names an encounter that no drop has.",
        "records",
        each(
            "Observation",
            lambda r: r["encounter"].update(reference=f"Encounter/none-{r['id'][:8]}"),
            lambda r: "encounter" in r,
        ),
        ("O05",),
        structural=True,
    ),
    Kind(
        "encounter of another patient",
        "An observation names an encounter of another patient.",
        "records",
        _to_another_patients_encounter,
        ("O06",),
        structural=True,
    ),
)

_CODES = (
    Kind("unknown status", "status is `done`.", "records", each(_BOTH, puts(status="done")), ("E14", "O09")),
    Kind("no status", "status is left out.", "records", each(_BOTH, drops("status")), ("E13", "O08")),
    Kind("no class", "class is left out.", "records", each("Encounter", drops("class")), ("E15",)),
    Kind(
        "unknown class",
        "The class is a code of the house, `outpatient`.",
        "records",
        each("Encounter", lambda r: r["class"].update(code="outpatient")),
        ("E16",),
    ),
    Kind(
        "no code",
        "An observation has no code: a value of nothing.",
        "records",
        each("Observation", drops("code")),
        ("O12",),
    ),
    Kind(
        "code without system",
        "The system of the code is left out.",
        "records",
        each("Observation", lambda r: r["code"]["coding"][0].pop("system")),
        ("O13", "O18"),
    ),
    Kind(
        "LOINC digits transposed",
        "Two neighbouring digits of the LOINC code are swapped.",
        "records",
        each("Observation", in_code(transposed, "code")),
        ("O15",),
        note="The check digit (mod 10) doesn't see 09 for 90, nor does any rule look at a panel's code.",
    ),
    Kind(
        "LOINC digit mistyped",
        "One digit of the LOINC code is another.",
        "records",
        each("Observation", in_code(one_digit_off, "code")),
        ("O15",),
        note="No rule looks at the code of a panel without a value of its own.",
    ),
    Kind(
        "SNOMED digits transposed",
        "Two neighbouring digits of the encounter type's SNOMED CT code are swapped.",
        "records",
        each("Encounter", in_code(transposed, "type")),
        ("E19",),
    ),
    Kind(
        "SNOMED digit mistyped",
        "One digit of the encounter type's SNOMED CT code is another.",
        "records",
        each("Encounter", in_code(one_digit_off, "type")),
        ("E19",),
    ),
    Kind(
        "code of another test",
        "Sodium is coded as chloride: a valid code, with the same unit.",
        "records",
        each("Observation", in_code(lambda code: "2069-3", "code"), is_of("2947-0")),
        ("O71", "O72", "O92"),
        note="Check digits prove form, not meaning, and sodium's usual values are possible ones of chloride.",
    ),
)

_TIMES = (
    Kind(
        "start and end swapped",
        "The encounter ends before it starts.",
        "records",
        each(
            "Encounter",
            lambda r: r.update(period={"start": r["period"]["end"], "end": r["period"]["start"]}),
            lasts,
        ),
        ("E45",),
    ),
    Kind(
        "a century early",
        "All times are moved back 100 years.",
        "records",
        each(_BOTH, moves(-_CENTURY)),
        ("E47", "E49", "O34", "O37", "O39"),
    ),
    Kind(
        "in the future",
        "All times are moved on by 100 years.",
        "records",
        each(_BOTH, moves(_CENTURY)),
        ("E46", "O33"),
    ),
    Kind(
        "before birth",
        "It took place 400 days before the patient's birth.",
        "records",
        _before_birth,
        ("E49", "O37"),
    ),
    Kind(
        "never closed",
        "The encounter ends 400 days later than it did.",
        "records",
        each("Encounter", lambda r: r["period"].update(end=moved(r["period"]["end"], 400))),
        ("E48",),
    ),
    Kind(
        "no end",
        "The end is left out.",
        "records",
        each("Encounter", lambda r: r["period"].pop("end")),
        ("E43",),
    ),
    Kind(
        "unreadable time",
        "The time is written as 13/01/2025.",
        "records",
        each(_BOTH, lambda r: [h.update({n: "13/01/2025"}) for h, n in list(times(r)) if n != "issued"]),
        ("E41", "O31"),
    ),
    Kind(
        "time without offset",
        "The time has lost its offset.",
        "records",
        each(_BOTH, lambda r: [h.update({n: h[n][:19]}) for h, n in list(times(r)) if n != "issued"]),
        ("E41", "O31"),
    ),
    Kind(
        "on the wrong visit",
        "An observation is moved to 30 days after its encounter.",
        "records",
        each("Observation", moves(30), lambda r: "encounter" in r),
        ("O39",),
    ),
    Kind(
        "issued before observed",
        "An observation was issued a day before it was made.",
        "records",
        each(
            "Observation",
            lambda r: r.update(issued=moved(r["effectiveDateTime"], -1)),
            lambda r: "issued" in r,
        ),
        ("O36",),
    ),
    Kind(
        "version of the future",
        "meta.lastUpdated is in 2062.",
        "records",
        each(_BOTH, lambda r: r.update(meta={"lastUpdated": "2062-01-01T00:00:00Z"})),
        ("E53", "O40"),
    ),
)

KINDS_OF_RECORDS: tuple[Kind, ...] = (*_REFERENCES, *_CODES, *_TIMES)
