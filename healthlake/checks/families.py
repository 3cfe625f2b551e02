"""The rules that tables share: grain, keys, rows, and the accounts of what came and what became of it. Made
from the contracts. SQL in the subset that Spark, Athena and DuckDB read alike."""

from __future__ import annotations

from collections.abc import Mapping

from healthlake.checks.model import WARNS, Check, Kahn, Terms
from healthlake.conform.overtaken import newest_in_quarantine
from healthlake.contracts.bronze import BRONZE_DELETION, BRONZE_FILE, BRONZE_QUARANTINE
from healthlake.contracts.model import Contract, Kind
from healthlake.contracts.registry import BRONZE_RESOURCE_TABLES
from healthlake.contracts.silver import (
    RESOURCE_TYPES,
    SILVER_QUARANTINE,
    SILVER_RECONCILIATION,
    ResourceType,
)
from healthlake.versions import winners

RAW_ASSET = "raw_synthea_fhir"

FILES_LANDED = Check(
    "T01",
    RAW_ASSET,
    "files_landed",
    "The day has files in raw. A day without is materialized with 0 rows.",
    Kahn.FLOW,
    "A feed that stops is seen on the day that it does.",
    terms=WARNS,
)

DUPLICATES_ALLOWED = 20.0
"""Percent of a day's resources that may be removed as duplicates before it is worth a look: a drop that
re-sends hospitals or practitioners in every patient's file stays below, a drop delivered twice does not."""

_EXPORT_FILE_MISSING = "export_file_missing"
"""The splitter's reason; its package would load Arrow."""


def grain_unique(table: Contract) -> Check:
    keys = ", ".join(table.grain)
    return Check(
        f"T02.{table.name}",
        table.name,
        "grain_unique",
        f"{keys} identify one row" + (" of the day." if table.kind is Kind.DAILY else "."),
        Kahn.RELATION,
        "A row that is there twice is counted twice by every query.",
        sql="SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM "
        f"(SELECT count(*) AS n FROM {{relation}}{_of_day(table)} GROUP BY {keys}) AS grains",
        structural=True,
        trips={table.name: [{}, {}]},
        passes={table.name: [{}]},
    )


def keys_not_null(table: Contract) -> Check:
    any_null = " OR ".join(f"{name} IS NULL" for name in table.key)
    return Check(
        f"T03.{table.name}",
        table.name,
        "keys_not_null",
        f"{', '.join(table.key)} are never NULL.",
        Kahn.COMPLETENESS,
        "A row without its key can't be found, joined or replaced.",
        sql=f"SELECT count(*), coalesce(sum(CASE WHEN {any_null} THEN 1 ELSE 0 END), 0) "
        f"FROM {{relation}}{_of_day(table)}",
        counted=_null_rows,
        counts_nulls_of=table.key,
        structural=True,
        trips={table.name: [{table.grain[0]: None}]},
        passes={table.name: [{}]},
    )


def _null_rows(rows: int, nulls: Mapping[str, int]) -> tuple[int, int] | None:
    """Rows with a NULL key. Where several columns have some, a row may have more than one."""
    having = [count for count in nulls.values() if count]
    return (rows, sum(having)) if len(having) < 2 else None


def _no_row(rows: int, nulls: Mapping[str, int]) -> tuple[int, int]:
    return 1, int(not rows)


def has_rows(table: Contract) -> Check:
    return Check(
        f"T04.{table.name}",
        table.name,
        "has_rows",
        "The day has rows.",
        Kahn.FLOW,
        "A type that stops coming is seen on the day that it does.",
        terms=WARNS,
        sql=f"SELECT 1, CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM {{relation}}{_of_day(table)}",
        counted=_no_row,
        trips={table.name: []},
        passes={table.name: [{}]},
    )


def _of_day(table: Contract) -> str:
    """A current table is looked at whole: its grain is unique over all days."""
    return " WHERE dt = {day}" if table.kind is Kind.DAILY else ""


def file_conservation() -> Check:
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
        "T05",
        BRONZE_FILE.name,
        "conservation",
        "For each file: entries read = resources + deletions + quarantined, and the bronze tables hold just"
        " as many rows.",
        Kahn.FLOW,
        "Nothing that was delivered is lost between the file and the tables.",
        sql="SELECT count(*), coalesce(sum(CASE WHEN f.file_id IS NULL OR f.entries <> f.resources +"
        f" f.deletions + f.quarantined OR {differs} THEN 1 ELSE 0 END), 0) FROM (SELECT * FROM {{relation}}"
        f" WHERE dt = {{day}} AND NOT is_repeat) AS f FULL JOIN (SELECT file_id, {sums} FROM ({unions}) AS u"
        " GROUP BY file_id) AS r ON f.file_id = r.file_id",
        structural=True,
        reads=tuple(name for names in counted.values() for name in names),
        trips={BRONZE_FILE.name: [{"entries": 2, "resources": 1}], "bronze_patient": [{}]},
        passes={BRONZE_FILE.name: [{"entries": 1, "resources": 1}], "bronze_patient": [{}]},
    )


