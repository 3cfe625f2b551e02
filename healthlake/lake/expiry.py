"""Expiry: snapshots that nobody needs any more go, and then the files that no kept snapshot names, those of
killed runs among them.

A writer that holds the table's lock calls this at the end of its run. Kept are the last snapshots that
changed rows, those that are tagged, those that a derived table's record names, and those that were current
since the oldest engine at work on the lake started (on S3: since a day ago). Refuses to look at rows.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from healthlake.contracts.model import Contract
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.paths import walk
from healthlake.lake.scratch import oldest_start

KEPT_SNAPSHOTS = 10
"""The last snapshots of a table are kept, this many."""

DERIVED_FROM = "healthlake.derived-from."
"""Prefix of the snapshot property that records which snapshot of another table a table was derived from."""

LONGEST_USE = datetime.timedelta(days=1)
"""On S3 other machines may be at work, and no lock tells: what was current in this time may still be read,
and a file that is younger may be about to be published. Longer than any job or query may run."""

_TAG = "dt_"


@dataclass(frozen=True, slots=True)
class Expired:
    """How many snapshots and files went."""

    snapshots: int = 0
    files: int = 0


def expire(catalog: LakeCatalog, contract: Contract, derived: Iterable[Contract] = ()) -> Expired:
    """Expires snapshots of `contract`, from which `derived` tables are made, and removes files."""
    snapshots = catalog.snapshots(contract)
    if not snapshots:
        return Expired()
    needed = _recorded(catalog, contract, derived) | _read_now(catalog, snapshots)
    needed |= _last_states(catalog, contract, [number for number, _ in snapshots])
    old = [number for number, _ in snapshots if number not in needed]
    try:
        gone = catalog.expire(contract, old)
    except CommitConflict:
        # Another machine writes the table, which no lock of this one holds off. Its run tidies, or the next.
        return Expired()
    return Expired(gone, _remove_unnamed(catalog, contract))


def _last_states(catalog: LakeCatalog, contract: Contract, snapshots: list[int]) -> set[int]:
    """The current snapshot, and the last that changed rows: a re-delivery makes snapshots that don't, and
    would push earlier states out."""
    same = catalog.record_only(contract)
    states = [number for number in snapshots if number not in same]
    return {*states[-KEPT_SNAPSHOTS:], snapshots[-1]}


def _recorded(catalog: LakeCatalog, contract: Contract, derived: Iterable[Contract]) -> set[int]:
    found = set()
    for table in derived:
        version = catalog.version(table)
        text = version.properties.get(f"{DERIVED_FROM}{contract.name}") if version else None
        if text and text.isdecimal():
            found.add(int(text))
    return found


def _read_now(catalog: LakeCatalog, snapshots: list[tuple[int, datetime.datetime]]) -> set[int]:
    """Snapshots that an engine that is at work may have opened: a snapshot is current until the next is
    made."""
    start = oldest_start(catalog.layout.scratch)
    if catalog.layout.is_remote:
        start = datetime.datetime.now(datetime.UTC) - LONGEST_USE
    if start is None:
        return set()
    following = [made for _, made in snapshots[1:]]
    return {number for (number, _), until in zip(snapshots, following, strict=False) if until >= start}


def _remove_unnamed(catalog: LakeCatalog, contract: Contract) -> int:
    named = catalog.named_files(contract)
    young = time.time() - LONGEST_USE.total_seconds() if catalog.layout.is_remote else math.inf
    removed = 0
    for each in walk(catalog.layout.table(contract)):
        if str(each.path) not in named and each.modified < young:
            each.path.unlink()
            removed += 1
    return removed


def tag_days(
    catalog: LakeCatalog, contract: Contract, days: Collection[datetime.date], age: datetime.timedelta
) -> None:
    """Tags the current snapshot `dt_YYYY_MM_DD` for each of `days`, so that what gold said of them stays
    readable for `age`; tags past their age go."""
    version = catalog.version(contract)
    if version is not None and version.snapshot_id is not None:
        names = [f"{_TAG}{day:%Y_%m_%d}" for day in days]
        catalog.tag(contract, version.snapshot_id, names, age)
