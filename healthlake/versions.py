"""The order of versions: which version of an id wins. One declaration, from which every relation that needs a
winner is generated: inside a drop, over the whole history, and as known on a day.

The order is total: `(version_time, dt of first appearance, is_deleted, resource_bytes, content_hash)`, the
larger wins. `version_time` is the stated time; a version that states none is as new as the newest thing known
when its content first came: the later of 00:00Z of that day and the newest time stated for the id in drops up
to that day. It is computed over the rows in view and never stored. Among rows of equal content the one with
the smallest dt, file_id and position stays, so a re-delivery changes nothing.

The SQL is Spark's dialect in the portable subset; engines transpile it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

VERSION_INPUT = (
    "dt",
    "last_updated",
    "content_hash",
    "resource_bytes",
    "is_deleted",
    "file_id",
    "line",
    "entry",
)
"""Columns, beside the key, that a relation needs to be ranked."""

ORDER = ("version_time", "dt", "is_deleted", "resource_bytes", "content_hash")
"""The order of versions, most significant first; the larger wins."""

POSITION_ORDER = "dt, file_id, line, entry"


class Outcome(enum.StrEnum):
    """What became of a row in `classify`."""

    KEPT = "kept"
    EXACT = "exact"
    SUPERSEDED = "superseded"
    CONFLICT = "conflict"


def order_by(prefix: str = "", extra: Sequence[str] = ()) -> str:
    """ORDER BY list that puts the winner first; `extra` columns break what ties remain, larger first."""
    return ", ".join(f"{prefix}{column} DESC" for column in (*ORDER, *extra))


def classify(source: str, key: str) -> str:
    """SELECT that adds `version_time`, `copy_number` and `outcome` to the rows of `source` (key,
    VERSION_INPUT).

    `outcome` is KEPT for the one winner of each key, EXACT for further copies of a content, and for the other
    contents SUPERSEDED where they are older than the winner, CONFLICT where they are as new.
    """
    return f"""
SELECT
  *,
  CASE
    WHEN copy_number > 1 THEN '{Outcome.EXACT}'
    WHEN version_rank = 1 THEN '{Outcome.KEPT}'
    WHEN version_time < winner_time THEN '{Outcome.SUPERSEDED}'
    ELSE '{Outcome.CONFLICT}'
  END AS outcome
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY {key}, copy_number > 1 ORDER BY {order_by()}) AS version_rank,
    max(version_time) OVER (PARTITION BY {key}) AS winner_time
  FROM ({_timed(source, key)}) AS timed
) AS ranked
"""


def winners(source: str, key: str) -> str:
    """SELECT of each key's winning row in `source`, deleted or not: key, VERSION_INPUT and `version_time`."""
    columns = ", ".join((key, *VERSION_INPUT, "version_time"))
    return f"""
SELECT {columns} FROM (
  SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order_by()}) AS version_rank
  FROM ({_timed(source, key)}) AS timed
  WHERE copy_number = 1
) AS ranked
WHERE version_rank = 1
"""


def _timed(source: str, key: str) -> str:
    """Adds `copy_number` (1 for the earliest row of each content of a key) and `version_time`.

    `greatest` is given no NULL: engines differ on it.
    """
    return f"""
  SELECT
    *,
    coalesce(last_updated, greatest(day_start, coalesce(newest_stated, day_start))) AS version_time
  FROM (
    SELECT
      {key}, {", ".join(VERSION_INPUT)},
      start_of_day(dt) AS day_start,
      row_number() OVER (PARTITION BY {key}, content_hash ORDER BY {POSITION_ORDER}) AS copy_number,
      max(last_updated) OVER (
        PARTITION BY {key} ORDER BY dt RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS newest_stated
    FROM {source}
  ) AS seen
"""
