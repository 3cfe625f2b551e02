"""The current state of a type, from its history: for each touched id the winning version, or nothing where it
is deleted.

Each current table's snapshot records the history snapshot that it was derived from. What was added to or
removed from history since then, on both sides, is what has to be looked at: a kill between two commits is
made good by the next run of any day, and no JSON of an earlier day is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from healthlake.contracts.model import Contract
from healthlake.contracts.silver import Grain, ResourceType
from healthlake.engine.protocol import Engine, Published
from healthlake.lake.expiry import DERIVED_FROM
from healthlake.lake.table_version import Version
from healthlake.versions import VERSION_INPUT, Outcome, classify, order_by, winners

_LOSES = f"outcome <> '{Outcome.KEPT}' OR is_deleted"

Audit = Callable[[Contract, str], None]
"""Called with a table and a relation of it as it would be; raises where a structural rule is violated."""


def derived_from(history: Contract) -> str:
    """The snapshot property that records which snapshot of `history` a table was derived from."""
    return f"{DERIVED_FROM}{history.name}"


def refresh_current(engine: Engine, kind: ResourceType, base: Version, audit: Audit) -> Published:
    """Brings the current table up to the history as it is now; `base` is the current table as it is."""
    history = engine.read(kind.history)
    if is_up_to_date(kind, base, history):
        return _unchanged(engine, kind.current, base, audit)
    touched = _touched(engine, kind, kind.current, base, "touched")
    engine.doing(f"choosing the current versions of {kind.current.name}")
    # All ids in a first table.
    within = touched if base.files else None
    losing = _store_losing(engine, kind, within)
    engine.define(f"{kind.current.name}_new", _current_rows(kind, within, losing))
    engine.doing(f"merging {kind.current.name}")
    return engine.merge(
        kind.current,
        [kind.key],
        touched,
        f"{kind.current.name}_new",
        {derived_from(kind.history): str(history.snapshot_id)},
        lambda relation: audit(kind.current, relation),
    )


def refresh_collapsed(
    engine: Engine, kind: ResourceType, grain: Grain, base: Version, audit: Audit
) -> Published:
    """Brings the collapsed table up to history: every grain key that an old or new row of a touched id had is
    done again.

    The keys come from history, never from the current table: that may be one commit ahead.
    """
    history = engine.read(kind.history)
    table, name = grain.table, grain.table.name
    if is_up_to_date(kind, base, history):
        return _unchanged(engine, table, base, audit)
    touched = _touched(engine, kind, table, base, "touched_by_grain")
    engine.doing(f"choosing the rows of {name}")
    engine.store_few(f"{name}_keys", _grain_keys(kind, grain, touched))
    engine.read(kind.current)
    several = _store_sharing(engine, kind, grain, is_first=not base.files)
    engine.define(f"{name}_new", _collapsed_rows(kind, grain) if several else _rows_alone(kind, grain))
    engine.doing(f"merging {name}")
    return engine.merge(
        table,
        grain.columns,
        f"{name}_keys",
        f"{name}_new",
        {derived_from(kind.history): str(history.snapshot_id)},
        lambda relation: audit(table, relation),
    )


def is_up_to_date(kind: ResourceType, base: Version, history: Version) -> bool:
    """Whether a current table, as of `base`, is what `history` says."""
    return base.properties.get(derived_from(kind.history)) == str(history.snapshot_id)


def _unchanged(engine: Engine, table: Contract, base: Version, audit: Audit) -> Published:
    """The table as it is, audited like one that changed."""
    engine.read(table)
    audit(table, table.name)
    return Published(base, changed=False)


def _touched(engine: Engine, kind: ResourceType, table: Contract, base: Version, name: str) -> str:
    """Stores the ids whose history changed since `base` of `table` was derived, and relates the rows that
    tell as `{name}_rows`. Where that is not known, these are all of history and of the table: it may hold
    ids and grain keys that history has no more."""
    recorded = base.properties.get(derived_from(kind.history))
    since = int(recorded) if recorded and recorded != "None" else None
    sources = [f"{name}_files"]
    if not engine.read_changes(kind.history, since, f"{name}_files"):
        engine.read(table)
        sources.append(table.name)
    columns = ", ".join((kind.key, *(kind.collapsed.columns if kind.collapsed else ())))
    engine.define(f"{name}_rows", " UNION ALL ".join(f"SELECT {columns} FROM {each}" for each in sources))
    engine.store_few(name, f"SELECT DISTINCT {kind.key} FROM {name}_rows")
    return name


def _store_losing(engine: Engine, kind: ResourceType, within: str | None) -> str | None:
    """Stores the days of ids whose rows are not the current ones: older versions, copies, deletions.

    Few ids of a drop are also in another one or deleted, and only their versions are ranked. What is left out
    is small, so that rows are copied and not joined with their versions: None where nothing is.
    """
    key, history, name = kind.key, kind.history.name, f"{kind.current.name}_losing"
    several = f"{kind.current.name}_several"
    engine.store_few(
        several,
        f"SELECT {key} FROM {history}{_within(key, within)} GROUP BY {key}"
        " HAVING min(dt) <> max(dt) OR max(CASE WHEN is_deleted THEN 1 ELSE 0 END) = 1",
    )
    columns = ", ".join((key, *VERSION_INPUT))
    versions = f"SELECT DISTINCT {columns} FROM {history} WHERE {key} IN (SELECT {key} FROM {several})"
    loses = f"SELECT {key}, dt FROM ({classify(f'({versions}) AS v', key)}) AS c WHERE {_LOSES}"
    return name if engine.store_few(name, loses) else None


def _current_rows(kind: ResourceType, within: str | None, losing: str | None) -> str:
    columns = ", ".join(f"h.{name}" for name in kind.current.column_names)
    kept = f"SELECT * FROM {kind.history.name}{_within(kind.key, within)}"
    loses = f"SELECT 1 FROM {losing} AS l WHERE l.{kind.key} = h.{kind.key} AND l.dt = h.dt"
    return f"SELECT {columns} FROM ({kept}) AS h" + (f" WHERE NOT EXISTS ({loses})" if losing else "")


def _within(key: str, relation: str | None) -> str:
    return f" WHERE {key} IN (SELECT {key} FROM {relation})" if relation else ""


def _grain_keys(kind: ResourceType, grain: Grain, touched: str) -> str:
    keys = ", ".join(grain.columns)
    return (
        f"SELECT DISTINCT {keys} FROM ("
        f"SELECT {keys} FROM {kind.history.name} WHERE {kind.key} IN (SELECT {kind.key} FROM {touched}) "
        f"UNION ALL SELECT {keys} FROM {touched}_rows) AS k WHERE {_none_null(grain)}"
    )


def _none_null(grain: Grain, prefix: str = "") -> str:
    return " AND ".join(f"{prefix}{column} IS NOT NULL" for column in grain.columns)


def _store_sharing(engine: Engine, kind: ResourceType, grain: Grain, is_first: bool) -> bool:
    """The rows of touched grain keys, in a first table all rows; and apart, those that share their key with
    another, with the version order of the observations that they belong to. Few rows do, and only they are
    ranked and compared. False where none does."""
    name, current = grain.table.name, kind.current.name
    keys = ", ".join(grain.columns)
    touched = f" INNER JOIN {name}_keys AS k ON {_equal('c', 'k', grain.columns)}"
    engine.define(
        f"{name}_rows",
        f"SELECT c.* FROM {current} AS c{'' if is_first else touched} WHERE {_none_null(grain, 'c.')}",
    )
    shared = f"SELECT {keys}, count(*) AS n FROM {name}_rows GROUP BY {keys} HAVING count(*) > 1"
    if not engine.store_few(f"{name}_shared", shared):
        return False
    engine.store(
        f"{name}_sharing",
        f"SELECT c.*, k.n AS n_collapsed FROM {name}_rows AS c INNER JOIN {name}_shared AS k "
        f"ON {_equal('c', 'k', grain.columns)}",
    )
    columns = ", ".join((kind.key, *VERSION_INPUT))
    versions = (
        f"SELECT DISTINCT {columns} FROM {kind.history.name} "
        f"WHERE {kind.key} IN (SELECT {kind.key} FROM {name}_sharing)"
    )
    engine.store(f"{name}_winner", winners(f"({versions}) AS v", kind.key))
    return True


def _rows_alone(kind: ResourceType, grain: Grain) -> str:
    one = "CAST(1 AS BIGINT)"
    columns = ", ".join(f"c.{column}" for column in kind.current.column_names)
    alone = f"{one} AS n_collapsed, {one} AS n_distinct_values"
    return f"SELECT {columns}, {alone} FROM {grain.table.name}_rows AS c"


def _collapsed_rows(kind: ResourceType, grain: Grain) -> str:
    """A row that is alone at its key as it is; of several the first by the order of versions, then the
    largest row key."""
    name, names = grain.table.name, kind.current.column_names
    value = ", ".join(f"'{column}', {column}" for column in grain.distinct)
    keys = ", ".join(grain.columns)
    order = order_by("w.") + "".join(f", s.{column} DESC" for column in kind.row_key)
    ranked = (
        f"SELECT s.*, row_number() OVER (PARTITION BY {', '.join(f's.{c}' for c in grain.columns)} ORDER BY"
        f" {order}) AS grain_rank FROM {name}_sharing AS s INNER JOIN {name}_winner AS w ON s.{kind.key} ="
        f" w.{kind.key}"
    )
    distinct = (
        f"SELECT {keys}, count(DISTINCT named_struct({value})) AS n_distinct_values FROM {name}_sharing GROUP"
        f" BY {keys}"
    )
    return (
        f"{_rows_alone(kind, grain)} WHERE NOT EXISTS (SELECT 1 FROM {name}_shared AS k WHERE"
        f" {_equal('k', 'c', grain.columns)}) UNION ALL"
        f" SELECT {', '.join(f'r.{column}' for column in names)}, r.n_collapsed, d.n_distinct_values FROM"
        f" ({ranked}) AS r INNER JOIN ({distinct}) AS d ON {_equal('r', 'd', grain.columns)}"
        " WHERE r.grain_rank = 1"
    )


def _equal(left: str, right: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)
