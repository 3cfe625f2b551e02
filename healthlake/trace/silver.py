"""The evidence behind a silver row: every time that its id was delivered, what became of each, and the files
that they lie in.

Reads columns of positions and versions, of bronze just the days on which silver knows the id, and no JSON.
The key that is asked for is a value of a record: it is a row of relation `asked`, never text in SQL or in an
error. What is given holds files' paths, for the person who asks.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import pyarrow as pa

from healthlake.contracts.bronze import BRONZE_DELETION, POSITION_NAMES
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import SILVER_QUARANTINE, ResourceType
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.engine.protocol import Row
from healthlake.errors import UsageError
from healthlake.evidence import Position, raw_files
from healthlake.trace.key import TraceKey
from healthlake.trace.model import Fate, Sighting, Trace
from healthlake.versions import VERSION_INPUT, Outcome, classify

_ASKED = "IN (SELECT id FROM asked)"

_OVER_ALL: Mapping[str, Fate] = {
    Outcome.KEPT: Fate.WINS,
    Outcome.EXACT: Fate.RE_SENT,
    Outcome.SUPERSEDED: Fate.SUPERSEDED,
    Outcome.CONFLICT: Fate.CONFLICT,
}
_IN_DROP: Mapping[str, Fate] = {
    Outcome.KEPT: Fate.NOT_IN_SILVER,
    Outcome.EXACT: Fate.EXACT_IN_DROP,
    Outcome.SUPERSEDED: Fate.SUPERSEDED_IN_DROP,
    Outcome.CONFLICT: Fate.CONFLICT_IN_DROP,
}


def trace(engine: DuckDBEngine, key: TraceKey) -> Trace:
    """The evidence behind a row. `UsageError` where no table has the key."""
    kind = key.kind
    if engine.read(kind.history).snapshot_id is None:
        raise UsageError(
            f"tracing a row of {key.table}: no day was ever materialized. Run `healthlake materialize --from"
            " DAY` first."
        )
    sharing = _sharing(engine, key)
    resource_id = sharing[0][0] if key.grain else key.resource_id
    engine.connection.register("asked", pa.table({"id": pa.array([resource_id], pa.string())}))
    days = _store_traced(engine, key)
    if not days:
        raise _unknown(key, f"{kind.history.name} and {SILVER_QUARANTINE.name}")
    sightings = _sightings(engine, kind, days)
    places = {(each.at.dt, each.at.file_id) for each in sightings}
    files = raw_files(engine, engine.catalog.layout, places)
    return Trace(kind.current.name, _current_rows(engine, kind), sightings, tuple(files), tuple(sharing))


def _store_traced(engine: DuckDBEngine, key: TraceKey) -> list[datetime.date]:
    """Relations `traced` and `traced_aside`: the id's versions in history, and its rows in quarantine. Gives
    their days; none where the id is unknown or never had a part of that index."""
    kind, name = key.kind, key.kind.history.name
    engine.doing(f"looking a key up in {name}")
    engine.read(SILVER_QUARANTINE)
    columns = ", ".join((kind.key, *VERSION_INPUT))
    mine = f"FROM {name} WHERE {kind.key} {_ASKED}"
    engine.store("traced", f"SELECT DISTINCT {columns} {mine}")
    engine.store(
        "traced_aside",
        f"SELECT * FROM {SILVER_QUARANTINE.name} WHERE table_name = '{name}' AND resource_id {_ASKED}",
    )
    if key.index is not None:
        ((parts,),) = engine.rows(f"SELECT count(*) {mine} AND {kind.row_key[-1]} = {key.index}")
        if not parts:
            return []
    return [day for (day,) in engine.rows("SELECT dt FROM traced UNION SELECT dt FROM traced_aside")]


def _sharing(engine: DuckDBEngine, key: TraceKey) -> list[Row]:
    """Row keys and days of the rows that share the grain asked for, the one shown first."""
    collapsed = key.kind.collapsed
    if not key.grain or collapsed is None:
        return []
    asked = {
        name: pa.array([value], pa.timestamp("us") if isinstance(value, datetime.datetime) else pa.string())
        for name, value in zip(collapsed.columns, key.grain, strict=True)
    }
    engine.connection.register("asked_grain", pa.table(asked))
    shown, others = (_of_grain(engine, key, table) for table in (collapsed.table, key.kind.current))
    if not shown:
        raise _unknown(key, collapsed.table.name)
    return shown + [row for row in others if row not in shown]


def _of_grain(engine: DuckDBEngine, key: TraceKey, table: Contract) -> list[Row]:
    engine.read(table)
    engine.doing(f"looking a key up in {table.name}")
    names = ", ".join(f"r.{name}" for name in (*key.kind.row_key, "dt"))
    on = " AND ".join(f"a.{name} = r.{name}" for name in TABLES[key.table].grain)
    return sorted(engine.rows(f"SELECT {names} FROM {table.name} AS r INNER JOIN asked_grain AS a ON {on}"))


def _current_rows(engine: DuckDBEngine, kind: ResourceType) -> tuple[Position, ...]:
    engine.read(kind.current)
    engine.doing(f"looking a key up in {kind.current.name}")
    names = ", ".join(("dt", *POSITION_NAMES))
    rows = engine.rows(f"SELECT DISTINCT {names} FROM {kind.current.name} WHERE {kind.key} {_ASKED}")
    return tuple(sorted(Position(*row) for row in rows))


def _sightings(
    engine: DuckDBEngine, kind: ResourceType, days: Sequence[datetime.date]
) -> tuple[Sighting, ...]:
    """Everything that was delivered on `days`, and what history has beyond that, by day and position."""
    places = ", ".join(("dt", *POSITION_NAMES))
    facts = "last_updated, content_hash, is_deleted"
    ranked = {
        Position(*row[:4]): row[4:]
        for row in engine.rows(
            f"SELECT {places}, version_time, {facts}, outcome FROM ({classify('traced', kind.key)}) AS c"
        )
    }
    _store_delivered(engine, kind, days)
    in_drop = {
        Position(*row[:4]): _IN_DROP[row[4]]
        for row in engine.rows(
            f"SELECT {places}, outcome FROM ({classify('delivered_well', 'resource_id, drop_day')}) AS c"
        )
    }
    found = [
        _sighting(Position(*row[:4]), row[4:7], row[7], ranked, in_drop)
        for row in engine.rows(f"SELECT {places}, {facts}, aside FROM delivered")
    ]
    seen = {each.at for each in found}
    found += [
        Sighting(at, Fate.NOT_IN_BRONZE, time, stated, content_hash, is_deleted)
        for at, (time, stated, content_hash, is_deleted, _) in ranked.items()
        if at not in seen
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def _sighting(
    at: Position,
    facts: Row,
    aside: str | None,
    ranked: Mapping[Position, Row],
    in_drop: Mapping[Position, Fate],
) -> Sighting:
    stated, content_hash, is_deleted = facts
    if aside is not None:
        return Sighting(at, Fate.QUARANTINED, None, stated, content_hash, is_deleted, aside)
    if at not in ranked:
        return Sighting(at, in_drop[at], None, stated, content_hash, is_deleted)
    time, *_, outcome = ranked[at]
    fate = Fate.DELETES if is_deleted and outcome == Outcome.KEPT else _OVER_ALL[outcome]
    return Sighting(at, fate, None if fate is Fate.RE_SENT else time, stated, content_hash, is_deleted)


def _store_delivered(engine: DuckDBEngine, kind: ResourceType, days: Sequence[datetime.date]) -> None:
    """Relation `delivered`: the id's rows of bronze, with why they were set `aside`; and those that weren't,
    each with its day as part of the key, to rank them inside their drops."""
    for table in (kind.bronze, BRONZE_DELETION):
        engine.read(table, days)
    engine.doing(f"looking a key up in {kind.bronze.name}")
    on = " AND ".join(f"b.{name} = q.{name}" for name in ("dt", *POSITION_NAMES))
    positions = ", ".join(f"b.{name}" for name in POSITION_NAMES)
    engine.store(
        "delivered",
        f"SELECT b.resource_id, b.dt, b.last_updated, b.content_hash, b.resource_bytes, FALSE AS is_deleted,"
        f" {positions}, CASE WHEN q.reason IS NOT NULL THEN concat(q.reason, ' ', coalesce(q.detail, ''))"
        f" WHEN b.shape_error IS NOT NULL THEN b.shape_error END AS aside FROM {kind.bronze.name} AS b"
        f" LEFT JOIN traced_aside AS q ON {on} WHERE b.resource_id {_ASKED}"
        " UNION ALL SELECT b.resource_id, b.dt, b.deleted_datetime, b.content_hash, 0, TRUE,"
        f" {positions}, NULL FROM {BRONZE_DELETION.name} AS b"
        f" WHERE b.resource_type = '{kind.name}' AND b.resource_id {_ASKED}",
    )
    engine.define("delivered_well", "SELECT *, dt AS drop_day FROM delivered WHERE aside IS NULL")


def _unknown(key: TraceKey, looked_at: str) -> UsageError:
    return UsageError(
        f"tracing a row of {key.table}: there is no such key (looked at {looked_at}, all days). Expected"
        f' {key.expected}. See what keys there are: healthlake sql "SELECT * FROM {key.table} LIMIT 5"'
    )
