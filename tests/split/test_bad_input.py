"""How each bad input ends: golden cases of bytes in, outcomes out."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import pytest

from healthlake.split import Reason
from tests.split.drops import (
    FILE,
    assert_conserved,
    bundle,
    deleted,
    dumped,
    outcomes,
    patient,
    posted,
    split,
)

P1, P2, P3 = (dumped(patient(id_)) for id_ in "123")
E1, E2, E3 = (dumped(posted(patient(id_))) for id_ in "123")
THREE = dumped(bundle([posted(patient(id_)) for id_ in "123"]))
PRETTY = dumped(bundle([posted(patient(id_)) for id_ in "123"]), indent=2)
HEAD = b'{"resourceType": "Bundle", "type": "transaction", "entry": ['
R1, R2, R3 = (("resource", 1, entry, f"Patient/{entry + 1}") for entry in range(3))
LONE = b'{"resourceType": "Patient", "id": "2", "x": "\\ud800"}'
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000


@dataclass(frozen=True)
class Case:
    """`content` is the uncompressed content where that isn't the file itself."""

    name: str
    path: str
    file: bytes
    kind: str
    expected: list[tuple[Any, ...]]
    content: bytes | None = None


def fault(line: int, entry: int, reason: Reason, aside: bytes) -> tuple[Any, ...]:
    return ("fault", line, entry, reason.value, aside)


def of_entries(*entries: bytes) -> bytes:
    return HEAD + b", ".join(entries) + b"]}"


def in_place_of_second(name: str, entry: bytes, reason: Reason, aside: bytes | None = None) -> Case:
    """A Bundle of three whose second entry is `entry`; it alone is set aside."""
    found = [R1, fault(1, 1, reason, entry if aside is None else aside), R3]
    return Case(name, "a.json", of_entries(E1, entry, E3), "bundle", found)


FILES = [
    Case("an empty .json file", "a.json", b"", "empty", [fault(1, -1, Reason.EMPTY_FILE, b"")]),
    Case("a blank .json file", "a.json", b" \r\n", "empty", [fault(1, -1, Reason.EMPTY_FILE, b" \r\n")]),
    Case("an empty .ndjson file is no fault", "a.ndjson", b"", "empty", []),
    Case("a blank .ndjson file is no fault", "a.ndjson", b"\n \r\n", "empty", []),
    Case("a marker without content is no fault", "_SUCCESS", b"", "empty", []),
    Case("an empty .ndjson.gz file is no fault", "a.ndjson.gz", gzip.compress(b""), "empty", [], b""),
    Case("another ending", "a.xml", b"<a/>", "unreadable", [fault(1, -1, Reason.UNKNOWN_FILE_TYPE, b"<a/>")]),
    Case(
        "no JSON", "a.json", b"hello\nyou", "unreadable", [fault(1, -1, Reason.INVALID_JSON, b"hello\nyou")]
    ),
    Case("a number", "a.json", b"5", "unreadable", [fault(1, -1, Reason.NOT_AN_OBJECT, b"5")]),
    Case(
        "a list of resources",
        "a.json",
        b"[" + P1 + b"]",
        "unreadable",
        [fault(1, -1, Reason.NOT_AN_OBJECT, b"[" + P1 + b"]")],
    ),
    Case(
        "an endless list", "a.json", b"[" * 9, "unreadable", [fault(1, -1, Reason.TRUNCATED_JSON, b"[" * 9)]
    ),
    Case(
        "UTF-16",
        "a.json",
        '{"a": 1}'.encode("utf-16"),
        "unreadable",
        [fault(1, -1, Reason.INVALID_UTF8, '{"a": 1}'.encode("utf-16"))],
    ),
    Case("nesting of 10,000", "a.json", DEEP, "unreadable", [fault(1, -1, Reason.TOO_DEEP, DEEP)]),
    Case("a Bundle without entry", "a.json", b'{"resourceType": "Bundle"}', "bundle", []),
    Case("a Bundle of no entries", "a.json", of_entries(), "bundle", []),
    Case("a Bundle whose entry is null", "a.json", b'{"resourceType":"Bundle","entry":null}', "bundle", []),
    Case(
        "a Bundle whose entry is no list",
        "a.json",
        b'{"resourceType": "Bundle", "entry": {"a": 1}}',
        "bundle",
        [fault(1, -1, Reason.ENTRY_NOT_A_LIST, b'{"a": 1}')],
    ),
]

