"""FHIR instants: the forms that FHIR has, and none else."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthlake.split.instant import parse_instant

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def micros(*parts: int) -> int:
    moment = datetime.datetime(*parts, tzinfo=datetime.UTC)  # type: ignore[misc,arg-type]  # year to microsecond
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T10:00:00Z", micros(2026, 1, 1, 10)),
        ("2026-01-01T10:00:00+02:00", micros(2026, 1, 1, 8)),
        ("2026-01-01T10:00:00-05:30", micros(2026, 1, 1, 15, 30)),
        ("2026-01-01T10:00:00+14:00", micros(2025, 12, 31, 20)),
        ("2026-01-01T10:00:00-00:00", micros(2026, 1, 1, 10)),
        ("2026-01-01T10:00:00.5Z", micros(2026, 1, 1, 10, 0, 0, 500_000)),
        ("2026-01-01T10:00:00.1234567899Z", micros(2026, 1, 1, 10, 0, 0, 123_456)),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("0001-01-01T00:00:00Z", micros(1, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", micros(9999, 12, 31, 23, 59, 59, 999_999)),
        ("2024-02-29T00:00:00Z", micros(2024, 2, 29)),
    ],
)
def test_an_instant_is_its_microseconds_in_utc(text: str, expected: int) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T10:00:00",
        "2026-01-01T10:00Z",
        "2026-01-01",
        "2026-02-30T10:00:00Z",
        "2023-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:00:00+15:00",
        "2026-01-01T10:00:00+14:01",
        "2026-01-01T10:00:00+02",
        "2026-01-01T10:00:00+0200",
        "2026-01-01T10:00:00+02:60",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00,5Z",
        "2026-01-01 10:00:00Z",
        "2026-01-01t10:00:00z",
        "20260101T100000Z",
        "2026-W01-1T10:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-01-01T10:00:00Z\n",
        " 2026-01-01T10:00:00Z",
        "٢٠٢٦-01-01T10:00:00Z",
        "",
        None,
        5,
        ["2026-01-01T10:00:00Z"],
    ],
)
def test_what_is_no_instant_is_none(text: object) -> None:
    assert parse_instant(text) is None


@given(st.datetimes(timezones=st.just(datetime.UTC)), st.integers(-14 * 60, 14 * 60))
def test_an_offset_moves_the_text_and_not_the_instant(moment: datetime.datetime, minutes: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    try:
        text = moment.astimezone(zone).isoformat()
    except OverflowError:
        return
    text = text if "." in text else text.replace(text[19:], "." + "0" * 6 + text[19:])
    assert parse_instant(text) == (moment - EPOCH) // datetime.timedelta(microseconds=1)
