"""The SQL by which a day of a table is compared with its new rows and replaced by them, in one statement.

Rows are told apart by the contract's grain, which is never NULL: the structural rules hold that before
anything is published.
"""

from __future__ import annotations

import datetime

from healthlake.contracts.model import DT, Contract


def changes(contract: Contract, before: str, after: str) -> str:
    """SELECT of two numbers: the rows that only relation `after` has, and those that only `before` has."""
    columns = ", ".join(contract.column_names)
    return (
        "SELECT count(CASE WHEN is_before = 0 THEN 1 END) AS added,"
        " count(CASE WHEN is_after = 0 THEN 1 END) AS removed"
        " FROM (SELECT max(is_before) AS is_before, max(is_after) AS is_after"
        f" FROM (SELECT {columns}, 1 AS is_before, 0 AS is_after FROM {before}"
        f" UNION ALL SELECT {columns}, 0, 1 FROM {after}) AS both_sides GROUP BY {columns}) AS told"
    )


def source(contract: Contract, table: str, day: datetime.date, after: str) -> str:
    """SELECT of the day's new rows, and of the keys of those that are gone, with `is_gone`."""
    keys = [name for name in contract.grain if name != DT]
    columns = ", ".join(
        f"coalesce(n.{name}, o.{name}) AS {name}" if name in keys else f"n.{name}"
        for name in contract.column_names
    )
    on = " AND ".join(f"n.{name} = o.{name}" for name in keys)
    return (
        f"SELECT {columns}, n.{DT} IS NULL AS is_gone FROM {after} AS n FULL OUTER JOIN"
        f" (SELECT {', '.join(keys)} FROM {table} WHERE {DT} = DATE '{day}') AS o ON {on}"
    )


def merge(contract: Contract, table: str, day: datetime.date, source: str) -> str:
    """MERGE of `source` (a SELECT of what the function of that name gives) into the day of `table`."""
    keys = [name for name in contract.grain if name != DT]
    values = [name for name in contract.column_names if name not in (DT, *keys)]
    # The literal lets the engine read the day's files alone.
    on = " AND ".join((f"t.{DT} = DATE '{day}'", *(f"t.{name} = s.{name}" for name in keys)))
    differs = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in values)
    update = ", ".join(f"{name} = s.{name}" for name in values)
    return (
        f"MERGE INTO {table} AS t USING ({source}) AS s ON {on}"
        " WHEN MATCHED AND s.is_gone THEN DELETE"
        f" WHEN MATCHED AND ({differs}) THEN UPDATE SET {update}"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join(contract.column_names)})"
        f" VALUES ({', '.join(f's.{name}' for name in contract.column_names)})"
    )