ENTRIES = [
    in_place_of_second("an entry that is a number", b"5", Reason.NOT_AN_OBJECT),
    in_place_of_second("an entry that is null", b"null", Reason.NOT_AN_OBJECT),
    in_place_of_second("an empty entry", b"{}", Reason.NO_RESOURCE),
    in_place_of_second("an entry without resource", b'{"fullUrl": "urn:uuid:2"}', Reason.NO_RESOURCE),
    in_place_of_second(
        "a read", dumped({"request": {"method": "GET", "url": "Patient/2"}}), Reason.NO_RESOURCE
    ),
    in_place_of_second("a request that is text", b'{"request": "DELETE"}', Reason.NO_RESOURCE),
    in_place_of_second("a resource that is null", b'{"resource": null}', Reason.NO_RESOURCE),
    in_place_of_second("a resource that is a list", b'{"resource": []}', Reason.NOT_AN_OBJECT),
    in_place_of_second("a resource without type", b'{"resource": {"id": "2"}}', Reason.NOT_FHIR),
    in_place_of_second(
        "a resource whose type is a number", b'{"resource": {"resourceType": 2, "id": "2"}}', Reason.NOT_FHIR
    ),
    in_place_of_second(
        "a resource without id", b'{"resource": {"resourceType": "Patient"}}', Reason.MISSING_ID
    ),
    in_place_of_second(
        "a resource whose id is a number", dumped({"resource": {**patient("2"), "id": 2}}), Reason.MISSING_ID
    ),
    in_place_of_second("a resource whose id is empty", dumped({"resource": patient("")}), Reason.MISSING_ID),
    in_place_of_second("a lone surrogate", b'{"resource": ' + LONE + b"}", Reason.INVALID_JSON),
    in_place_of_second("NaN", E2.replace(b'"2"}', b'"2", "x": NaN}'), Reason.INVALID_JSON),
    in_place_of_second("a tab in a string", E2.replace(b'"2"}', b'"2", "x": "\t"}'), Reason.INVALID_JSON),
    in_place_of_second(
        "bytes that are no UTF-8", E2.replace(b'"2"}', b'"2", "x": "\xff"}'), Reason.INVALID_UTF8
    ),
    in_place_of_second("a surrogate in UTF-8", E2.replace(b'"2"', b'"\xed\xa0\x80"'), Reason.INVALID_UTF8),
    in_place_of_second(
        "an exponent of 20 digits",
        E2.replace(b'"2"}', b'"2", "x": 1e99999999999999999999}'),
        Reason.NUMBER_OUT_OF_RANGE,
    ),
    in_place_of_second(
        "an integer of 5,000 digits",
        E2.replace(b'"2"}', b'"2", "x": ' + b"9" * 5000 + b"}"),
        Reason.NUMBER_OUT_OF_RANGE,
    ),
    in_place_of_second("deep nesting", E2.replace(b'"2"}', b'"2", "x": ' + DEEP + b"}"), Reason.TOO_DEEP),
    in_place_of_second("a repeated key", E2.replace(b'"2"}', b'"2", "x": 1, "x": 1}'), Reason.DUPLICATE_KEY),
    in_place_of_second(
        "a repeated key in other spelling",
        E2.replace(b'"2"}', b'"2", "x": 1, "\\u0078": 1}'),
        Reason.DUPLICATE_KEY,
    ),
    in_place_of_second(
        "a repeated key beside an escaped colon",
        E2.replace(b'"2"}', b'"2", "x": 1, "x": 1, "y": "\\u003a\\u003A"}'),
        Reason.DUPLICATE_KEY,
    ),
    in_place_of_second("two resources", b'{"resource": 1, "resource": ' + P2 + b"}", Reason.DUPLICATE_KEY),
    in_place_of_second(
        "two methods",
        b'{"request": {"method": "DELETE", "url": "Patient/2", "method": "PUT"}}',
        Reason.DUPLICATE_KEY,
    ),
    in_place_of_second("a delete by search", dumped(deleted("Patient?name=x")), Reason.CONDITIONAL_DELETE),
    in_place_of_second("a delete of a type", dumped(deleted("Patient")), Reason.DELETE_WITHOUT_TARGET),
    in_place_of_second(
        "a delete of a version", dumped(deleted("Patient/2/_history/1")), Reason.DELETE_WITHOUT_TARGET
    ),
    in_place_of_second(
        "a delete without url", b'{"request": {"method": "DELETE"}}', Reason.DELETE_WITHOUT_TARGET
    ),
    in_place_of_second(
        "a delete with a resource",
        dumped(deleted("Patient/2", resource=patient("2"))),
        Reason.DELETE_WITH_RESOURCE,
    ),
    in_place_of_second("a missing brace", E2[:-1], Reason.INVALID_JSON, E2[:-1] + b", "),
    in_place_of_second(
        "a missing quote",
        E2.replace(b'"id": "2"', b'"id": "2'),
        Reason.INVALID_JSON,
        E2.replace(b'"id": "2"', b'"id": "2') + b", ",
    ),
    in_place_of_second(
        "a bracket too many",
        E2.replace(b'"2"}', b'"2"}]'),
        Reason.INVALID_JSON,
        E2.replace(b'"2"}', b'"2"}]') + b", ",
    ),
]

