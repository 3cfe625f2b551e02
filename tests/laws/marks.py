"""Drops in which every text is a mark: each string element that R4 knows of five resource types, names of
files and folders, and all that is broken. A mark that turns up anywhere else was leaked.
"""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Mapping
from typing import Any

from healthlake import r4

MARK = "Zqxjk"
"""In every value that a record of the drops has, and in the names of its files."""

NAME = "Zqxjkname"
"""In the names of files and folders, and in nothing else."""

PATIENT, ENCOUNTER, OBSERVATION = (f"{MARK}-{kind}-1" for kind in ("patient", "encounter", "observation"))

_TIMES = {
    "date": "1980-02-29",
    "dateTime": "2025-12-01T10:00:00Z",
    "instant": "2025-12-01T10:00:00Z",
    "time": "10:00:00",
}
_NUMBERS = {"boolean": True, "decimal": 1.5, "integer": 1, "positiveInt": 1, "unsignedInt": 1}
_DEPTH = 3
_HL7 = "http://hl7.org/fhir/StructureDefinition"
_US = "http://hl7.org/fhir/us/core/StructureDefinition/us-core"


class Marked:
    """Resources whose texts are marks, each another one: it ends with its number."""

    def __init__(self, start: int = 0, marks_in_times: bool = False) -> None:
        self._numbers = itertools.count(start)
        self._times = {} if marks_in_times else _TIMES

    def mark(self) -> str:
        return f"{MARK}{next(self._numbers):06d}"

    def resource(self, kind: str, id_: str, choice: int = 0, **fields: Any) -> dict[str, Any]:
        """A resource with all elements of R4; of a choice of types, its `choice`th."""
        body = self._object(kind, choice, 0)
        return {**body, "resourceType": kind, "id": id_, **fields}

    def _object(self, path: str, choice: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {self.mark(): self.mark(), "_unknown": {self.mark(): [self.mark()]}}
        for element in r4.elements(path).values():
            type_ = element.types[choice % len(element.types)]
            if type_ == "Extension" and depth:
                continue
            value = self._value(type_, choice, depth)
            if value is not None:
                found[element.json_name(type_)] = [value] if element.is_list else value
        return found

    def _value(self, type_: str, choice: int, depth: int) -> Any:
        if r4.kind(type_) == "primitive":
            return self._times.get(type_) or _NUMBERS.get(type_) or self.mark()
        if type_ == "Resource":
            return {"resourceType": "Patient", "id": self.mark(), "name": [{"family": self.mark()}]}
        return self._object(type_, choice, depth + 1) if depth < _DEPTH else None

    def patient(self, id_: str = PATIENT, choice: int = 0, **fields: Any) -> dict[str, Any]:
        """With what the tables look for: US Core's extensions, and identifiers and telecoms by their kind."""
        mark = self.mark
        coding = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": mark(), "display": mark()}
        race = [
            {"url": "ombCategory", "valueCoding": coding},
            {"url": "text", "valueString": mark()},
        ]
        place = [{"url": at, "valueDecimal": 1.5} for at in ("latitude", "longitude")]
        kinds = "http://terminology.hl7.org/CodeSystem/v2-0203"
        known = {
            "extension": [
                {"url": f"{_US}-race", "extension": race},
                {"url": f"{_US}-ethnicity", "extension": race},
                {"url": f"{_US}-birthsex", "valueCode": mark()},
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                    "valueString": mark(),
                },
            ],
            "name": [
                {"use": use, "family": mark(), "given": [mark()], "prefix": [mark()], "suffix": [mark()]}
                for use in ("official", "maiden")
            ],
            "identifier": [
                {"type": {"coding": [{"system": kinds, "code": code}]}, "system": mark(), "value": mark()}
                for code in ("MR", "SS", "DL", "PPN")
            ],
            "telecom": [{"system": system, "value": mark()} for system in ("phone", "email")],
            "address": [
                {
                    **{name: mark() for name in ("city", "district", "state", "postalCode", "country")},
                    "line": [mark()],
                    "extension": [{"url": f"{_HL7}/geolocation", "extension": place}],
                }
            ],
        }
        return self.resource("Patient", id_, choice, **{**known, **fields})

    def encounter(self, id_: str, **fields: Any) -> dict[str, Any]:
        """With references to all that the tables have an id of."""
        mark = self.mark
        known = {
            "participant": [
                {
                    "type": [{"coding": [{"system": mark(), "code": "PPRF"}]}],
                    "individual": {"reference": f"Practitioner/{mark()}", "display": mark()},
                }
            ],
            "serviceProvider": {"reference": f"Organization/{mark()}", "display": mark()},
            "location": [{"location": {"reference": f"Location/{mark()}", "display": mark()}}],
            "partOf": {"reference": f"Encounter/{mark()}", "display": mark()},
        }
        return self.resource("Encounter", id_, **{**known, **fields})

    def all(self, suffix: str = "") -> list[dict[str, Any]]:
        """Patients with an encounter, observations with every type of value, and two of other types."""
        subject = {"reference": f"Patient/{PATIENT}{suffix}", "display": self.mark()}
        values = range(len(r4.elements("Observation")["value"].types))
        return [
            self.patient(f"{PATIENT}{suffix}"),
            self.patient(f"{PATIENT}{suffix}-dead", choice=1),
            self.encounter(f"{ENCOUNTER}{suffix}", subject=subject),
            *(
                self.resource(
                    *("Observation", f"{OBSERVATION}{suffix}-{choice}", choice),
                    subject=subject,
                    encounter={"reference": f"Encounter/{self.mark()}"},
                )
                for choice in values
            ),
            self.resource("Condition", f"{MARK}-condition{suffix}", subject=subject),
            {"resourceType": self.mark(), "id": self.mark(), self.mark(): self.mark()},
        ]


