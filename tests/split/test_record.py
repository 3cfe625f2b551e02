"""One resource: canonical JSON, duplicate keys, depth, size, last_updated."""

from __future__ import annotations

import hashlib
import json

import pytest

from healthlake.split import Reason, RecordReader, record
from healthlake.split.outcome import Refused, Resource

READER = RecordReader(("Patient",))


def read(members: str) -> Resource:
    return READER.read(b'{"resourceType":"Patient","id":"1",' + members.encode() + b"}")


def value(text: str) -> str:
    """The canonical form of one value."""
    canonical = read(f'"z":{text}').resource.decode()
    return canonical.removeprefix('{"id":"1","resourceType":"Patient","z":').removesuffix("}")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("1.00", "1.00"),
        ("1.0", "1.0"),
        ("1", "1"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1E5", "1E+5"),
        ("1e5", "1E+5"),
        ("1e+5", "1E+5"),
        ("10e4", "1.0E+5"),
        ("1e-7", "1E-7"),
        ("0.0000001", "1E-7"),
        ("1e400", "1E+400"),
        ("12345678901234567890123456789", "12345678901234567890123456789"),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
        ("123456789.01234567890123", "123456789.01234567890123"),
        ('"\\u00e9\\/\\u001F"', '"é/\\u001f"'),
        ('"\\ud83d\\ude00"', '"😀"'),
        ('{"b":1,"a":[{"d":null,"c":true}]}', '{"a":[{"c":true,"d":null}],"b":1}'),
    ],
)
def test_canonical_json_keeps_every_digit(written: str, canonical: str) -> None:
    assert value(written) == canonical


def test_different_numbers_differ_and_spelling_does_not_count() -> None:
    assert value("1.00") != value("1.0") != value("1") != value('"1"')
    assert value('{"a" : 1 ,\n"b":\t2}') == value('{"b":2,"a":1}')


def test_the_hash_is_that_of_the_column() -> None:
    resource = read('"gender":"male"')
    assert resource.content_hash == hashlib.sha256(resource.resource).hexdigest()
    assert resource.resource_bytes == len(resource.resource)


@pytest.mark.parametrize(
    "members",
    [
        '"a":1,"a":1',
        '"a":1,"\\u0061":2',
        '"a":{"b":[{"c":1,"c":2}]}',
        '"a":1,"a":"\\u003a"',
        '"a":1,"a":2,"b":"\\u003a"',
        '"a":1,"a":2,"b":"\\\\u003a"',
        '"a":1,"a":2,"b":":"',
        '"id":"1"',
        '"":1,"":2',
    ],
)
def test_a_repeated_key_is_never_dropped_in_silence(members: str) -> None:
    with pytest.raises(Refused) as caught:
        read(members)
    assert caught.value.reason is Reason.DUPLICATE_KEY


@pytest.mark.parametrize("text", [":", "\\u003a", "\\u003A", "\\\\u003a", "\\\\\\u003a", "a:b\\u003ac::"])
def test_colons_in_strings_are_no_repeated_keys(text: str) -> None:
    assert json.loads(read(f'"a":"{text}"').resource)["a"] == json.loads(f'"{text}"')


def nested(depth: int, opening: str, closing: str) -> str:
    """A value that nests `depth` containers."""
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ("[1,", "]")])
def test_the_bound_on_nesting_is_exact(opening: str, closing: str) -> None:
    containers = sum(opening.count(bracket) for bracket in "[{")
    # The resource itself is one more.
    fits = (record.MAX_DEPTH - 1) // containers
    read(f'"z":{nested(fits, opening, closing)}')
    for depth in (fits + 1, 10 * record.MAX_DEPTH):
        with pytest.raises(Refused) as caught:
            read(f'"z":{nested(depth, opening, closing)}')
        assert caught.value.reason is Reason.TOO_DEEP


def test_a_wide_resource_is_not_deep() -> None:
    read('"z":[' + ",".join(['{"a":[1]}'] * 2000) + "]")


def test_a_record_that_no_column_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_BYTES", 100)
    with pytest.raises(Refused) as caught:
        read(f'"z":"{"a" * 100}"')
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_record_that_decoded_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_VALUES", 100)
    assert read(f'"z":[{"[],{}," * 20}0]').resource_id == "1"
    with pytest.raises(Refused) as caught:
        read(f'"z":[{"[],{}," * 30}0]')
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("meta", "micros"),
    [
        ('{"lastUpdated":"1970-01-01T00:00:01Z"}', 1_000_000),
        ('{"lastUpdated":"yesterday"}', None),
        ('{"lastUpdated":""}', None),
        ('{"lastUpdated":5}', None),
        ("{}", None),
        ('"1970-01-01T00:00:01Z"', None),
        ("[]", None),
    ],
)
def test_last_updated_is_that_of_meta_where_it_is_an_instant(meta: str, micros: int | None) -> None:
    assert read(f'"meta":{meta}').last_updated == micros
