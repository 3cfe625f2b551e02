"""What a row refers to, as known on the day: each lookup adds columns to the rows of a table.

Lookup `patient` adds `patient_is_known` (the id has a current version in the drops up to the day),
`patient_is_loaded` (any Patient has: without, nothing can be said of references to one) and the carried
columns, such as `patient_birth_date`. It never adds a row: what is looked up is unique by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from healthlake.contracts.bronze import BRONZE_OTHER
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.versions import VERSION_INPUT, winners


@dataclass(frozen=True, slots=True)
class Lookup:
    """`column` of a table holds ids of resources of type `target`; `select` is a SELECT of `id` and what is
    carried, for `{day}`, from `reads`; `source` is what any row of makes the type loaded."""

    name: str
    target: str
    column: str
    carries: tuple[str, ...]
    select: str
    reads: tuple[str, ...]
    source: str

    def columns(self) -> str:
        """The columns that it adds, as a SELECT list."""
        carried = "".join(f", {self.name}.{column} AS {self.name}_{column}" for column in self.carries)
        return (
            f"{self.name}.id IS NOT NULL AS {self.name}_is_known,"
            f" {self.name}_any.n > 0 AS {self.name}_is_loaded{carried}"
        )

    def joins(self, row: str) -> str:
        """The joins that give those columns to rows under the alias `row`."""
        return (
            f" LEFT JOIN ({self.select}) AS {self.name} ON {self.name}.id = {row}.{self.column}"
            f" CROSS JOIN (SELECT count(*) AS n FROM {self.source}) AS {self.name}_any"
        )


def _of_silver(
    name: str,
    resource_type: str,
    carries: tuple[str, ...],
    column: str | None = None,
    days: str = "dt <= {day}",
) -> Lookup:
    """The winning version of an id in the drops of `days`."""
    kind = next(each for each in RESOURCE_TYPES if each.name == resource_type)
    history, key = kind.history.name, kind.key
    version = ", ".join((key, *VERSION_INPUT))
    known = f"SELECT DISTINCT {version} FROM {history} WHERE {days}"
    winning = winners(f"({known}) AS v", key)
    carried = "".join(f", h.{each}" for each in carries)
    select = (
        f"SELECT w.{key} AS id{carried} FROM ({winning}) AS w INNER JOIN {history} AS h"
        f" ON h.{key} = w.{key} AND h.dt = w.dt WHERE NOT w.is_deleted"
    )
    loaded = f"{history} WHERE {days} AND NOT is_deleted"
    return Lookup(name, resource_type, column or key, carries, select, (history,), loaded)


def _of_other(name: str, resource_type: str, column: str) -> Lookup:
    """Types that silver doesn't conform yet: known is what any drop up to the day brought."""
    loaded = f"{BRONZE_OTHER.name} WHERE dt <= {{day}} AND resource_type = '{resource_type}'"
    select = f"SELECT DISTINCT resource_id AS id FROM {loaded}"
    return Lookup(name, resource_type, column, (), select, (BRONZE_OTHER.name,), loaded)


def _holders(column: str) -> Lookup:
    """How many current patients have an identifier."""
    patient = _of_silver("patient", "Patient", (column,))
    select = (
        f"SELECT {column} AS id, count(*) AS patients FROM ({patient.select}) AS holders"
        f" WHERE {column} IS NOT NULL GROUP BY {column}"
    )
    return Lookup(f"{column}_holder", "Patient", column, ("patients",), select, patient.reads, patient.source)


def _seen() -> Lookup:
    """Patients that an encounter of the drops up to the day names."""
    history = "silver_encounter_history"
    loaded = f"{history} WHERE dt <= {{day}} AND NOT is_deleted AND patient_id IS NOT NULL"
    select = f"SELECT DISTINCT patient_id AS id FROM {loaded}"
    return Lookup("patient_seen", "Encounter", "patient_id", (), select, (history,), loaded)


LOOKUPS: Mapping[str, Lookup] = {
    lookup.name: lookup
    for lookup in (
        _of_silver("patient", "Patient", ("birth_date", "deceased_datetime", "deceased_datetime_text")),
        _of_silver("encounter", "Encounter", ("patient_id", "period_start", "period_end", "status")),
        _of_silver("part_of", "Encounter", ("patient_id", "period_start", "period_end"), "part_of_id"),
        _of_other("service_provider", "Organization", "service_provider_id"),
        _of_other("location", "Location", "location_id"),
        _of_other("practitioner", "Practitioner", "practitioner_id"),
        _holders("mrn"),
        _holders("ssn"),
        _of_silver("earlier_patient", "Patient", ("birth_date", "gender"), days="dt < {day}"),
        _of_silver("earlier_encounter", "Encounter", ("patient_id",), days="dt < {day}"),
        _seen(),
    )
}
"""By name: what rules may name in `looks_up`."""
