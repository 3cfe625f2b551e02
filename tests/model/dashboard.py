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
_TIME = 4
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
    across = _across_days(history, {v.key: v.content_hash for _, v in current}, dt)
    days = [row[0] for row in now]
    orphans = _orphans(model, kind, now, dt)
    made = [_line(dt, HISTORY[kind], [r[0] for r in before], len(nulls), counts, across)]
    if kind != "Observation":
        found = [row for row in now if _is_null(row, _SUBJECT.get(kind))]
        return [*made, _line(dt, CURRENT[kind], days, len(found), orphans=orphans)]
    grains = len(list(collapse(current)))
    found = [row for row in now if _is_null(row, _GRAIN)]
    collapsed = len(now) - len(found) - grains
    times = [row[_TIME].date() for row in now if row[_TIME] is not None]
    age = (dt - max(times)).days if times else None
    made.append(_line(dt, CURRENT[kind], days, len(found), collapsed=collapsed, orphans=orphans, age=age))
    return [*made, (dt, COLLAPSED, None, grains, *[0] * (len(OUTCOMES) + 6), None, None)]


def _is_null(row: Row, columns: slice | None) -> bool:
    return columns is not None and None in row[columns]


def _orphans(model: Model, kind: str, rows: Sequence[Row], dt: datetime.date) -> int | None:
    """Rows of a patient that is not current."""
    if kind not in _SUBJECT:
        return None
    known = {version.key for _, version in winners(model.versions("Patient", dt))}
    return sum(row[_SUBJECT[kind]][0] not in (None, *known) for row in rows)


def _across_days(
    history: Sequence[Version], now: Mapping[str, str], dt: datetime.date
) -> tuple[int, int, int]:
    """Re-sent, late and reverted contents of `dt`; `now` has the content that each id has."""
    of_content: defaultdict[tuple[str, str], list[Version]] = defaultdict(list)
    first: dict[str, datetime.date] = {}
    for each in history:
        of_content[each.key, each.content_hash].append(each)
        first[each.key] = min(each.dt, first.get(each.key, each.dt))
    re_sent = late = reverted = 0
    for (key, content), versions in of_content.items():
        came = [v for v in versions if v.dt == dt]
        if not came:
            continue
        wins = key not in now if came[0].resource is None else now.get(key) == content
        is_known = min(v.dt for v in versions) < dt
        re_sent += is_known
        late += not is_known and first[key] < dt and not wins
        reverted += is_known and came[0].stated is None and not wins
    return re_sent, late, reverted


def _line(
    dt: datetime.date,
    table: str,
    days: Sequence[datetime.date],
    nulls: int = 0,
    counts: Mapping[str, int] = _NONE,
    across: tuple[int, int, int] = (0, 0, 0),
    collapsed: int = 0,
    orphans: int | None = None,
    age: int | None = None,
) -> Row:
    outcomes = [counts[name] for name in OUTCOMES]
    shown = (days.count(dt), len(days), nulls, *outcomes, *across, collapsed, counts["quarantined"])
    return (dt, table, *shown, orphans, age)
