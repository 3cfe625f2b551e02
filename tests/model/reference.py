"""The reference model: DESIGN §5 in plain Python. Given the files of each day it predicts every row of
history, of the current tables, of the account and of the dashboard, in the columns of `COLUMNS`.

Shares no code with healthlake. Knows only the resources that histories.py makes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.model.histories import KINDS, TIMES, Delete, Entry, File

Row = tuple[Any, ...]

_VERSION = ("last_updated", "content_hash", "resource_bytes")
_POSITION = ("file_id", "line", "entry")
_FACTS = {
    "Patient": ("patient_id", "is_active"),
    "Encounter": ("encounter_id", "patient_id"),
    "Observation": (
        "observation_id",
        "component_index",
        "patient_id",
        "obs_datetime",
        "obs_code",
        "value_quantity",
    ),
}
HISTORY = {kind: f"silver_{kind.lower()}_history" for kind in KINDS}
CURRENT = dict(
    zip(KINDS, ("silver_dim_patient", "silver_fct_encounter", "silver_fct_observation_value"), strict=True)
)
COLLAPSED, ACCOUNT, DASHBOARD = (
    "silver_fct_observation",
    "silver_reconciliation",
    "gold_data_quality_dashboard",
)
OUTCOMES = ("exact", "superseded", "conflicts")

COLUMNS: dict[str, tuple[str, ...]] = {
    **{HISTORY[k]: ("dt", *_FACTS[k], *_VERSION, "is_deleted", *_POSITION) for k in KINDS},
    **{CURRENT[k]: ("dt", *_FACTS[k], *_VERSION, *_POSITION) for k in KINDS},
    COLLAPSED: ("dt", *_FACTS["Observation"], *_VERSION, *_POSITION, "n_collapsed", "n_distinct_values"),
    ACCOUNT: (
        "dt",
        "table_name",
        "bronze_rows",
        "deletions",
        "history_resources",
        "history_rows",
        *OUTCOMES,
        "quarantined",
    ),
    DASHBOARD: (
        "dt",
        "table_name",
        "rows_of_day",
        "rows_as_of",
        "rows_with_null_key",
        *OUTCOMES,
        "re_sent",
        "late",
        "reverted",
        "collapsed",
        "quarantined",
        "orphans",
        "days_since_newest_event",
    ),
}


@dataclass(frozen=True, slots=True)
class Version:
    """What one position of one drop says of an id; `resource` is None where it deletes."""

    dt: datetime.date
    kind: str
    key: str
    stated: datetime.datetime | None
    content_hash: str
    size: int
    position: tuple[str, int, int]
    resource: dict[str, Any] | None
    is_wrong: bool

    def facts(self) -> list[Row]:
        """The conformed columns, one row for each value of an observation."""
        body = self.resource
        if body is None:
            return [(self.key, -1, *[None] * 4) if self.kind == "Observation" else (self.key, None)]
        if self.kind == "Patient":
            return [(self.key, body.get("active"))]
        subject = body["subject"]["reference"].removeprefix("Patient/") if "subject" in body else None
        if self.kind == "Encounter":
            return [(self.key, subject)]
        parts = body.get("component", [])
        own = [(-1, body)] if "valueQuantity" in body or not parts else []
        when = TIMES[body.get("effectiveDateTime")]
        return [
            (self.key, index, subject, when, part["code"]["coding"][0]["code"], _number(part))
            for index, part in [*own, *enumerate(parts)]
        ]

    def rows(self, *further: Any) -> list[Row]:
        tail = (self.stated, self.content_hash, self.size, *further, *self.position)
        return [(self.dt, *facts, *tail) for facts in self.facts()]


def _number(part: Mapping[str, Any]) -> float | None:
    return float(part["valueQuantity"]["value"]) if "valueQuantity" in part else None


def canonical(value: Any) -> str:
    """Keys sorted, no white space, the digits of a number as written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def split(dt: datetime.date, drop: Mapping[str, File]) -> list[Version]:
    """The versions in a drop; files with one content are read once."""
    files = {file.file_id: file for file in drop.values()}.values()
    return [_version(dt, file, *placed) for file in files for placed in file.placed()]


