"""Real files: the counts that their README gives."""

from __future__ import annotations

import collections
import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.split.drops import FILE, QUARANTINE, Rows, assert_conserved, resources, split

SAMPLES = SHARED / "sample_fhir"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared sample files aren't here")


@pytest.fixture(scope="module")
def rows() -> Rows:
    files = {path.relative_to(SAMPLES).as_posix(): path.read_bytes() for path in SAMPLES.glob("*/*")}
    return split(files)


def test_every_resource_of_the_samples_is_a_row(rows: Rows) -> None:
    of_folder: collections.Counter[str] = collections.Counter()
    for row in rows[FILE]:
        of_folder[row["path"].split("/")[0]] += row["resources"]
    assert of_folder == {
        "synthea_bundles": 1982,
        "synthea_bundles_conditional_refs": 176,
        "bulk_ndjson": 1582,
    }
    types = collections.Counter(row["resource_type"] for row in resources(rows))
    assert (types["Observation"], types["Patient"], types["Encounter"]) == (
        793 + 61 + 1502,
        6 + 1 + 9,
        190 + 17,
    )
    assert_conserved(rows)


def test_the_samples_have_no_fault(rows: Rows) -> None:
    assert not rows[QUARANTINE]
    assert {row["shape_error"] for row in resources(rows)} == {None}
    assert {row["local_references"] for row in resources(rows)} == {None}
    assert {row["kind"] for row in rows[FILE]} == {"bundle", "ndjson"}


def test_a_row_is_the_resource_at_its_position(rows: Rows) -> None:
    paths = {row["file_id"]: row["path"] for row in rows[FILE]}
    found = {(row["file_id"], row["line"], row["entry"]): row["resource"] for row in resources(rows)}
    for file_id, path in paths.items():
        content = Path(SAMPLES / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file_id
        if path.endswith(".ndjson"):
            lines = content.decode().splitlines()
            values = {(number, -1): json.loads(line) for number, line in enumerate(lines, 1)}
        else:
            entries = json.loads(content)["entry"]
            values = {(1, index): entry["resource"] for index, entry in enumerate(entries)}
        for position, value in values.items():
            assert json.loads(found.pop((file_id, *position))) == value
    assert not found
