"""FHIR instants as microseconds since 1970 in UTC.

Python's own parser takes forms that FHIR hasn't, and not the same ones in each version, so a pattern does the
reading.
"""

from __future__ import annotations

import datetime
import re

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(?:(0\d|1[0-3]):([0-5]\d)|(14):00))",
    re.ASCII,
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def parse_instant(text: object) -> int | None:
    """Microseconds since 1970 in UTC; None where `text` is no FHIR instant.

    Date, time to the second and an offset of at most 14 hours are required; digits of a fraction beyond the
    sixth are cut off. A leap second, 24:00 and what is outside the years 1 to 9999 in UTC are None.
    """
    if not isinstance(text, str) or (match := _INSTANT.fullmatch(text)) is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes, fourteen = match.groups()
    offset = datetime.timedelta(hours=int(hours or fourteen or 0), minutes=int(minutes or 0))
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        local = datetime.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), micros, datetime.UTC
        )
        utc = local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None
    return (utc - _EPOCH) // _MICROSECOND