DOCUMENTS = [
    Case("a missing comma loses nothing", "a.json", HEAD + E1 + b" " + E2 + b"]}", "bundle", [R1, R2]),
    Case(
        "a comma too many",
        "a.json",
        HEAD + E1 + b",]}",
        "bundle",
        [R1, fault(1, 1, Reason.INVALID_JSON, b"]}")],
    ),
    Case(
        "a list of entries that ends too early",
        "a.json",
        HEAD + E1 + b"], " + E2 + b"]}",
        "bundle",
        [fault(1, -1, Reason.INVALID_JSON, b", "), R1, R2],
    ),
    Case(
        "a bracket before an entry",
        "a.json",
        HEAD + E1 + b", [" + E2 + b"]}",
        "bundle",
        [R1, fault(1, 1, Reason.INVALID_JSON, b"["), ("resource", 1, 2, "Patient/2")],
    ),
    Case(
        "a broken head",
        "a.json",
        b'{"resourceType": "Bundle", "meta": {x, "entry": [' + E1 + b", " + E2 + b"]}",
        "bundle",
        [fault(1, -1, Reason.INVALID_JSON, b', "meta": {x, "entry": ['), R1, R2],
    ),
    Case(
        "two lists of entries: the first counts",
        "a.json",
        HEAD + E1 + b'], "entry": [' + E2 + b"]}",
        "bundle",
        [fault(1, -1, Reason.DUPLICATE_KEY, b"[" + E2 + b"]"), R1],
    ),
    Case(
        "two timestamps: the first counts",
        "a.json",
        of_entries(E1)[:-1] + b', "timestamp": 1, "timestamp": 2}',
        "bundle",
        [fault(1, -1, Reason.DUPLICATE_KEY, b"2"), R1],
    ),
    Case(
        "two Bundles without entries",
        "a.json",
        b'{\n"resourceType": "Bundle"\n}\n{"resourceType": "Bundle", "type": ["batch"]}',
        "bundle",
        [],
    ),
    Case(
        "a list of entries whose name is damaged",
        "a.json",
        b'{"resourceType": "Bundle", "entri": [' + E1 + b"]}",
        "bundle",
        [fault(1, -1, Reason.UNKNOWN_BUNDLE_MEMBER, b"[" + E1 + b"]")],
    ),
    Case(
        "a member of a Bundle that is no JSON",
        "a.json",
        of_entries(E1)[:-1] + b', "total": 01}',
        "bundle",
        [fault(1, -1, Reason.INVALID_JSON, b"01"), R1],
    ),
    Case(
        "a member of a Bundle that is no UTF-8",
        "a.json",
        of_entries(E1)[:-1] + b', "id": "\xff"}',
        "bundle",
        [fault(1, -1, Reason.INVALID_UTF8, b'"\xff"'), R1],
    ),
    Case(
        "a member of a Bundle whose name is no JSON",
        "a.json",
        of_entries(E1)[:-1] + b', "\n": 1}',
        "bundle",
        [fault(1, -1, Reason.INVALID_JSON, b"1"), R1],
    ),
    Case(
        "text after the Bundle",
        "a.json",
        of_entries(E1) + b" xyz",
        "bundle",
        [fault(1, -1, Reason.INVALID_JSON, b"xyz"), R1],
    ),
    Case(
        "a Bundle that doesn't say so",
        "a.json",
        b'{"entry": [' + E1 + b"]}",
        "bundle",
        [R1],
    ),
    Case(
        "a List, which has an entry too",
        "a.json",
        b'{"entry": [{"item": {"reference": "x"}}], "resourceType": "List", "id": "1"}',
        "resource",
        [("resource", 1, -1, "List/1")],
    ),
    Case(
        "a torn List",
        "a.json",
        b'{"entry": [{"item": {"reference": "x"}}], "resourceTy',
        "unreadable",
        [fault(1, -1, Reason.TRUNCATED_JSON, b'{"entry": [{"item": {"reference": "x"}}], "resourceTy')],
    ),
    Case(
        "a Bundle torn before its type",
        "a.json",
        b'{"entry": [' + E1 + b", " + E2[:20],
        "bundle",
        [R1, fault(1, 1, Reason.TRUNCATED_JSON, E2[:20])],
    ),
    Case(
        "pretty-printed resources one after the other",
        "a.json",
        b'{\n "resourceType": "Patient",\n "id": "1"\n}\n{\n "resourceType": "Patient",\n "id": "2"\n}\n',
        "resource",
        [("resource", 1, -1, "Patient/1"), ("resource", 5, -1, "Patient/2")],
    ),
    Case("a torn resource", "a.json", P1[:-1], "unreadable", [fault(1, -1, Reason.TRUNCATED_JSON, P1[:-1])]),
]

