"""`healthlake quarantine`: what was set aside, by reason, file and position; and the bytes of one record.

Lists hold no value of a record and no file's name. `show` prints a record as delivered: for the person at the
keyboard, who asked for it.
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields

from healthlake.conform.overtaken import Overtaken, overtaken
from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.errors import UsageError
from healthlake.evidence import Position, record_bytes, stretch_bytes
from healthlake.quarantine import Quarantined, Wanted, quarantined, reasons
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.rows import write_csv, write_json
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_bytes, print_table, stderr, stdout

SHOWN_BYTES = 64 * 1024
"""How much of a record is shown unless all of it is asked for."""

_HEADER = tuple(field.name for field in fields(Quarantined))
_NUMBERS = tuple(index for index, name in enumerate(_HEADER) if name in ("line", "entry") or "byte" in name)
_SHORT = 12
"""Digits of a file_id that a table shows; `--show` takes as few."""


def list_quarantine(settings: Settings, wanted: Wanted, form: str, is_summary: bool) -> None:
    """The rows, or how many there are for each day, table and reason."""
    require_reason(wanted.reason)
    lake = LakeResource(settings)
    require_bronze(lake)
    with QueryResource(lake).embedded() as engine:
        everything = quarantined(engine)
        found = [row for row in everything if row in wanted]
        behind = overtaken(engine)
    if is_summary:
        _write(form, ("dt", "table", "reason", "files", "rows"), _counted(found), (3, 4))
    else:
        shown = [_shortened(row) if form == "table" else astuple(row) for row in found]
        _write(form, _HEADER, shown, _NUMBERS)
    # Beside csv or json it isn't data.
    console = stdout if form == "table" else stderr
    for line in _told(found, behind):
        console.print(line, markup=False)


def show_record(settings: Settings, place: str, is_whole: bool) -> None:
    """Prints the bytes of one record; `place` is FILE_ID:BYTE_OFFSET or FILE_ID:LINE:ENTRY."""
    lake = LakeResource(settings)
    require_bronze(lake)
    with QueryResource(lake).embedded() as engine:
        row = _row_at(quarantined(engine), place)
        at = Position(row.dt, row.file_id, row.line, row.entry)
        if row.byte_offset is None or row.byte_length is None:
            record = record_bytes(engine, lake.layout, at, None)
            size, shown = len(record), record if is_whole else record[:SHOWN_BYTES]
        else:
            size = row.byte_length
            length = size if is_whole else min(size, SHOWN_BYTES)
            shown = stretch_bytes(engine, lake.layout, at, row.byte_offset, length)
    print_bytes(shown)
    if len(shown) < size:
        stderr.print(f"the first {len(shown):,} of {size:,} bytes; --all prints it whole", markup=False)


def require_reason(reason: str | None) -> None:
    """`UsageError` for a reason that there isn't."""
    if reason is not None and reason not in reasons():
        near = difflib.get_close_matches(reason, reasons(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"reading --reason: there is no reason {reason!r}.{hint} See docs/quarantine.md.")


def require_bronze(lake: LakeResource) -> None:
    """`UsageError` where no day was ever materialized: nothing in quarantine would mean nothing then."""
    version = lake.catalog().version(BRONZE_FILE)
    if version is None or version.snapshot_id is None:
        raise UsageError(
            "reading the quarantine: no day was ever materialized. Run `healthlake materialize --from DAY`"
            " first."
        )


def _row_at(rows: Sequence[Quarantined], place: str) -> Quarantined:
    file_id, *numbers = place.split(":")
    if len(file_id) < _SHORT or not all(number.lstrip("-").isdigit() for number in numbers):
        numbers = []
    if len(numbers) not in (1, 2):
        raise UsageError(
            f"reading --show: {place!r} is no place. Expected FILE_ID:BYTE_OFFSET or FILE_ID:LINE:ENTRY as"
            f" `healthlake quarantine` lists them; of the file_id {_SHORT} digits do."
        )
    wanted = tuple(map(int, numbers))
    found = [
        row
        for row in rows
        if row.file_id.startswith(file_id)
        and wanted == ((row.byte_offset,) if len(wanted) == 1 else (row.line, row.entry))
    ]
    if not found:
        raise UsageError(
            f"reading --show: nothing is in quarantine at {place}. List what is: healthlake quarantine"
        )
    return found[0]


def _counted(rows: Sequence[Quarantined]) -> list[tuple[object, ...]]:
    counts = Counter((row.dt, row.table, row.reason) for row in rows)
    files = {
        key: len({row.file_id for row in rows if (row.dt, row.table, row.reason) == key}) for key in counts
    }
    return [(*key, files[key], count) for key, count in counts.items()]


def _shortened(row: Quarantined) -> tuple[object, ...]:
    return tuple(
        row.file_id[:_SHORT] if name == "file_id" else value
        for name, value in zip(_HEADER, astuple(row), strict=True)
    )


def _told(found: Sequence[Quarantined], behind: Sequence[Overtaken]) -> list[str]:
    days, files = len({row.dt for row in found}), len({row.file_id for row in found})
    with_row = {each.current: each.with_row for each in behind if each.with_row}
    without = {each.current: each.without_row for each in behind if each.without_row}
    return [
        f"In quarantine: rows {len(found):,}, days {days:,}, files {files:,}",
        "Ids with a newer version in quarantine than their current row:"
        f" {sum(with_row.values()):,}{_by_table(with_row)}; with no row but there:"
        f" {sum(without.values()):,}{_by_table(without)}",
    ]


def _by_table(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{table} {count:,}' for table, count in counts.items())})" if counts else ""


def _write(
    form: str, header: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int]
) -> None:
    if form == "csv":
        write_csv(sys.stdout, header, rows)
    elif form == "json":
        write_json(sys.stdout, header, rows)
    elif rows:
        print_table("", header, rows, numbers, grouped=False)