def ndjson(resources: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in resources)


def bundle(marked: Marked, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A transaction with a mark wherever a Bundle has text, and deletions."""
    mark = marked.mark
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"urn:uuid:{mark()}",
            "link": [{"relation": mark(), "url": mark()}],
            "resource": each,
            "request": {"method": "POST", "url": mark(), "ifNoneExist": mark(), "ifMatch": mark()},
            "response": {"status": mark(), "location": mark(), "etag": mark()},
        }
        for each in resources
    ]
    for url in (f"Patient/{mark()}", f"Patient?name={mark()}", f"{mark()}/{mark()}", mark()):
        entries.append({"fullUrl": mark(), "request": {"method": "DELETE", "url": url}})
    entries.append({"fullUrl": mark(), "request": {"method": mark(), "url": mark()}})
    return {
        "resourceType": "Bundle",
        "id": mark(),
        "type": "transaction",
        "identifier": {"value": mark()},
        "link": [{"relation": mark(), "url": mark()}],
        "entry": entries,
        mark(): mark(),
    }


def first_drop() -> dict[str, bytes]:
    """Files of a first day by path: whole ones, and every kind of broken one."""
    marked, times = Marked(), Marked(500_000, marks_in_times=True)
    whole = [*marked.all(), *times.all("-t")]
    some = [whole[0], whole[2]]
    transaction = json.dumps(bundle(marked, marked.all("-b"))).encode()
    return {
        f"{NAME}_whole.ndjson": ndjson(whole),
        f"{NAME}_deep/{NAME}/{NAME}_bundle.json": transaction,
        f"{NAME}_gz/{NAME}.ndjson.gz": gzip.compress(ndjson(marked.all("-z"))),
        f"{NAME}_gz/{NAME}_bundle.json.gz": gzip.compress(transaction.replace(b"-b", b"-y")),
        **{f"{NAME}_export/{name}": content for name, content in _export(marked).items()},
        **{f"{NAME}_broken/{name}": content for name, content in broken(marked, some).items()},
    }


def second_drop() -> dict[str, bytes]:
    """A later day: the same ids with other content, and one of wrong shape."""
    marked = Marked(700_000)
    wrong = marked.patient(PATIENT, gender={"text": marked.mark()})
    return {f"{NAME}_second.ndjson": ndjson([*marked.all(), wrong])}


def _export(marked: Marked) -> Mapping[str, bytes]:
    """A Bulk Data export with its manifest; some files of it are missing, or of other counts."""
    mark = marked.mark
    outcome = marked.resource("OperationOutcome", mark())
    gone = {"resourceType": "Bundle", "type": "transaction", "entry": bundle(marked, [])["entry"]}

    def listed(kind: str, name: str, **more: object) -> dict[str, object]:
        return {"type": kind, "url": f"https://{mark()}.example/{mark()}/{name}?key={mark()}", **more}

    manifest = {
        "transactionTime": "2025-12-31T10:00:00Z",
        "request": f"https://{mark()}.example/$export?_typeFilter={mark()}",
        "requiresAccessToken": False,
        "output": [
            listed("Patient", f"{NAME}.Patient.ndjson", count=9),
            listed("Observation", f"{NAME}.missing.ndjson", count=2),
            listed(mark(), mark(), count=mark()),
            {mark(): mark()},
            mark(),
        ],
        "deleted": [listed("Bundle", f"{NAME}.deleted.ndjson")],
        "error": [listed("OperationOutcome", f"{NAME}.error.ndjson", count=5)],
        "extension": {mark(): mark()},
        mark(): mark(),
    }
    return {
        f"{NAME}_manifest.json": json.dumps(manifest).encode(),
        f"{NAME}.Patient.ndjson": ndjson([marked.patient(f"{MARK}-export")]),
        f"deleted/{NAME}.deleted.ndjson": ndjson([gone]),
        f"error/{NAME}.error.ndjson": ndjson([outcome]),
        f"{NAME}_bad/{NAME}.json": json.dumps(
            {**manifest, "transactionTime": mark(), "output": mark(), "error": {mark(): mark()}}
        ).encode(),
        f"{NAME}_torn/{NAME}.json": json.dumps(manifest).encode()[:-40],
    }


def broken(marked: Marked, whole: list[dict[str, Any]]) -> Mapping[str, bytes]:
    """Files and records that can't be read, or not as they are."""
    mark = marked.mark
    lines = ndjson(whole)
    at = b'"' + MARK.encode()
    odd = [
        {"resourceType": "Patient", "name": [{"family": mark()}]},
        {"resourceType": "Patient", "id": f"{mark()} {mark()}/{mark()}"},
        {"resourceType": "Patient", "id": {mark(): mark()}},
        {"resourceType": {mark(): mark()}, "id": mark()},
        {"resourceType": mark(), mark(): mark()},
        {mark(): mark()},
        [mark()],
        mark(),
        marked.patient(mark(), name={"family": mark()}),
        marked.patient(mark(), birthDate=[mark()], meta={"lastUpdated": mark()}),
        marked.patient(mark(), meta=mark()),
        marked.resource("Observation", mark(), subject=mark()),
        marked.resource("Observation", mark(), component=[mark()], valueQuantity={"value": mark()}),
        marked.resource("Encounter", mark(), period={"start": [mark()]}, subject={"reference": [mark()]}),
        bundle(marked, []) | {"timestamp": mark(), "entry": {mark(): mark()}},
        bundle(marked, []) | {"entry": [mark(), [mark()], {mark(): mark()}, {"resource": mark()}, None, 1]},
    ]
    return {
        f"{NAME}_odd.ndjson": b"".join(json.dumps(each).encode() + b"\n" for each in odd),
        f"{NAME}_cut_lines.ndjson": lines[:200] + b"\n" + lines[200:] + f'\n{{"id":"{mark()}'.encode(),
        f"{NAME}_unquoted.ndjson": f"{{resourceType: {mark()}, {mark()}}}\n{mark()}\n{mark()},\n".encode(),
        f"{NAME}_not_utf8.ndjson": lines.replace(at, at + b"\xff\xfe"),
        f"{NAME}_utf16.json": lines.decode().encode("utf-16"),
        f"{NAME}_surrogate.ndjson": lines.replace(at, b'"\\ud800' + MARK.encode()),
        f"{NAME}_nul.ndjson": lines.replace(at, at + b"\x00"),
        f"{NAME}_escape.ndjson": lines.replace(at, b'"\\u0000\\x1b' + MARK.encode()),
        f"{NAME}_numbers.ndjson": ndjson([{**whole[0], "id": mark(), "multipleBirthInteger": 1}]).replace(
            b'"multipleBirthInteger": 1', b'"multipleBirthInteger": 1e999'
        ),
        f"{NAME}_deep.json": b'{"a":' * 3000 + json.dumps(mark()).encode() + b"}" * 3000,
        f"{NAME}_twice.json": f'{{"resourceType":"Patient","id":"{mark()}","id":"{mark()}"}}'.encode(),
        f"{NAME}_bundle.json": (
            f'{{"resourceType":"Bundle","type":"{mark()}","entry":["{mark()}",{{"fullUrl":"{mark()}"'.encode()
        ),
        f"{NAME}_torn.json.gz": gzip.compress(lines)[:-60],
        f"{NAME}_spoilt.ndjson.gz": gzip.compress(lines)[:500] + MARK.encode() * 20,
        f"{NAME}_no_gzip.json.gz": lines[:300],
        f"{NAME}_zlib.json": zlib.compress(lines),
        f"{NAME}_empty.ndjson": b"",
        f"{NAME}_other.txt": mark().encode(),
        f"{NAME}_name 'with' \"quotes\" \x1b[31m.ndjson": ndjson([marked.patient(mark())]),
    }


def seeded() -> dict[str, bytes]:
    """The files of the first drop that lie in no folder, and the broken ones: for a test of one job."""
    drop = first_drop()
    return {path: drop[path] for path in drop if "/" not in path or "_broken/" in path}
