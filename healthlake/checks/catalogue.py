"""The checks of every table, made from the contracts. SQL in the subset that Spark, Athena and DuckDB read
alike."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from healthlake.checks.model import Check, Severity
from healthlake.conform.overtaken import newest_in_quarantine
from healthlake.contracts.bronze import BRONZE_DELETION, BRONZE_FILE, BRONZE_QUARANTINE
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract, Kind
from healthlake.contracts.registry import BRONZE_RESOURCE_TABLES, TABLES
from healthlake.contracts.silver import (
    RESOURCE_TYPES,
    SILVER_QUARANTINE,
    SILVER_RECONCILIATION,
    ResourceType,
)
from healthlake.versions import winners

RAW_ASSET = "raw_synthea_fhir"

FILES_LANDED = Check(
    RAW_ASSET,
    "files_landed",
    "The day has files in raw. A day without is materialized with 0 rows.",
    "",
    Severity.WARN,
)

DUPLICATES_ALLOWED = 0.2
"""Share of a day's resources that may be removed as duplicates before it is worth a look: a drop that
re-sends hospitals or practitioners in every patient's file stays below, a drop delivered twice does not."""

_EXPORT_FILE_MISSING = "export_file_missing"
"""The splitter's reason; its package would load Arrow."""


def grain_unique(table: Contract) -> Check:
    keys = ", ".join(table.grain)
    return Check(
        table.name,
        "grain_unique",
        f"{keys} identify one row" + (" of the day." if table.kind is Kind.DAILY else "."),
        "SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM "
        f"(SELECT count(*) AS n FROM {{relation}}{_of_day(table)} GROUP BY {keys}) AS grains",
        structural=True,
    )


def keys_not_null(table: Contract) -> Check:
    any_null = " OR ".join(f"{name} IS NULL" for name in table.key)
    return Check(
        table.name,
        "keys_not_null",
        f"{', '.join(table.key)} are never NULL.",
        f"SELECT count(*), coalesce(sum(CASE WHEN {any_null} THEN 1 ELSE 0 END), 0) "
        f"FROM {{relation}}{_of_day(table)}",
        structural=True,
    )


def has_rows(table: Contract) -> Check:
    return Check(
        table.name,
        "has_rows",
        "The day has rows.",
        f"SELECT 1, CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM {{relation}}{_of_day(table)}",
        Severity.WARN,
    )


def _of_day(table: Contract) -> str:
    """A current table is looked at whole: its grain is unique over all days."""
    return " WHERE dt = {day}" if table.kind is Kind.DAILY else ""


def _file_conservation() -> Check:
    counted = {
        "resources": [table.name for table in BRONZE_RESOURCE_TABLES],
        "deletions": [BRONZE_DELETION.name],
        "quarantined": [BRONZE_QUARANTINE.name],
    }
    unions = " UNION ALL ".join(
        f"SELECT file_id, {', '.join(f'count(*) AS {c}' if c == column else f'0 AS {c}' for c in counted)} "
        f"FROM {table} WHERE dt = {{day}} GROUP BY file_id"
        for column, tables in counted.items()
        for table in tables
    )
    sums = ", ".join(f"sum({column}) AS {column}" for column in counted)
    differs = " OR ".join(f"coalesce(f.{c}, 0) <> coalesce(r.{c}, 0)" for c in counted)
    return Check(
        BRONZE_FILE.name,
        "conservation",
        "For each file: entries read = resources + deletions + quarantined, and the bronze tables hold just"
        " as many rows.",
        "SELECT count(*), coalesce(sum(CASE WHEN f.file_id IS NULL OR f.entries <> f.resources + f.deletions"
        f" + f.quarantined OR {differs} THEN 1 ELSE 0 END), 0) FROM (SELECT * FROM {{relation}} WHERE dt ="
        f" {{day}} AND NOT is_repeat) AS f FULL JOIN (SELECT file_id, {sums} FROM ({unions}) AS u GROUP BY"
        " file_id) AS r ON f.file_id = r.file_id",
        structural=True,
        reads=tuple(name for names in counted.values() for name in names),
    )


