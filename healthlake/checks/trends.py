"""Rules about a day against the days before it: jumps that no single row shows.

They only warn: a hospital may join, and a first delivery is large. Sums are of whole numbers and compared
without a division, so that every engine answers alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from healthlake.checks.model import WARNS, Check, Kahn
from healthlake.contracts.silver import ResourceType

DAYS_NEEDED = 8
"""Earlier days with rows without which there is no trend."""

DAYS_LOOKED_AT = 60

_SIGMAS = 3
_LEAST_CHANGE = 0.2
"""A feed that is the same every day has no spread: less than a fifth more or less is no jump then."""

_LEAST_RISE = 0.1

_WATCHED: Mapping[str, Sequence[str]] = {
    "Patient": ("gender", "birth_date", "family_name", "mrn", "address_postal_code", "race_codes"),
    "Encounter": ("patient_id", "class_code", "type_code", "period_start", "period_end", "practitioner_id"),
    "Observation": (
        "patient_id",
        "encounter_id",
        "category_code",
        "obs_code",
        "obs_datetime",
        "value_type",
        "value_unit_code",
    ),
}
"""Columns that people count by, or join on."""

_EARLIER = f"dt < {{day}} AND dt >= CAST({{day}} - INTERVAL '{DAYS_LOOKED_AT}' DAY AS DATE)"
_APPLIES = f"days >= {DAYS_NEEDED} AND now > 0"


def trend_rules(kind: ResourceType) -> list[Check]:
    """The rules of a type's history."""
    return [_rows(kind), _nulls(kind)]


def _rows(kind: ResourceType) -> Check:
    history = kind.history.name
    jumps = (
        f"(days * now - earlier) * (days * now - earlier) > {_SIGMAS**2} * (days * squares - earlier *"
        f" earlier) AND abs(days * now - earlier) > {_LEAST_CHANGE} * earlier"
    )
    spread = (
        "SELECT CAST(count(CASE WHEN dt < {day} THEN 1 END) AS DOUBLE) AS days, CAST(sum(CASE WHEN dt ="
        " {day} THEN n ELSE 0 END) AS DOUBLE) AS now, CAST(sum(CASE WHEN dt < {day} THEN n ELSE 0 END) AS"
        " DOUBLE) AS earlier, sum(CASE WHEN dt < {day} THEN CAST(n AS DOUBLE) * n ELSE 0 END) AS squares"
        f" FROM ({_by_day(history, '')}) AS d"
    )
    return Check(
        f"T20.{history}",
        history,
        "row_count_in_trend",
        f"The day has as many rows as the days before: within {_SIGMAS} standard deviations of their mean, or"
        f" {_LEAST_CHANGE:.0%} of it. Asked where {DAYS_NEEDED} of the last {DAYS_LOOKED_AT} days have rows.",
        Kahn.FLOW,
        "Half an export looks like any other file; so does one that was delivered into the next.",
        terms=WARNS,
        sql=(
            f"SELECT CASE WHEN {_APPLIES} THEN 1 ELSE 0 END, CASE WHEN {_APPLIES} AND {jumps} THEN 1 ELSE 0"
            f" END FROM ({spread}) AS s"
        ),
        reads_before=(history,),
        trips={history: [*_days({}), {}, {}, {}]},
        passes={history: [*_days({}), {}]},
    )


def _nulls(kind: ResourceType) -> Check:
    history, columns = kind.history.name, _WATCHED[kind.name]
    nulls = "".join(f", sum(CASE WHEN {c} IS NULL THEN 1 ELSE 0 END) AS null_{c}" for c in columns)
    sums = "".join(
        f", sum(CASE WHEN dt = {{day}} THEN null_{c} ELSE 0 END) AS now_{c}"
        f", sum(CASE WHEN dt < {{day}} THEN null_{c} ELSE 0 END) AS earlier_{c}"
        f", max(CASE WHEN dt < {{day}} THEN CAST(null_{c} AS DOUBLE) / nullif(n, 0) END) AS most_{c}"
        for c in columns
    )
    jumps = " + ".join(
        f"CASE WHEN CAST(now_{c} AS DOUBLE) * earlier - CAST(earlier_{c} AS DOUBLE) * now > {_LEAST_RISE} *"
        f" earlier * now AND CAST(now_{c} AS DOUBLE) / nullif(now, 0) > most_{c} THEN 1 ELSE 0 END"
        for c in columns
    )
    spread = (
        "SELECT count(CASE WHEN dt < {day} THEN 1 END) AS days, CAST(sum(CASE WHEN dt = {day} THEN n ELSE 0"
        " END) AS DOUBLE) AS now, CAST(sum(CASE WHEN dt < {day} THEN n ELSE 0 END) AS DOUBLE) AS earlier"
        f"{sums} FROM ({_by_day(history, nulls)}) AS d"
    )
    return Check(
        f"T21.{history}",
        history,
        "null_rates_in_trend",
        f"None of {', '.join(columns)} is NULL more often than on any of the days before, and by more than"
        f" {_LEAST_RISE * 100:g} points than over all of them. Asked where {DAYS_NEEDED} of the last"
        f" {DAYS_LOOKED_AT} days have rows.",
        Kahn.COMPLETENESS,
        "A field that a source stopped filling is a legal NULL in every row.",
        terms=WARNS,
        sql=(
            f"SELECT CASE WHEN {_APPLIES} THEN {len(columns)} ELSE 0 END, CASE WHEN {_APPLIES} THEN {jumps}"
            f" ELSE 0 END FROM ({spread}) AS s"
        ),
        reads_before=(history,),
        trips={history: [*_days({}), {columns[0]: None}]},
        passes={history: [*_days({columns[0]: None}), {columns[0]: None}]},
    )


def _by_day(history: str, further: str) -> str:
    """SELECT of each day's number of living rows, and of what is `further` asked."""
    count = f"SELECT dt, count(*) AS n{further}"
    return (
        f"{count} FROM {{relation}} WHERE dt = {{day}} AND NOT is_deleted GROUP BY dt UNION ALL"
        f" {count} FROM {history} WHERE {_EARLIER} AND NOT is_deleted GROUP BY dt"
    )


def _days(row: Mapping[str, object]) -> list[Mapping[str, object]]:
    """A row on each of as many earlier days as are needed."""
    return [{"dt": f"2026-01-{day:02}", **row} for day in range(20, 20 + DAYS_NEEDED)]
