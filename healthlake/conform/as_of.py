"""The current state as known on a day: the winners of the history up to it. Gold reads history only through
this."""

from __future__ import annotations

import datetime

from healthlake.contracts.silver import ResourceType
from healthlake.versions import VERSION_INPUT, winners


def as_of_name(kind: ResourceType) -> str:
    """The name under which gold's SQL reads it: the current table's with `_as_of`."""
    return f"{kind.current.name}_as_of"


def as_of(kind: ResourceType, day: datetime.date) -> str:
    """SELECT of the rows that the current table would have if the drops up to `day` were all there are."""
    columns = ", ".join((kind.key, *VERSION_INPUT))
    known = f"SELECT DISTINCT {columns} FROM {kind.history.name} WHERE dt <= DATE '{day}'"
    carried = ", ".join(f"h.{name}" for name in kind.current.column_names)
    return (
        f"SELECT {carried} FROM {kind.history.name} AS h INNER JOIN ({winners(f'({known}) AS v', kind.key)})"
        f" AS w ON h.{kind.key} = w.{kind.key} AND h.dt = w.dt WHERE NOT w.is_deleted"
    )