LINES = [
    Case(
        "broken lines in NDJSON",
        "a.ndjson",
        b"\n".join([P1, P2[:-3], b"", b"hello", LONE, P3]),
        "ndjson",
        [
            ("resource", 1, -1, "Patient/1"),
            fault(2, -1, Reason.INVALID_JSON, P2[:-3]),
            fault(4, -1, Reason.INVALID_JSON, b"hello"),
            fault(5, -1, Reason.INVALID_JSON, LONE),
            ("resource", 6, -1, "Patient/3"),
        ],
    ),
    Case(
        "a broken first line",
        "a.ndjson",
        P1[:-5] + b"\n" + P2 + b"\n",
        "ndjson",
        [fault(1, -1, Reason.INVALID_JSON, P1[:-5]), ("resource", 2, -1, "Patient/2")],
    ),
    Case(
        "a torn last line",
        "a.ndjson",
        P1 + b"\n" + P2[:-5],
        "ndjson",
        [("resource", 1, -1, "Patient/1"), fault(2, -1, Reason.TRUNCATED_JSON, P2[:-5])],
    ),
    Case(
        "two resources on a line",
        "a.ndjson",
        P1 + P2 + b"\n" + P3,
        "ndjson",
        [
            ("resource", 1, -1, "Patient/1"),
            fault(1, -1, Reason.INVALID_JSON, P2),
            ("resource", 2, -1, "Patient/3"),
        ],
    ),
    Case(
        "a Bundle with a bad entry on a line",
        "a.ndjson",
        P1 + b"\n" + of_entries(E1, b"5") + b"\n",
        "ndjson",
        [
            ("resource", 1, -1, "Patient/1"),
            ("resource", 2, 0, "Patient/1"),
            fault(2, 1, Reason.NOT_AN_OBJECT, b"5"),
        ],
    ),
    Case(
        "a byte order mark moves the offset",
        "a.ndjson",
        b"\xef\xbb\xbf5\n" + P1,
        "ndjson",
        [fault(1, -1, Reason.NOT_AN_OBJECT, b"5"), ("resource", 2, -1, "Patient/1")],
    ),
    Case(
        "deep nesting on a line",
        "a.ndjson",
        P1 + b"\n" + DEEP + b"\n" + P2,
        "ndjson",
        [
            ("resource", 1, -1, "Patient/1"),
            fault(2, -1, Reason.TOO_DEEP, DEEP),
            ("resource", 3, -1, "Patient/2"),
        ],
    ),
]

PACKED = gzip.compress(THREE, mtime=0)
PACKED_LINES = gzip.compress(P1 + b"\n" + P2 + b"\n", mtime=0)
STORED_LINES = gzip.compress(P1 + b"\n" + P2 + b"\n", compresslevel=0, mtime=0)
_TRAILER = 8

