"""Ids whose newest version is in quarantine: what the current table shows of them is older than what was
sent, or nothing is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from healthlake.contracts.bronze import POSITION_NAMES
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_QUARANTINE, ResourceType
from healthlake.engine.protocol import Engine
from healthlake.versions import VERSION_INPUT, winners


@dataclass(frozen=True, slots=True)
class Overtaken:
    """How many ids of a type have their newest version in quarantine: those with an older one in the current
    table, and those without any row there."""

    current: str
    with_row: int
    without_row: int


def overtaken(engine: Engine, types: Collection[ResourceType] = RESOURCE_TYPES) -> list[Overtaken]:
    """Counts of each type, over all days."""
    engine.read(SILVER_QUARANTINE)
    found = []
    for kind in types:
        for table in (kind.bronze, kind.history, kind.current):
            engine.read(table)
        engine.doing(f"comparing {kind.current.name} with what is in quarantine")
        key = kind.key
        ((ids, with_row),) = engine.rows(
            f"SELECT count(*), count(c.{key}) FROM ({newest_in_quarantine(kind)}) AS n"
            f" LEFT JOIN (SELECT DISTINCT {key} FROM {kind.current.name}) AS c ON c.{key} = n.{key}"
        )
        found.append(Overtaken(kind.current.name, with_row, ids - with_row))
    return found


def newest_in_quarantine(kind: ResourceType, of_day: str = "") -> str:
    """SELECT of the ids (column `kind.key`) of which a version in quarantine would win over all of history
    by the order of versions. `of_day` is SQL for a day: then only what that day quarantined is looked at."""
    key, history = kind.key, kind.history.name
    where = f"q.table_name = '{history}'" + (f" AND q.dt = {of_day}" if of_day else "")
    place = " AND ".join(f"{{0}}.{column} = q.{column}" for column in ("dt", *POSITION_NAMES))
    pruned = f" AND b.dt = {of_day}" if of_day else ""
    carried = ", ".join(f"b.{name}" for name in VERSION_INPUT if name != "is_deleted")
    names = ", ".join(name for name in VERSION_INPUT if name != "is_deleted")
    aside = (
        f"SELECT b.resource_id AS {key}, {carried}, FALSE AS is_deleted FROM {kind.bronze.name} AS b"
        f" INNER JOIN {SILVER_QUARANTINE.name} AS q ON {place.format('b')} WHERE {where}{pruned}"
    )
    asked = f"SELECT q.resource_id FROM {SILVER_QUARANTINE.name} AS q WHERE {where}"
    known = f"SELECT DISTINCT {key}, {names}, is_deleted FROM {history} WHERE {key} IN ({asked})"
    newest = winners(f"({aside} UNION ALL {known}) AS v", key)
    return (
        f"SELECT w.{key} FROM ({newest}) AS w INNER JOIN {SILVER_QUARANTINE.name} AS q"
        f" ON {place.format('w')} WHERE {where}"
    )
