"""`healthlake trace`: the evidence behind a row, as a table or JSON, or its verbatim bytes.

What it prints holds paths and, with `--raw`, a record: for the person at the keyboard, who asked for it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from healthlake.contracts.model import Contract, Layer
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import UsageError
from healthlake.evidence import RawFile, record_bytes
from healthlake.gold_source import gold_source
from healthlake.trace import Fate, GoldTrace, Sighting, Trace, trace, trace_gold, trace_key, traced_table
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import cell_text, print_bytes, print_table, stdout

_SHORT = 12
"""Digits of a hash that a table shows."""

_SHARING = ("id", "index", "dt")


def show_trace(
    settings: Settings, name: str, key: str, is_raw: bool, day: datetime.date | None, form: str
) -> None:
    """Prints the evidence behind the row of table `name` with this key; with `is_raw` the bytes of the
    version that wins, or of the one of `day`."""
    table = traced_table(name)
    lake = LakeResource(settings)
    lake.require()
    query = QueryResource(lake)
    if table.layer is Layer.GOLD:
        source = gold_source(settings.sql_folder, table, settings.policy)
        with query.engine() as gold:
            _show_gold(trace_gold(gold, query.catalog(), table, source.relations, key), is_raw, form)
        return
    with query.embedded() as engine:
        found = trace(engine, trace_key(table, key))
        if is_raw:
            print_bytes(_raw(engine, table, found, day))
            return
    if form == "json":
        _print_json(_as_json(found))
    else:
        _print_trace(found)


def _raw(engine: DuckDBEngine, table: Contract, found: Trace, day: datetime.date | None) -> bytes:
    sighting = found.newest if day is None else found.on(day)
    if sighting is None:
        days = ", ".join(dict.fromkeys(str(each.at.dt) for each in found.sightings))
        raise UsageError(f"tracing a row of {table.name}: nothing of it came on {day}. It came on {days}.")
    content_hash = None if sighting.is_deleted else sighting.content_hash
    return record_bytes(engine, engine.catalog.layout, sighting.at, content_hash)


def _print_trace(found: Trace) -> None:
    for line in _headline(found):
        stdout.print(cell_text(line), markup=False)
    if found.sharing:
        rows = [tuple(map(str, row)) for row in found.sharing]
        print_table("Rows that share the grain; the first is shown", _SHARING, rows)
    header = (
        "dt",
        "fate",
        "version_time",
        "last_updated",
        "content_hash",
        "file_id",
        "line",
        "entry",
        "detail",
    )
    print_table("Deliveries", header, [_row(each) for each in found.sightings], (6, 7), grouped=False)
    files = [(file.dt, file.file_id[:_SHORT], file.lies_at) for file in found.files]
    print_table("Files", ("dt", "file_id", "path"), files)
    for fate in dict.fromkeys(each.fate for each in found.sightings):
        stdout.print(f"{fate}: {fate.sentence}", markup=False)


def _headline(found: Trace) -> list[str]:
    newest = found.newest
    file = _file_of(found, newest)
    return [
        f"{found.current}: {_state(found)}",
        f"  file     {file.lies_at if file else 'not in bronze_file'}",
        f"  sha256   {newest.at.file_id} (of the uncompressed content)",
        f"  position line {newest.at.line}, entry {newest.at.entry}",
    ]


def _state(found: Trace) -> str:
    newest, decided = found.newest, found.newest.fate in (Fate.WINS, Fate.DELETES)
    if not decided:
        return f"no version of it is in silver; last delivered {newest.at.dt}"
    expected = (newest.at,) if newest.fate is Fate.WINS else ()
    if found.rows != expected:
        return f"behind its history: run `healthlake materialize --from {newest.at.dt}`"
    if newest.fate is Fate.DELETES:
        return f"no row, deleted by the drop of {newest.at.dt}"
    return f"the current row is of {newest.at.dt}"


def _row(each: Sighting) -> tuple[object, ...]:
    at = each.at
    return (
        at.dt,
        str(each.fate),
        each.version_time,
        each.last_updated,
        each.content_hash[:_SHORT],
        at.file_id[:_SHORT],
        at.line,
        at.entry,
        each.detail,
    )


def _file_of(found: Trace, sighting: Sighting) -> RawFile | None:
    at = sighting.at
    return next((file for file in found.files if (file.dt, file.file_id) == (at.dt, at.file_id)), None)


def _as_json(found: Trace) -> Mapping[str, Any]:
    def sighting(each: Sighting) -> Mapping[str, Any]:
        file = _file_of(found, each)
        return {
            "dt": each.at.dt,
            "fate": str(each.fate),
            "version_time": each.version_time,
            "last_updated": each.last_updated,
            "content_hash": each.content_hash,
            "is_deleted": each.is_deleted,
            "detail": each.detail,
            "file_id": each.at.file_id,
            "line": each.at.line,
            "entry": each.at.entry,
            "path": None if file is None else file.lies_at,
        }

    return {
        "current_table": found.current,
        "current_rows": [
            {"dt": at.dt, "file_id": at.file_id, "line": at.line, "entry": at.entry} for at in found.rows
        ],
        "sharing": [dict(zip(_SHARING, row, strict=True)) for row in found.sharing],
        "deliveries": [sighting(each) for each in found.sightings],
    }


def _show_gold(found: GoldTrace, is_raw: bool, form: str) -> None:
    if is_raw:
        raise UsageError(
            f"tracing a row of {found.table}: a gold row is computed from many records, so there are no bytes"
            " of it. Trace a row of silver."
        )
    if form == "json":
        inputs = [{"table": each.table, "dt": each.dt, "rows": each.rows} for each in found.inputs]
        _print_json({"table": found.table, "dt": found.dt, "rows": found.rows, "inputs": inputs})
        return
    stdout.print(f"{found.table}: {found.rows:,} rows of {found.dt} match, computed from", markup=False)
    rows = [(each.table, each.dt, each.rows) for each in found.inputs]
    print_table("", ("table", "dt", "rows"), rows, (2,))


def _print_json(document: Mapping[str, Any]) -> None:
    stdout.out(json.dumps(document, ensure_ascii=False, default=str, indent=1))