def _export_complete() -> Check:
    """WARN: what has come is right as far as it goes, and servers and clients that rename files are at fault
    here more often than lost records."""
    of_day = "FROM {relation} WHERE dt = {day}"
    return Check(
        BRONZE_FILE.name,
        "export_complete",
        "Each file that the manifest of a Bulk Data export lists is there, with as many entries as it says.",
        "SELECT count(*), coalesce(sum(CASE WHEN found <> expected THEN 1 ELSE 0 END), 0) FROM"
        " (SELECT f.expected_entries AS expected, w.entries AS found FROM"
        f" (SELECT * {of_day} AND expected_entries IS NOT NULL) AS f INNER JOIN"
        f" (SELECT * {of_day} AND NOT is_repeat) AS w ON w.file_id = f.file_id"
        f" UNION ALL SELECT 1, 0 FROM {BRONZE_QUARANTINE.name} WHERE dt = {{day}}"
        f" AND reason = '{_EXPORT_FILE_MISSING}') AS e",
        Severity.WARN,
        reads=(BRONZE_QUARANTINE.name,),
    )


def _times_readable() -> Check:
    return Check(
        BRONZE_FILE.name,
        "times_readable",
        "Every time that a resource or deletion states is a FHIR instant; one that is not counts as absent.",
        "SELECT coalesce(sum(resources + deletions), 0), coalesce(sum(unreadable_times), 0)"
        " FROM {relation} WHERE dt = {day}",
        Severity.WARN,
    )


def _table_conservation() -> Check:
    return Check(
        SILVER_RECONCILIATION.name,
        "conservation",
        "For each table: bronze rows + deletions = history resources + exact + superseded + conflicts +"
        " quarantined.",
        "SELECT count(*), coalesce(sum(CASE WHEN bronze_rows + deletions <> history_resources + exact +"
        " superseded + conflicts + quarantined THEN 1 ELSE 0 END), 0) FROM {relation} WHERE dt = {day}",
        structural=True,
    )


def _accounts_for_bronze() -> Check:
    counts = " UNION ALL ".join(
        f"SELECT '{kind.history.name}' AS table_name, count(*) AS n FROM {kind.bronze.name} "
        "WHERE dt = {day}"
        for kind in RESOURCE_TYPES
    )
    return Check(
        SILVER_RECONCILIATION.name,
        "accounts_for_bronze",
        "Each table's account is of the bronze rows that are there now: silver is not older than bronze.",
        "SELECT count(*), coalesce(sum(CASE WHEN r.bronze_rows <> b.n THEN 1 ELSE 0 END), 0) "
        "FROM {relation} AS r "
        f"INNER JOIN ({counts}) AS b ON b.table_name = r.table_name WHERE r.dt = {{day}}",
        reads=tuple(kind.bronze.name for kind in RESOURCE_TYPES),
    )


def one_current_row(kind: ResourceType) -> Check:
    """Every id that the day speaks of is current, or its winner is a deletion; and never both."""
    key, history = kind.key, kind.history.name
    within = f"{key} IN (SELECT {key} FROM {history} WHERE dt = {{day}})"
    deleted = "max(CASE WHEN is_deleted THEN 1 ELSE 0 END) = 1"
    versions = (
        f"SELECT {key}, min(dt) AS first_dt, max(dt) AS last_dt, {deleted} AS is_deleted,"
        f" max(content_hash) AS content_hash FROM {history} WHERE {within} GROUP BY {key}"
    )
    several = f"SELECT {key} FROM ({versions}) AS s WHERE first_dt <> last_dt"
    ranked = winners(f"(SELECT * FROM {history} WHERE {key} IN ({several})) AS v", key)
    winning = (
        f"SELECT {key}, is_deleted, content_hash FROM ({versions}) AS o WHERE first_dt = last_dt"
        f" UNION ALL SELECT {key}, is_deleted, content_hash FROM ({ranked}) AS r"
    )
    return Check(
        kind.current.name,
        "one_current_row",
        f"Every {key} of the day's history has the rows of its winning version here, or none where that is a"
        " deletion.",
        "SELECT count(*), coalesce(sum(CASE WHEN w.is_deleted AND c.n IS NULL THEN 0 WHEN NOT w.is_deleted"
        " AND c.first_hash = w.content_hash AND c.last_hash = w.content_hash THEN 0 ELSE 1 END), 0) FROM"
        f" ({winning}) AS w LEFT JOIN (SELECT {key}, count(*) AS n,"
        " min(content_hash) AS first_hash, max(content_hash) AS last_hash FROM {relation}"
        f" WHERE {within} GROUP BY {key}) AS c ON c.{key} = w.{key}",
        structural=True,
        reads=(history,),
    )


