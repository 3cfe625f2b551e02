"""History of one day: bronze rows of a type -> one version per id, conformed, with an account of what became
of the rest.

Portable SQL; relations are named after the type, so that one engine can hold several.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from healthlake.contracts.bronze import BRONZE_DELETION, POSITION_NAMES
from healthlake.contracts.model import Column, Contract
from healthlake.contracts.silver import SILVER_QUARANTINE, SILVER_RECONCILIATION, ResourceType
from healthlake.engine.protocol import Engine, Staged
from healthlake.versions import Outcome, classify

WRONG_SHAPE = "wrong_shape"

_CARRIED = ("dt", "last_updated", "content_hash", "resource_bytes", *POSITION_NAMES, "local_references")


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """One type's day, staged: `quarantine` and `account` are SELECTs of its rows of the shared tables."""

    staged: Staged
    quarantine: str
    account: str


def stage_history(engine: Engine, kind: ResourceType, day: datetime.date) -> HistoryDay:
    """Stages the type's history of one day. The relations of its bronze table and of bronze_deletion hold
    that day."""
    candidate = f"{kind.history.name}_candidate"
    engine.doing(f"ranking the versions of {kind.bronze.name} for {day}")
    engine.store(candidate, classify(f"({_versions(kind, day)}) AS v", "resource_id"))
    source = _kept_rows(engine, kind, candidate)
    viewed = f"{kind.history.name}_viewed"
    engine.doing(f"conforming {kind.history.name} for {day}")
    engine.apply_view(viewed, kind, source, _CARRIED)
    staged = engine.stage(kind.history, day, _history_rows(kind, viewed, candidate))
    return HistoryDay(staged, _quarantine(kind, day), _account(kind, day, candidate, staged.relation))


def _versions(kind: ResourceType, day: datetime.date) -> str:
    """The day's resources of right shape, and its deletions, as versions."""
    columns = (
        "resource_id, dt, last_updated, content_hash, resource_bytes, FALSE AS is_deleted, file_id, line,"
        " entry"
    )
    deletions = (
        "resource_id, dt, deleted_datetime AS last_updated, content_hash, 0 AS resource_bytes, TRUE AS"
        " is_deleted, file_id, line, entry"
    )
    return (
        f"SELECT {columns} FROM {kind.bronze.name} WHERE dt = DATE '{day}' AND shape_error IS NULL "
        f"UNION ALL SELECT {deletions} FROM {BRONZE_DELETION.name} "
        f"WHERE dt = DATE '{day}' AND resource_type = '{kind.name}'"
    )


def _kept_rows(engine: Engine, kind: ResourceType, candidate: str) -> str:
    """The bronze rows to conform: the relation itself where every row is kept, so that the usual day needs no
    join."""
    kept, of_day = engine.rows(
        f"SELECT (SELECT count(*) FROM {candidate} WHERE outcome = '{Outcome.KEPT}' AND NOT is_deleted), "
        f"(SELECT count(*) FROM {kind.bronze.name})"
    )[0]
    if kept == of_day:
        return kind.bronze.name
    name = f"{kind.history.name}_kept"
    on = " AND ".join(f"b.{column} = k.{column}" for column in POSITION_NAMES)
    engine.define(
        name,
        f"SELECT b.* FROM {kind.bronze.name} AS b INNER JOIN "
        f"(SELECT * FROM {candidate} WHERE outcome = '{Outcome.KEPT}' AND NOT is_deleted) AS k ON {on}",
    )
    return name


def _history_rows(kind: ResourceType, viewed: str, candidate: str) -> str:
    conformed = ", ".join(_conformed(column) for column in kind.history)
    tombstone = ", ".join(_tombstone(kind.history, kind, column) for column in kind.history)
    return (
        f"SELECT {conformed} FROM {viewed} UNION ALL "
        f"SELECT {tombstone} FROM {candidate} WHERE outcome = '{Outcome.KEPT}' AND is_deleted"
    )


def _conformed(column: Column) -> str:
    if column.name == "is_deleted":
        return "FALSE AS is_deleted"
    return f"{column.expression} AS {column.name}" if column.expression else column.name


def _tombstone(history: Contract, kind: ResourceType, column: Column) -> str:
    """A deletion has its key, its version and its position; every conformed column is NULL."""
    if column.name == kind.key:
        return f"resource_id AS {column.name}"
    if column.name in history.grain:
        return f"-1 AS {column.name}"
    if column.name in ("dt", "last_updated", "content_hash", "resource_bytes", "is_deleted", *POSITION_NAMES):
        return column.name
    return f"NULL AS {column.name}"


def _quarantine(kind: ResourceType, day: datetime.date) -> str:
    positions = ", ".join(POSITION_NAMES)
    select = (
        f"SELECT dt, '{kind.history.name}' AS table_name, {positions}, resource_id, '{WRONG_SHAPE}' AS"
        f" reason, shape_error AS detail FROM {kind.bronze.name} WHERE dt = DATE '{day}' AND shape_error IS"
        " NOT NULL"
    )
    return _in_order(SILVER_QUARANTINE, select)


def _account(kind: ResourceType, day: datetime.date, candidate: str, history: str) -> str:
    """Each relation is counted once."""
    of_day = f"dt = DATE '{day}'"
    counted = [
        (
            {"bronze_rows": "count(*)", "quarantined": "count(shape_error)"},
            f"{kind.bronze.name} WHERE {of_day}",
        ),
        (
            {"deletions": "count(*)"},
            f"{BRONZE_DELETION.name} WHERE {of_day} AND resource_type = '{kind.name}'",
        ),
        ({"history_resources": f"count(DISTINCT {kind.key})", "history_rows": "count(*)"}, history),
        (
            {
                "exact": f"count(CASE WHEN outcome = '{Outcome.EXACT}' THEN 1 END)",
                "superseded": f"count(CASE WHEN outcome = '{Outcome.SUPERSEDED}' THEN 1 END)",
                "conflicts": f"count(CASE WHEN outcome = '{Outcome.CONFLICT}' THEN 1 END)",
            },
            candidate,
        ),
    ]
    names = [name for counts, _ in counted for name in counts]
    selects = [
        f"SELECT {', '.join(f'{counts.get(name, 0)} AS {name}' for name in names)} FROM {source}"
        for counts, source in counted
    ]
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in names)
    return _in_order(
        SILVER_RECONCILIATION,
        f"SELECT DATE '{day}' AS dt, '{kind.history.name}' AS table_name, {sums}"
        f" FROM ({' UNION ALL '.join(selects)}) AS counted",
    )


def _in_order(contract: Contract, select: str) -> str:
    return f"SELECT {', '.join(contract.column_names)} FROM ({select}) AS r"