def _version(dt: datetime.date, file: File, line: int, entry: int, found: Entry) -> Version:
    position = (file.file_id, line, entry)
    if isinstance(found, Delete):
        stated = TIMES[found.modified] or TIMES[file.timestamp]
        micros = stated and (stated - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
        text = canonical([found.kind, found.key, micros])
        return Version(dt, found.kind, found.key, stated, _sha256(text), 0, position, None, False)
    text = canonical(found)
    stated = TIMES[found.get("meta", {}).get("lastUpdated")]
    kind, key, size = found["resourceType"], found["id"], len(text.encode())
    return Version(dt, kind, key, stated, _sha256(text), size, position, found, "contained" in found)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ranked(versions: Sequence[Version]) -> list[tuple[tuple[Any, ...], Version]]:
    """The contents of one id, each by its earliest version, the winner first; beside each its place in the
    order of versions."""
    earliest: dict[str, Version] = {}
    for each in sorted(versions, key=lambda v: (v.dt, v.position)):
        earliest.setdefault(each.content_hash, each)
    placed = [
        ((_version_time(v, versions), v.dt, v.resource is None, v.size, v.content_hash), v)
        for v in earliest.values()
    ]
    return sorted(placed, key=lambda pair: pair[0], reverse=True)


def _version_time(version: Version, versions: Sequence[Version]) -> datetime.datetime:
    if version.stated:
        return version.stated
    known = [v.stated for v in versions if v.dt <= version.dt and v.stated]
    return max([datetime.datetime.combine(version.dt, datetime.time()), *known])


def by_key(versions: Iterable[Version]) -> Iterator[list[Version]]:
    groups: defaultdict[str, list[Version]] = defaultdict(list)
    for each in versions:
        groups[each.key].append(each)
    yield from groups.values()


def winners(versions: Iterable[Version]) -> Iterator[tuple[tuple[Any, ...], Version]]:
    """The winner of each id and its place; deleted ids left out."""
    firsts = (ranked(group)[0] for group in by_key(versions))
    return (first for first in firsts if first[1].resource is not None)


def conform(versions: Sequence[Version]) -> tuple[list[Version], Counter[str]]:
    """One version per id of one type's part of a drop, and what became of the others."""
    counts: Counter[str] = Counter(
        bronze_rows=sum(v.resource is not None for v in versions),
        deletions=sum(v.resource is None for v in versions),
        quarantined=sum(v.is_wrong for v in versions),
    )
    kept = []
    for group in by_key(v for v in versions if not v.is_wrong):
        (winning, winner), *others = ranked(group)
        kept.append(winner)
        counts["exact"] += len(group) - 1 - len(others)
        for losing, _ in others:
            counts["superseded" if losing[0] < winning[0] else "conflicts"] += 1
    return kept, counts


def collapse(values: Iterable[tuple[tuple[Any, ...], Version]]) -> Iterator[Row]:
    """One row per patient, time and code; where one of these is NULL, none."""
    shared: defaultdict[Row, list[tuple[Row, Row]]] = defaultdict(list)
    for place, version in values:
        for row in version.rows():
            key, index, *grain = row[1:6]
            if None not in grain:
                shared[tuple(grain)].append(((*place, key, index), row))
    for rows in shared.values():
        distinct = {row[6] for _, row in rows}
        yield (*max(rows, key=lambda pair: pair[0])[1], len(rows), len(distinct))


class Model:
    """A lake: `drops` as they lie in raw, and what was made of each day when it was materialized."""

    def __init__(self) -> None:
        self.drops: defaultdict[datetime.date, dict[str, File]] = defaultdict(dict)
        self.bronze: dict[datetime.date, list[Version]] = {}
        self.files: dict[datetime.date, int] = {}
        self.history: dict[str, dict[datetime.date, list[Version]]] = {kind: {} for kind in KINDS}
        self.account: dict[str, dict[datetime.date, Counter[str]]] = {kind: {} for kind in KINDS}

    def materialize(self, days: Iterable[datetime.date], kinds: Iterable[str]) -> None:
        for dt in days:
            self.bronze[dt], self.files[dt] = split(dt, self.drops[dt]), len(self.drops[dt])
            for kind in kinds:
                of_kind = [v for v in self.bronze[dt] if v.kind == kind]
                self.history[kind][dt], self.account[kind][dt] = conform(of_kind)

    def rows(self) -> dict[str, list[Row]]:
        """The rows of every silver table."""
        found = {ACCOUNT: [self._account(kind, dt) for kind in KINDS for dt in self.account[kind]]}
        for kind in KINDS:
            history = self.versions(kind, datetime.date.max)
            found[HISTORY[kind]] = [row for v in history for row in v.rows(v.resource is None)]
            found[CURRENT[kind]] = [row for _, v in winners(history) for row in v.rows()]
        found[COLLAPSED] = list(collapse(winners(self.versions("Observation", datetime.date.max))))
        return found

    def versions(self, kind: str, until: datetime.date) -> list[Version]:
        """The history of the days up to `until`."""
        return [v for dt, versions in self.history[kind].items() if dt <= until for v in versions]

    def _account(self, kind: str, dt: datetime.date) -> Row:
        versions, counts = self.history[kind][dt], self.account[kind][dt]
        rows = sum(len(v.facts()) for v in versions)
        outcomes = [counts[name] for name in (*OUTCOMES, "quarantined")]
        return (dt, HISTORY[kind], counts["bronze_rows"], counts["deletions"], len(versions), rows, *outcomes)