def _duplicates(kind: ResourceType) -> Check:
    history = kind.history.name
    return Check(
        history,
        "duplicates_within_bounds",
        f"Of the day's resources at most {DUPLICATES_ALLOWED:.0%} were removed as exact copies, older"
        " versions or conflicts.",
        "SELECT coalesce(sum(bronze_rows + deletions), 0), coalesce(sum(exact + superseded + conflicts), 0) "
        f"FROM {SILVER_RECONCILIATION.name} WHERE dt = {{day}} AND table_name = '{history}'",
        Severity.WARN,
        reads=(SILVER_RECONCILIATION.name,),
        allowed_share=DUPLICATES_ALLOWED,
    )


def inputs_unchanged_check(table: Contract) -> Check:
    """Answered from the files that gold was computed from: see healthlake.staleness."""
    return Check(
        table.name,
        "inputs_unchanged",
        "No input of the day changed since it was computed: no late, corrected or unsplit drop up to it, and"
        " the SQL is the same. Else run `healthlake materialize --stale`.",
        "",
        Severity.WARN,
    )


def _nothing_quarantined(table: Contract) -> Check:
    return Check(
        table.name,
        "nothing_quarantined",
        "The day has no quarantined rows; each names file, position and reason.",
        "SELECT count(*), count(*) FROM {relation} WHERE dt = {day}",
        Severity.WARN,
    )


def _newest_not_quarantined(kind: ResourceType) -> Check:
    ids = (
        f"SELECT DISTINCT q.resource_id FROM {SILVER_QUARANTINE.name} AS q"
        f" WHERE q.dt = {{day}} AND q.table_name = '{kind.history.name}'"
    )
    return Check(
        kind.current.name,
        "newest_not_quarantined",
        f"No {kind.key} has its newest version among the day's quarantined rows: what is shown here is older"
        " than what was sent, or nothing is.",
        f"SELECT count(*), count(n.{kind.key}) FROM ({ids}) AS a"
        f" LEFT JOIN ({newest_in_quarantine(kind, '{day}')}) AS n ON n.{kind.key} = a.resource_id",
        Severity.WARN,
        reads=(kind.bronze.name, kind.history.name, SILVER_QUARANTINE.name),
    )


@functools.cache
def catalogue() -> Mapping[str, tuple[Check, ...]]:
    """Table (or the raw asset) -> its checks."""
    checks: dict[str, list[Check]] = {RAW_ASSET: [FILES_LANDED]}
    for table in TABLES.values():
        checks[table.name] = [grain_unique(table), keys_not_null(table)]
    for table in (BRONZE_FILE, *(kind.bronze for kind in RESOURCE_TYPES), *GOLD_TABLES):
        checks[table.name].append(has_rows(table))
    checks[BRONZE_FILE.name] += [_file_conservation(), _export_complete(), _times_readable()]
    checks[SILVER_RECONCILIATION.name] += [_table_conservation(), _accounts_for_bronze()]
    for kind in RESOURCE_TYPES:
        checks[kind.history.name].append(_duplicates(kind))
        checks[kind.current.name] += [one_current_row(kind), _newest_not_quarantined(kind)]
    for table in GOLD_TABLES:
        checks[table.name].append(inputs_unchanged_check(table))
    for table in (BRONZE_QUARANTINE, SILVER_QUARANTINE):
        checks[table.name].append(_nothing_quarantined(table))
    return {table: tuple(found) for table, found in checks.items()}
