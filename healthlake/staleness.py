"""Which gold days are stale: what each day was computed from is recorded as a fingerprint, and compared with
what it would be computed from now.

A fingerprint is over the SQL and the names of the data files that it reads, of days up to the gold day.
Unchanged partitions keep their files, so a rerun that gives the same rows makes nothing stale. It stands in
the table's properties, never in a row. Nothing here scans a table, and nothing computes one.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from healthlake.bronze import is_corrected
from healthlake.contracts.bronze import BRONZE_DELETION, BRONZE_FILE
from healthlake.contracts.model import Contract, Kind
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_RECONCILIATION, ResourceType
from healthlake.engine.protocol import Engine
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.raw import drop_files, landed_days
from healthlake.lake.table_version import TableFile

_PROPERTY = "healthlake.inputs."

_CONFORMED = "healthlake.conformed."
"""Prefix of a history table's property that says what bronze a day was conformed from."""


def fingerprints(
    catalog: LakeCatalog, sql: str, inputs: Sequence[Contract], days: Iterable[datetime.date]
) -> dict[datetime.date, str]:
    """For each of `days`: what a SELECT that reads `inputs` would be computed from now."""
    running = hashlib.sha256(sql.encode())
    by_day: list[tuple[datetime.date, str]] = []
    for contract in sorted(inputs, key=lambda each: each.name):
        for file in _files(catalog, contract):
            name = f"{contract.name}/{Path(file.path).name}"
            # A MERGE on Athena may only add a file that deletes rows of this one.
            name += "".join(f" {Path(each).name}" for each in file.deletes)
            if contract.kind is Kind.CURRENT:
                # A current table has no days to be cut at.
                running.update(name.encode())
            else:
                by_day.append((file.day, name))
    found, rest = {}, iter(sorted(by_day))
    upcoming = next(rest, None)
    for day in sorted(days):
        while upcoming and upcoming[0] <= day:
            running.update(upcoming[1].encode())
            upcoming = next(rest, None)
        found[day] = running.copy().hexdigest()[:16]
    return found


def _files(catalog: LakeCatalog, contract: Contract) -> Sequence[TableFile]:
    version = catalog.version(contract)
    return version.files if version else ()


def record(catalog: LakeCatalog, contract: Contract, computed: Mapping[datetime.date, str]) -> None:
    """Records what days of a gold table were computed from. After their commit: killed in between, a day
    counts as stale, and is computed again."""
    known = catalog.properties(contract)
    told = {f"{_PROPERTY}{day.isoformat()}": text for day, text in computed.items()}
    if changes := {name: text for name, text in told.items() if known.get(name) != text}:
        catalog.set_properties(contract, changes)


def stale_days(
    catalog: LakeCatalog, contract: Contract, sql: str, inputs: Sequence[Contract]
) -> list[datetime.date]:
    """The days of a gold table whose inputs, or whose SQL, changed since they were computed, and those that
    have silver and were never computed, ascending."""
    known = catalog.properties(contract)
    days = {file.day for table in (contract, SILVER_RECONCILIATION) for file in _files(catalog, table)}
    days |= {
        datetime.date.fromisoformat(name.removeprefix(_PROPERTY))
        for name in known
        if name.startswith(_PROPERTY)
    }
    now = fingerprints(catalog, sql, inputs, days)
    return sorted(day for day in days if known.get(f"{_PROPERTY}{day.isoformat()}") != now[day])


def bronze_fingerprints(
    catalog: LakeCatalog, kind: ResourceType, days: Iterable[datetime.date]
) -> dict[datetime.date, str]:
    """For each of `days`: the bronze that a resource type's history is conformed from, by its files."""
    named: dict[datetime.date, list[str]] = {day: [] for day in days}
    for contract in (kind.bronze, BRONZE_DELETION):
        for file in _files(catalog, contract):
            if file.day in named:
                named[file.day].append(f"{contract.name}/{Path(file.path).name}")
    return {
        day: hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
        for day, names in named.items()
    }


def record_conformed(catalog: LakeCatalog, kind: ResourceType, computed: Mapping[datetime.date, str]) -> None:
    """Records what bronze days were conformed from, after all tables of the type have them: killed before, a
    day is conformed again."""
    known = catalog.properties(kind.history)
    told = {f"{_CONFORMED}{day.isoformat()}": text for day, text in computed.items()}
    if changes := {name: text for name, text in told.items() if known.get(name) != text}:
        catalog.set_properties(kind.history, changes)


def unconformed_days(catalog: LakeCatalog) -> list[datetime.date]:
    """The days whose bronze changed since silver was conformed from it, and the landed ones that never were
    for one of the types, ascending. Rows needn't differ in number: a correction may have as many."""
    found: set[datetime.date] = set()
    due = {*landed_days(catalog.layout), *(file.day for file in _files(catalog, BRONZE_FILE))}
    for kind in RESOURCE_TYPES:
        known = {
            datetime.date.fromisoformat(name.removeprefix(_CONFORMED)): text
            for name, text in catalog.properties(kind.history).items()
            if name.startswith(_CONFORMED)
        }
        now = bronze_fingerprints(catalog, kind, due.union(known))
        found.update(day for day, text in now.items() if known.get(day) != text)
    return sorted(found)


def changed_days(
    engine: Engine, catalog: LakeCatalog, until: datetime.date | None = None
) -> list[datetime.date]:
    """The days (up to `until`) whose bronze or silver is behind their drop, ascending."""
    behind = {day for day in unconformed_days(catalog) if until is None or day <= until}
    return sorted(behind.union(unsplit_days(engine, catalog, until)))


def unsplit_days(
    engine: Engine, catalog: LakeCatalog, until: datetime.date | None = None
) -> list[datetime.date]:
    """The landed days (up to `until`) whose drop has other files than bronze was made from (by path and size,
    and by what was corrected since), ascending."""
    engine.doing("comparing raw with bronze")
    engine.read(BRONZE_FILE)
    known: dict[datetime.date, set[tuple[str, int]]] = {}
    for day, path, size in engine.rows(f"SELECT dt, path, size_bytes FROM {BRONZE_FILE.name}"):
        known.setdefault(day, set()).add((path, size))
    landed = sorted({*landed_days(catalog.layout), *known})
    return [
        day
        for day in landed
        if (until is None or day <= until)
        and (
            is_corrected(catalog, day)
            or {(file.column_path, file.size_bytes) for file in drop_files(catalog.layout, day)}
            != known.get(day, set())
        )
    ]
