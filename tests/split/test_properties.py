"""What holds for all bytes."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from healthlake.split import RecordReader
from healthlake.split.bundle import read_bundle
from healthlake.split.lines import BOM
from healthlake.split.outcome import Refused, Resource
from healthlake.split.salvage import salvage
from healthlake.split.scanner import SPACE, Malformed, Scanner
from tests.split.drops import (
    FILE,
    assert_conserved,
    bundle,
    deleted,
    dumped,
    outcomes,
    patient,
    posted,
    resources,
    split,
)

READER = RecordReader(("Patient", "Observation"))

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ids = st.sampled_from(["1", "2", "a-b", "ü:ä"])
records = st.builds(
    lambda id_, elements: {**elements, **patient(id_)},
    ids,
    st.dictionaries(st.text(max_size=4), values, max_size=3),
)
entries = (
    records.map(posted)
    | st.builds(lambda resource, url: {"fullUrl": url, "resource": resource}, records, st.text(max_size=5))
    | st.sampled_from([deleted("Patient/1"), deleted("Patient?x=1"), {}, None, 5, {"resource": None}])
)
bundles = st.builds(lambda found, **members: bundle(found, **members), st.lists(entries, max_size=4))
indents = st.sampled_from([None, 0, 2])
fragments = st.sampled_from(
    [
        *(bytes([byte]) for byte in b'{}[],:"\\\n 1\xff'),
        *(b"null", b"\\u003a", b"\\ud800", b'"entry"', b'"resource"', b'"resourceType"', b'"Bundle"'),
        *(b'"Patient"', b'"id"', b'"fullUrl"', b'"request"', b'{"fullUrl":"u","resource":'),
        *(b'{"resourceType":"Bundle","entry":[', dumped(patient("1")), dumped(deleted("Patient/1"))),
    ]
)
near_json = st.lists(fragments, max_size=25).map(b"".join)
endings = st.sampled_from(["a.json", "a.ndjson", "a.json.gz", "a.xml"])


@given(endings, st.binary(max_size=60) | near_json)
@settings(max_examples=600)
def test_any_bytes_are_conserved(path: str, content: bytes) -> None:
    rows = split({path: content})
    assert_conserved(rows)
    if content.removeprefix(BOM).strip(SPACE) and not content.startswith(b"\x1f\x8b"):
        assert rows[FILE][0]["entries"] > 0 or rows[FILE][0]["kind"] in ("bundle", "ndjson")


@given(st.lists(near_json | st.binary(max_size=20), max_size=4), st.booleans())
def test_a_day_of_any_files_is_conserved(contents: list[bytes], is_packed: bool) -> None:
    drop = {f"{i}.{'nd' * (i % 2)}json": content for i, content in enumerate(contents)}
    if is_packed:
        drop = {path: gzip.compress(content) for path, content in drop.items()}
    assert_conserved(split(drop))


@given(bundles, indents, st.data())
def test_a_bundle_torn_anywhere_keeps_every_entry_that_is_complete(
    value: dict[str, Any], indent: int | None, data: st.DataObject
) -> None:
    content = dumped(value, indent=indent)
    cut = data.draw(st.integers(0, len(content)))
    ends = _entry_ends(content)

    def complete(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [outcome for outcome in found if 0 <= outcome[2] < len(ends) and ends[outcome[2]] <= cut]

    torn = split({"a.json": content[:cut]})
    assert complete(outcomes(torn, content[:cut])) == complete(outcomes(split({"a.json": content}), content))
    assert torn[FILE][0]["quarantined"] >= (cut < len(content))
    assert_conserved(torn)


@given(st.data(), indents)
@settings(max_examples=300)
def test_a_damaged_byte_in_an_entry_costs_no_other_entry(data: st.DataObject, indent: int | None) -> None:
    three = [posted(patient(resource_id, name=[{"given": ["a", "b"]}])) for resource_id in "123"]
    content = dumped(bundle(three), indent=indent)
    ends = _entry_ends(content)
    place = data.draw(st.integers(content.index(b"{", ends[0]) + 1, ends[1] - 1))
    damage = data.draw(st.sampled_from([*(bytes([byte]) for byte in b'{}[],:"\\x\xff'), b""]))
    rest = content[place + data.draw(st.integers(0, 1)) :]
    rows = split({"a.json": content[:place] + damage + rest})
    assert {"1", "3"} <= {row["resource_id"] for row in resources(rows)}
    assert_conserved(rows)


def _entry_ends(content: bytes) -> list[int]:
    """Where each entry of a Bundle ends, told by Python's own decoder."""
    text = content.decode()
    position = text.index('"entry":') + len('"entry":')
    position = text.index("[", position) + 1
    ends, decoder = [], json.JSONDecoder()
    while True:
        while text[position] in " \n,":
            position += 1
        if text[position] == "]":
            return ends
        _, position = decoder.raw_decode(text, position)
        ends.append(len(text[:position].encode()))


@given(bundles, indents)
def test_the_quick_way_and_the_thorough_way_say_the_same(value: dict[str, Any], indent: int | None) -> None:
    content = dumped(value, indent=indent)
    quick = read_bundle(content, READER)
    thorough = [outcome for run in salvage(content, READER) for outcome in run.outcomes]
    if quick is None:
        assert not all(isinstance(outcome, Resource) for outcome in thorough)
    else:
        assert quick == thorough


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: _shuffled(value[name], chance) for name in names}
    return [_shuffled(item, chance) for item in value] if isinstance(value, list) else value


@given(records, st.randoms(use_true_random=False), indents, st.booleans())
def test_canonical_json_knows_no_order_of_keys_and_no_white_space(
    value: dict[str, Any], chance: random.Random, indent: int | None, escape: bool
) -> None:
    plain = READER.read(dumped(value))
    written = json.dumps(_shuffled(value, chance), indent=indent, ensure_ascii=escape).encode()
    assert READER.read(written) == plain
    assert json.loads(plain.resource) == value
    assert READER.read(plain.resource) == plain


@given(st.lists(records, max_size=4), st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \n"]), st.booleans())
def test_each_line_of_ndjson_is_a_row(values: list[dict[str, Any]], ending: bytes, is_ended: bool) -> None:
    content = ending.join(map(dumped, values)) + (ending if is_ended else b"")
    rows = split({"a.ndjson": content})
    assert [json.loads(row["resource"]) for row in resources(rows)] == values
    step = ending.count(b"\n")
    assert [row["line"] for row in resources(rows)] == [1 + step * index for index in range(len(values))]


@given(values, indents)
def test_the_scanner_ends_where_the_value_ends(value: Any, indent: int | None) -> None:
    text = dumped(value, indent=indent)
    scanner = Scanner(text + b" ,")
    scanner.skip()
    assert scanner.position == len(text)


@given(near_json)
def test_the_scanner_takes_all_that_a_decoder_takes(text: bytes) -> None:
    scanner = Scanner(text)
    try:
        scanner.skip()
        is_whole = scanner.skip_space() == len(text)
    except Malformed:
        is_whole = False
    try:
        json.loads(text)
    except ValueError:
        return
    assert is_whole


@given(near_json)
def test_a_record_is_read_or_refused(text: bytes) -> None:
    try:
        resource = READER.read(text)
    except Refused:
        return
    assert json.loads(resource.resource) == json.loads(text)