def export_complete() -> Check:
    """WARN: what has come is right as far as it goes, and servers and clients that rename files are at fault
    here more often than lost records."""
    of_day = "FROM {relation} WHERE dt = {day}"
    return Check(
        "T06",
        BRONZE_FILE.name,
        "export_complete",
        "Each file that the manifest of a Bulk Data export lists is there, with as many entries as it says.",
        Kahn.FLOW,
        "The server's own count is the only proof that an export came whole.",
        source="Bulk Data Access 2.0: output[].count",
        terms=WARNS,
        sql="SELECT count(*), coalesce(sum(CASE WHEN found <> expected THEN 1 ELSE 0 END), 0) FROM"
        " (SELECT f.expected_entries AS expected, w.entries AS found FROM"
        f" (SELECT * {of_day} AND expected_entries IS NOT NULL) AS f INNER JOIN"
        f" (SELECT * {of_day} AND NOT is_repeat) AS w ON w.file_id = f.file_id"
        f" UNION ALL SELECT 1, 0 FROM {BRONZE_QUARANTINE.name} WHERE dt = {{day}}"
        f" AND reason = '{_EXPORT_FILE_MISSING}') AS e",
        reads=(BRONZE_QUARANTINE.name,),
        trips={BRONZE_FILE.name: [{"entries": 1, "expected_entries": 2}]},
        passes={BRONZE_FILE.name: [{"entries": 1, "expected_entries": 1}]},
    )


def times_readable() -> Check:
    return Check(
        "T07",
        BRONZE_FILE.name,
        "times_readable",
        "Every time that a resource or deletion states is a FHIR instant; one that is not counts as absent.",
        Kahn.VALUE,
        "Latest wins by these times; an unreadable one makes a version as new as its drop.",
        terms=WARNS,
        sql="SELECT coalesce(sum(resources + deletions), 0), coalesce(sum(unreadable_times), 0)"
        " FROM {relation} WHERE dt = {day}",
        trips={BRONZE_FILE.name: [{"resources": 1, "unreadable_times": 1}]},
        passes={BRONZE_FILE.name: [{"resources": 1, "unreadable_times": 0}]},
    )


def table_conservation() -> Check:
    account = {"table_name": "silver_patient_history", "bronze_rows": 3, "history_resources": 2}
    return Check(
        "T08",
        SILVER_RECONCILIATION.name,
        "conservation",
        "For each table: bronze rows + deletions = history resources + exact + superseded + conflicts +"
        " quarantined.",
        Kahn.FLOW,
        "Nothing that bronze holds is lost on the way to silver.",
        sql="SELECT count(*), coalesce(sum(CASE WHEN bronze_rows + deletions <> history_resources + exact +"
        " superseded + conflicts + quarantined THEN 1 ELSE 0 END), 0) FROM {relation} WHERE dt = {day}",
        structural=True,
        trips={SILVER_RECONCILIATION.name: [account]},
        passes={SILVER_RECONCILIATION.name: [{**account, "exact": 1}]},
    )


def accounts_for_bronze() -> Check:
    counts = " UNION ALL ".join(
        f"SELECT '{kind.history.name}' AS table_name, count(*) AS n FROM {kind.bronze.name} "
        "WHERE dt = {day}"
        for kind in RESOURCE_TYPES
    )
    account = {"table_name": "silver_patient_history", "bronze_rows": 1}
    return Check(
        "T09",
        SILVER_RECONCILIATION.name,
        "accounts_for_bronze",
        "Each table's account is of the bronze rows that are there now: silver is not older than bronze.",
        Kahn.FLOW,
        "Silver of an earlier bronze lacks what came since.",
        sql="SELECT count(*), coalesce(sum(CASE WHEN r.bronze_rows <> b.n THEN 1 ELSE 0 END), 0) "
        "FROM {relation} AS r "
        f"INNER JOIN ({counts}) AS b ON b.table_name = r.table_name WHERE r.dt = {{day}}",
        reads=tuple(kind.bronze.name for kind in RESOURCE_TYPES),
        trips={SILVER_RECONCILIATION.name: [account]},
        passes={SILVER_RECONCILIATION.name: [account], "bronze_patient": [{}]},
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
        f"T10.{kind.current.name}",
        kind.current.name,
        "one_current_row",
        f"Every {key} of the day's history has the rows of its winning version here, or none where that is a"
        " deletion.",
        Kahn.RELATION,
        "What people read is the latest that was sent.",
        sql="SELECT count(*), coalesce(sum(CASE WHEN w.is_deleted AND c.n IS NULL THEN 0 WHEN NOT"
        " w.is_deleted AND c.first_hash = w.content_hash AND c.last_hash = w.content_hash THEN 0 ELSE 1 END),"
        f" 0) FROM ({winning}) AS w LEFT JOIN (SELECT {key}, count(*) AS n,"
        " min(content_hash) AS first_hash, max(content_hash) AS last_hash FROM {relation}"
        f" WHERE {within} GROUP BY {key}) AS c ON c.{key} = w.{key}",
        structural=True,
        reads=(history,),
        trips={history: [{}], kind.current.name: []},
        passes={history: [{}], kind.current.name: [{}]},
    )


