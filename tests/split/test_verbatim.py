"""From every position that the splitter gives, the way back leads to the bytes as delivered."""

from __future__ import annotations

import gzip

import pytest

from healthlake.split import bytes_at, content_hash_of, record_at
from tests.split.drops import QUARANTINE, bundle, deleted, dumped, file, patient, posted, resources, split

ODD = dumped(patient("p2", weight="é"), indent=1)
PRETTY = b"\xef\xbb\xbf\n" + dumped(bundle([posted(patient("p1")), deleted("Patient/p9")]), indent=2)
TORN = dumped(bundle([posted(patient("p1")), posted(patient("p2"))]))[:-30]
BROKEN = dumped(bundle([posted(patient("p1")), posted(patient("p2"))])).replace(b'"id": "p1"', b'"id": p1')
FILES = {
    "lines.ndjson": dumped(patient("p1")) + b"\r\n\n" + dumped(bundle([posted(patient("p2"))])) + b"\n",
    "two.json": ODD + b"\n" + dumped(patient("p3")),
    "pretty.json": PRETTY,
    "packed.json.gz": gzip.compress(PRETTY),
    "torn.json": TORN,
    "torn.json.gz": gzip.compress(TORN)[:-9],
    "broken.json": BROKEN,
    "bad.ndjson": dumped(patient("p1")) + b"\n{\n" + b'{"id":\xff}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_every_resource_is_found_again_and_hashes_to_its_content(name: str) -> None:
    lies = file(name, FILES[name])
    rows = resources(split({name: FILES[name]}))
    for row in rows:
        record = record_at(lies, row["file_id"], row["line"], row["entry"])
        assert record is not None and content_hash_of(record) == row["content_hash"]
    assert rows


def test_a_resource_is_given_as_it_was_written() -> None:
    content = FILES["two.json"]
    row = resources(split({"two.json": content}))[0]
    assert record_at(file("two.json", content), row["file_id"], 1, -1) == ODD


def test_a_deletion_is_given_as_its_whole_entry() -> None:
    (row,) = split({"pretty.json": PRETTY})["bronze_deletion"]
    record = record_at(file("pretty.json", PRETTY), row["file_id"], row["line"], row["entry"])
    assert record is not None and record.startswith(b"{") and b'"DELETE"' in record and record in PRETTY


@pytest.mark.parametrize("name", ["torn.json", "torn.json.gz", "broken.json", "bad.ndjson"])
def test_every_fault_is_found_again_by_its_offset(name: str) -> None:
    content = FILES[name]
    plain = TORN if name.endswith(".gz") else content
    faults = split({name: content})[QUARANTINE]
    for row in faults:
        found = bytes_at(file(name, content), row["file_id"], row["byte_offset"], row["byte_length"])
        assert found == plain[row["byte_offset"] : row["byte_offset"] + row["byte_length"]]
    assert faults


def test_other_content_and_positions_that_are_not_there_give_nothing() -> None:
    lies, other = file("pretty.json", PRETTY), "0" * 64
    file_id = split({"pretty.json": PRETTY})["bronze_file"][0]["file_id"]
    assert record_at(lies, other, 2, 0) is None
    assert bytes_at(lies, other, 0, 1) is None
    assert record_at(lies, file_id, 2, 2) is None
    assert record_at(lies, file_id, 999, -1) is None
    assert bytes_at(lies, file_id, 10**6, 5) == b""
