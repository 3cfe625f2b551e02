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
from healthlake.lake.catalog import Version
from healthlake.versions import VERSION_INPUT, order_by, winners

Audit = Callable[[Contract, str], None]
"""Called with a table and a relation of it as it would be; raises where a structural rule is violated."""


def derived_from(history: Contract) -> str:
    """The snapshot property that records which snapshot of `history` a table was derived from."""
    return f"healthlake.derived-from.{history.name}"


def refresh_current(engine: Engine, kind: ResourceType, base: Version, audit: Audit) -> Published:
    """Brings the current table up to the history as it is now; `base` is the current table as it is."""
    history = engine.read(kind.history)
    if _is_up_to_date(kind, base, history):
        return _unchanged(engine, kind.current, base, audit)
    touched = _touched(engine, kind, base, "touched")
    engine.doing(f"choosing the current versions of {kind.current.name}")
    _store_winners(engine, kind, touched)
    engine.define(f"{kind.current.name}_new", _current_rows(kind))
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

    The keys come from history, never from the tables that are being changed: those may be one commit ahead.
    """
    history = engine.read(kind.history)
    table, keys = grain.table, ", ".join(grain.columns)
    if _is_up_to_date(kind, base, history):
        return _unchanged(engine, table, base, audit)
    touched = _touched(engine, kind, base, "touched_by_grain")
    not_null = " AND ".join(f"{column} IS NOT NULL" for column in grain.columns)
    engine.doing(f"choosing the rows of {table.name}")
    engine.store(
        f"{table.name}_keys",
        f"SELECT DISTINCT {keys} FROM ("
        f"SELECT {keys} FROM {kind.history.name} WHERE {kind.key} IN (SELECT {kind.key} FROM {touched}) "
        f"UNION ALL SELECT {keys} FROM {touched}_rows) AS k WHERE {not_null}",
    )
    engine.read(kind.current)
    _store_sharing(engine, kind, grain)
    engine.define(f"{table.name}_new", _collapsed_rows(kind, grain))
    engine.doing(f"merging {table.name}")
    return engine.merge(
        table,
        grain.columns,
        f"{table.name}_keys",
        f"{table.name}_new",
        {derived_from(kind.history): str(history.snapshot_id)},
        lambda relation: audit(table, relation),
    )


def _is_up_to_date(kind: ResourceType, base: Version, history: Version) -> bool:
    return base.properties.get(derived_from(kind.history)) == str(history.snapshot_id)


def _unchanged(engine: Engine, table: Contract, base: Version, audit: Audit) -> Published:
    """The table as it is, audited like one that changed."""
    engine.read(table)
    audit(table, table.name)
    return Published(base, changed=False)


def _touched(engine: Engine, kind: ResourceType, base: Version, name: str) -> str:
    """Stores the ids whose history changed since `base` was derived; all ids where that is not known."""
    recorded = base.properties.get(derived_from(kind.history))
    since = int(recorded) if recorded and recorded != "None" else None
    known = engine.read_changes(kind.history, since, f"{name}_rows")
    sources = [f"{name}_rows"] if known else [f"{name}_rows", kind.current.name]
    if not known:
        engine.read(kind.current)
    union = " UNION ".join(f"SELECT {kind.key} FROM {source}" for source in sources)
    engine.store(name, union if len(sources) > 1 else f"SELECT DISTINCT {kind.key} FROM {name}_rows")
    return name


def _store_winners(engine: Engine, kind: ResourceType, touched: str) -> None:
    columns = ", ".join((kind.key, *VERSION_INPUT))
    versions = (
        f"SELECT DISTINCT {columns} FROM {kind.history.name} WHERE {kind.key} IN (SELECT {kind.key} FROM"
        f" {touched})"
    )
    engine.store(f"{kind.current.name}_winner", winners(f"({versions}) AS v", kind.key))


def _current_rows(kind: ResourceType) -> str:
    columns = ", ".join(f"h.{name}" for name in kind.current.column_names)
    return (
        f"SELECT {columns} FROM {kind.history.name} AS h INNER JOIN {kind.current.name}_winner AS w "
        f"ON h.{kind.key} = w.{kind.key} AND h.dt = w.dt WHERE NOT w.is_deleted"
    )


def _store_sharing(engine: Engine, kind: ResourceType, grain: Grain) -> None:
    """The rows of touched grain keys; and apart, those that share their key with another, with the version
    order of the observations that they belong to. Few rows do, and only they are ranked and compared."""
    name, current = grain.table.name, kind.current.name
    keys = ", ".join(grain.columns)
    engine.define(
        f"{name}_rows",
        f"SELECT c.* FROM {current} AS c INNER JOIN {name}_keys AS k ON {_equal('c', 'k', grain.columns)}",
    )
    engine.store(f"{name}_counts", f"SELECT {keys}, count(*) AS n FROM {name}_rows GROUP BY {keys}")
    engine.store(
        f"{name}_sharing",
        f"SELECT c.*, k.n AS n_collapsed FROM {current} AS c INNER JOIN {name}_counts AS k "
        f"ON {_equal('c', 'k', grain.columns)} WHERE k.n > 1",
    )
    columns = ", ".join((kind.key, *VERSION_INPUT))
    versions = (
        f"SELECT DISTINCT {columns} FROM {kind.history.name} "
        f"WHERE {kind.key} IN (SELECT {kind.key} FROM {name}_sharing)"
    )
    engine.store(f"{name}_winner", winners(f"({versions}) AS v", kind.key))


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
        f"SELECT {', '.join(f'c.{column}' for column in names)}, k.n AS n_collapsed, k.n AS n_distinct_values"
        f" FROM {kind.current.name} AS c INNER JOIN {name}_counts AS k ON {_equal('c', 'k', grain.columns)}"
        f" WHERE k.n = 1 UNION ALL SELECT {', '.join(f'r.{column}' for column in names)}, r.n_collapsed,"
        f" d.n_distinct_values FROM ({ranked}) AS r INNER JOIN ({distinct}) AS d ON"
        f" {_equal('r', 'd', grain.columns)} WHERE r.grain_rank = 1"
    )


def _equal(left: str, right: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)
