"""What the reference model predicts of `gold_data_quality_dashboard`, in the columns of
`reference.COLUMNS`."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tests.model.histories import KINDS
from tests.model.reference import (
    COLLAPSED,
    CURRENT,
    HISTORY,
    OUTCOMES,
    Model,
    Row,
    Version,
    collapse,
    winners,
)

_NONE: Mapping[str, int] = Counter()
_SUBJECT = {"Encounter": slice(2, 3), "Observation": slice(3, 4)}
"""Where a row has patient_id."""
_GRAIN = slice(3, 6)
"""Where an observation's row has patient, time and code."""


def dashboard(model: Model, dt: datetime.date) -> list[Row]:
    """The rows as known on `dt`."""
    bronze = [v for on, versions in model.bronze.items() if on <= dt for v in versions]
    files = [on for on, number in model.files.items() if on <= dt for _ in range(number)]
    lines = [
        _line(dt, "bronze_deletion", [v.dt for v in bronze if v.resource is None]),
        _line(dt, "bronze_file", files),
        _line(dt, "bronze_other", []),
        _line(dt, "bronze_quarantine", []),
        _line(dt, "silver_quarantine", [v.dt for v in bronze if v.is_wrong]),
    ]
    for kind in KINDS:
        of_kind = [v.dt for v in bronze if v.kind == kind and v.resource is not None]
        lines += [_line(dt, f"bronze_{kind.lower()}", of_kind), *_silver_lines(model, kind, dt)]
    return lines


def _silver_lines(model: Model, kind: str, dt: datetime.date) -> list[Row]:
    history = model.versions(kind, dt)
    current = list(winners(history))
    before, now = ([row for v in of for row in v.rows()] for of in (history, [v for _, v in current]))
    nulls = [
        row
        for v in history
        if v.resource is not None
        for row in v.rows()
        if _is_null(row, _SUBJECT.get(kind))
    ]
    counts = model.account[kind].get(dt, _NONE)
    made = [_line(dt, HISTORY[kind], [r[0] for r in before], len(nulls), counts, _re_sent(history, dt))]
    if kind != "Observation":
        found = [row for row in now if _is_null(row, _SUBJECT.get(kind))]
        return [*made, _line(dt, CURRENT[kind], [row[0] for row in now], len(found))]
    grains = len(list(collapse(current)))
    found = [row for row in now if _is_null(row, _GRAIN)]
    collapsed = len(now) - len(found) - grains
    made.append(_line(dt, CURRENT[kind], [row[0] for row in now], len(found), collapsed=collapsed))
    return [*made, (dt, COLLAPSED, None, grains, *[0] * (len(OUTCOMES) + 4))]


def _is_null(row: Row, columns: slice | None) -> bool:
    return columns is not None and None in row[columns]


def _re_sent(history: Sequence[Version], dt: datetime.date) -> int:
    """The contents of `dt` that an earlier day had brought."""
    days: defaultdict[tuple[str, str], set[datetime.date]] = defaultdict(set)
    for each in history:
        days[each.key, each.content_hash].add(each.dt)
    return sum(dt in on and min(on) < dt for on in days.values())


def _line(
    dt: datetime.date,
    table: str,
    days: Sequence[datetime.date],
    nulls: int = 0,
    counts: Mapping[str, int] = _NONE,
    re_sent: int = 0,
    collapsed: int = 0,
) -> Row:
    outcomes = [counts[name] for name in OUTCOMES]
    return (dt, table, days.count(dt), len(days), nulls, *outcomes, re_sent, collapsed, counts["quarantined"])