GZIPPED = [
    Case(
        "gzip without its trailer",
        "a.json.gz",
        PACKED[:-_TRAILER],
        "bundle",
        [fault(1, -1, Reason.TRUNCATED_GZIP, b""), R1, R2, R3],
        THREE,
    ),
    Case(
        "gzip with a wrong checksum",
        "a.ndjson.gz",
        PACKED_LINES[:-_TRAILER] + b"\0" * _TRAILER,
        "ndjson",
        [
            ("resource", 1, -1, "Patient/1"),
            ("resource", 2, -1, "Patient/2"),
            fault(2, -1, Reason.CORRUPT_GZIP, b""),
        ],
        P1 + b"\n" + P2 + b"\n",
    ),
    Case(
        "gzip torn inside a line",
        "a.ndjson.gz",
        STORED_LINES[: -_TRAILER - 5],
        "ndjson",
        [("resource", 1, -1, "Patient/1"), fault(2, -1, Reason.TRUNCATED_GZIP, P2[:-4])],
        (P1 + b"\n" + P2 + b"\n")[:-5],
    ),
    Case(
        "gzip with flags that must be 0",
        "a.json.gz",
        PACKED[:3] + b"\xe0" + PACKED[4:],
        "unreadable",
        [fault(1, -1, Reason.CORRUPT_GZIP, b"")],
        b"",
    ),
    Case(
        "gzip followed by something else",
        "a.json.gz",
        PACKED + b"xyz",
        "bundle",
        [fault(1, -1, Reason.CORRUPT_GZIP, b""), R1, R2, R3],
        THREE,
    ),
    Case(
        "gzip of which nothing can be read",
        "a.json.gz",
        PACKED[:12],
        "unreadable",
        [fault(1, -1, Reason.TRUNCATED_GZIP, b"")],
        b"",
    ),
    Case(
        "torn gzip with another ending is one fault",
        "a.xml.gz",
        PACKED[:-_TRAILER],
        "unreadable",
        [fault(1, -1, Reason.UNKNOWN_FILE_TYPE, THREE)],
        THREE,
    ),
]

OUTCOME = b'{"resourceType": "OperationOutcome", "issue": []}'
EXPORTS = [
    Case(
        "an export that reports an error",
        "error/1.ndjson",
        OUTCOME + b"\n" + P1,
        "ndjson",
        [fault(1, -1, Reason.EXPORT_ERROR, OUTCOME), ("resource", 2, -1, "Patient/1")],
    ),
    Case(
        "a manifest that lists what isn't there",
        "any.json",
        b'\n{"transactionTime": "2026-01-01T00:00:00Z", "output": [{"url": "https://a/1.ndjson"}]}',
        "manifest",
        [fault(2, -1, Reason.EXPORT_FILE_MISSING, b'{"url": "https://a/1.ndjson"}')],
    ),
    Case(
        "a manifest without an instant",
        "manifest.json",
        b'{"transactionTime": "now", "output": []}',
        "manifest",
        [fault(1, -1, Reason.INVALID_MANIFEST, b'"now"')],
    ),
]

CASES = [*FILES, *ENTRIES, *DOCUMENTS, *LINES, *GZIPPED, *EXPORTS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_costs_itself_alone(case: Case) -> None:
    rows = split({case.path: case.file})
    content = case.file if case.content is None else case.content
    assert outcomes(rows, content) == case.expected
    assert rows[FILE][0]["kind"] == case.kind
    assert rows[FILE][0]["content_bytes"] == len(content)
    assert_conserved(rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_costs_no_other_file(case: Case) -> None:
    good = {"0.json": THREE, "z.ndjson": P1 + b"\n"}
    rows = split({**good, case.path: case.file})
    assert {row["path"]: row["resources"] for row in rows[FILE] if row["path"] in good} == {
        "0.json": 3,
        "z.ndjson": 1,
    }
    assert_conserved(rows)


def test_every_reason_has_a_case() -> None:
    reasons = {outcome[3] for case in CASES for outcome in case.expected if outcome[0] == "fault"}
    # A record above 1 GiB is too large for a test; test_record.py and test_large.py lower the limit.
    assert reasons == set(Reason) - {Reason.TOO_LARGE, Reason.DOCUMENT_TOO_LARGE}


def test_a_pretty_printed_bundle_torn_at_any_byte_keeps_what_is_complete_before() -> None:
    ends = [index + 1 for index in range(len(PRETTY)) if PRETTY[index : index + 1] == b"}"]
    # An entry ends at every third brace: request, resource and the entry itself.
    complete = [end for end in ends if PRETTY[:end].endswith(b"\n    }")]
    assert len(complete) == 3
    for cut in range(len(PRETTY)):
        rows = split({"a.json": PRETTY[:cut]})
        assert rows[FILE][0]["resources"] == sum(end <= cut for end in complete)
        assert rows[FILE][0]["quarantined"] == 1
        assert_conserved(rows)