def duplicates_within_bounds(kind: ResourceType) -> Check:
    history = kind.history.name
    account = {"table_name": history, "bronze_rows": 10}
    return Check(
        f"T11.{history}",
        history,
        "duplicates_within_bounds",
        f"Of the day's resources at most {DUPLICATES_ALLOWED:g} % were removed as exact copies, older"
        " versions or conflicts.",
        Kahn.UNIQUENESS,
        "A drop that was delivered twice, or merged wrongly, is mostly duplicates.",
        terms=Terms(DUPLICATES_ALLOWED, None),
        sql="SELECT coalesce(sum(bronze_rows + deletions), 0), coalesce(sum(exact + superseded + conflicts),"
        f" 0) FROM {SILVER_RECONCILIATION.name} WHERE dt = {{day}} AND table_name = '{history}'",
        reads=(SILVER_RECONCILIATION.name,),
        trips={SILVER_RECONCILIATION.name: [{**account, "history_resources": 7, "exact": 3}]},
        passes={SILVER_RECONCILIATION.name: [{**account, "history_resources": 10}]},
    )


def inputs_unchanged_check(table: Contract) -> Check:
    """Answered from the files that gold was computed from: see healthlake.staleness."""
    return Check(
        f"T12.{table.name}",
        table.name,
        "inputs_unchanged",
        "No input of the day changed since it was computed: no late, corrected or unsplit drop up to it, and"
        " the SQL is the same. Else run `healthlake materialize --stale`.",
        Kahn.FLOW,
        "A late or corrected drop makes every later gold day stale.",
        terms=WARNS,
    )


def nothing_quarantined(table: Contract) -> Check:
    """Of all entries that came: what could not be split, or conformed."""
    if table is BRONZE_QUARANTINE:
        came = f"SELECT coalesce(sum(entries), 0) AS n FROM {BRONZE_FILE.name} WHERE dt = {{day}}"
        reads, row = BRONZE_FILE.name, {"entries": 1}
    else:
        came = (
            f"SELECT coalesce(sum(bronze_rows), 0) AS n FROM {SILVER_RECONCILIATION.name} WHERE dt = {{day}}"
        )
        reads, row = SILVER_RECONCILIATION.name, {"bronze_rows": 1}
    return Check(
        f"T13.{table.name}",
        table.name,
        "nothing_quarantined",
        "The day has no quarantined rows; each names file, position and reason.",
        Kahn.FLOW,
        "What is in quarantine is in no other table until it is mended.",
        terms=WARNS,
        sql=f"SELECT greatest(c.n, q.n), q.n FROM ({came}) AS c CROSS JOIN"
        " (SELECT count(*) AS n FROM {relation} WHERE dt = {day}) AS q",
        reads=(reads,),
        trips={table.name: [{}], reads: [row]},
        passes={table.name: [], reads: [row]},
    )


def newest_not_quarantined(kind: ResourceType) -> Check:
    ids = (
        f"SELECT DISTINCT q.resource_id FROM {SILVER_QUARANTINE.name} AS q"
        f" WHERE q.dt = {{day}} AND q.table_name = '{kind.history.name}'"
    )
    aside = {"table_name": kind.history.name, "line": 2, "resource_id": "r1"}
    newer = {"line": 2, "resource_id": "r1", "content_hash": "f" * 64, "resource_bytes": 10_000}
    return Check(
        f"T14.{kind.current.name}",
        kind.current.name,
        "newest_not_quarantined",
        f"No {kind.key} has its newest version among the day's quarantined rows: what is shown here is older"
        " than what was sent, or nothing is.",
        Kahn.FLOW,
        "The current row is silently out of date.",
        terms=WARNS,
        sql=f"SELECT count(*), count(n.{kind.key}) FROM ({ids}) AS a"
        f" LEFT JOIN ({newest_in_quarantine(kind, '{day}')}) AS n ON n.{kind.key} = a.resource_id",
        reads=(kind.bronze.name, kind.history.name, SILVER_QUARANTINE.name),
        trips={SILVER_QUARANTINE.name: [aside], kind.bronze.name: [newer]},
        passes={
            SILVER_QUARANTINE.name: [aside],
            kind.bronze.name: [newer],
            kind.history.name: [{kind.key: "r1", "content_hash": "e" * 64, "resource_bytes": 20_000}],
        },
    )
