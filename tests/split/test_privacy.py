"""No value of a record, and no path, is in a reason, a detail or an exception."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthlake.split import RecordReader
from healthlake.split.outcome import Refused
from healthlake.split.scanner import Malformed, Scanner
from tests.split.drops import QUARANTINE, bundle, deleted, dumped, patient, posted, resources, split

MARK = "Zaphod Beeblebrox"

RECORDS = [
    b'{"resourceType":"Patient","id":"1","name":[{"family":"Zaphod Beeblebrox"}],"x":NaN}',
    b'{"resourceType":"Patient","id":"1","x":"Zaphod Beeblebrox\xff"}',
    b'{"resourceType":"Patient","id":"1","x":"Zaphod Beeblebrox\\ud800"}',
    b'{"resourceType":"Patient","id":"1","Zaphod Beeblebrox":1,"Zaphod Beeblebrox":2}',
    b'{"resourceType":"Patient","id":["Zaphod Beeblebrox"]}',
    b'{"resourceType":"Patient","id":"1","x":Zaphod Beeblebrox}',
    b'"Zaphod Beeblebrox"',
    b'["Zaphod Beeblebrox"]',
    b'{"resourceType":{"Zaphod Beeblebrox":1},"id":"1"}',
    dumped(bundle([deleted(f"Patient?name={MARK}"), deleted(MARK), {"resource": MARK}, MARK, {MARK: MARK}])),
    dumped(bundle([posted(patient("1"))]))[:-1] + b',"Zaphod Beeblebrox":1,"Zaphod Beeblebrox":2}',
    dumped(patient("1", name=[{"family": MARK}]))[:-3],
    dumped(patient(MARK)) + dumped(patient(MARK)),
]


@pytest.mark.parametrize("content", RECORDS)
@pytest.mark.parametrize("path", [f"{MARK}.json", f"{MARK}.ndjson", f"{MARK}.txt"])
def test_quarantine_tells_structure_and_no_value(path: str, content: bytes) -> None:
    rows = split({path: content})
    assert rows[QUARANTINE]
    for row in rows[QUARANTINE]:
        assert MARK not in repr(row)
        assert "Zaphod" not in f"{row['reason']} {row['detail']}"


@pytest.mark.parametrize(
    "element",
    [
        {"name": MARK},
        {"name": [MARK]},
        {"name": {MARK: MARK}},
        {"birthDate": {MARK: 1}},
        {"contained": [MARK]},
    ],
)
def test_a_shape_error_tells_structure_and_no_value(element: dict[str, object]) -> None:
    rows = split({"a.json": dumped(patient("1", **element))})
    assert resources(rows)[0]["shape_error"]
    assert "Zaphod" not in resources(rows)[0]["shape_error"]


@pytest.mark.parametrize("content", RECORDS)
def test_a_refusal_quotes_nothing_even_in_its_traceback(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        RecordReader(("Patient",)).read(content)
    assert "Zaphod" not in "".join(traceback.format_exception(caught.value, limit=0))
    assert "Zaphod" not in repr((caught.value, caught.value.detail))
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@given(st.binary(max_size=40))
def test_a_scanner_that_fails_quotes_nothing(text: bytes) -> None:
    try:
        Scanner(text).skip()
    except Malformed as malformed:
        assert str(malformed) == "malformed JSON"
        assert 0 <= malformed.position <= len(text)
