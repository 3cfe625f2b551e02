"""The page of docs/ on the rules, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Check
from healthlake.checks.ranges import MEASUREMENTS

_INTRODUCTION = """# Checks

From `healthlake/checks`. A rule answers with two numbers for a day: how many rows or groups it applies to,
and how many of them violate it. It warns above the first percentage of what it applies to, and fails above
the second; a dash is never, and a rule with two dashes only measures. Where it applies to nothing it is *not
applicable*, and where it could not be evaluated it is an *error*: neither is a pass.

- A structural rule can only be broken by our own code. It runs on what is about to be published; where it is
  violated nothing of that table and day is committed. `healthlake check` asks all rules of what is published.
- Rules about rows look at what came on the day, and resolve references in the drops up to it: the same day
  gives the same answer tomorrow. A reference to a type that no drop brought yet is not applicable.
- Deleted rows and those with status `entered-in-error` are never looked at; planned and cancelled encounters
  not by rules about when they took place.
- Check digits prove that a code was not mistyped, not that it exists: there is no terminology server here.
- An id is given once, for good (`tests/checks/ids.json`). Every rule has an example that it finds and one
  that it leaves, which tests ask DuckDB and Spark.

Classes are those of Kahn et al. 2016 (doi:10.13063/2327-9214.1244), with *flow* for what came and what became
of it."""

_RANGES = """## Measurements

What the rules `unit_fits_code`, `value_in_plausible_range` and `measurement_is_a_quantity` of
`silver_observation_history` know (`healthlake/checks/ranges.py`). The limits are wide and no reference
ranges: within them a patient may be very ill. A value with a comparator is not compared."""


def checks_page() -> str:
    """Introduction, the rules of each table, what the demo shows, and the table of measurements."""
    sections = [_section(table, checks) for table, checks in catalogue().items()]
    noted = [
        (f"`{check.id}`", f"`{check.table}.{check.name}`", check.note)
        for checks in catalogue().values()
        for check in checks
        if check.note
    ]
    shown = "## What the demo's drops warn of\n\n" + _table(("id", "check", "why"), noted)
    return "\n\n".join([_INTRODUCTION, *sections, shown, f"{_RANGES}\n\n{_measurements()}"]) + "\n"


def _section(table: str, checks: Sequence[Check]) -> str:
    rows = [
        (
            f"`{check.id}`",
            f"`{check.name}`",
            check.kahn.value,
            f"{_percent(check.terms.warn)} / {_percent(check.terms.fail)}",
            "yes" if check.structural else "",
            check.description,
            check.why,
            check.source,
        )
        for check in checks
    ]
    header = ("id", "check", "class", "warn / fail %", "structural", "rule", "why", "source")
    return f"## {table}\n\n{_table(header, rows)}"


def _measurements() -> str:
    rows = [
        (
            measurement.name,
            ", ".join(f"`{code}`" for code in measurement.codes),
            f"`{unit}`",
            f"{low:,g}",
            f"{high:,g}",
            measurement.source,
        )
        for measurement in MEASUREMENTS
        for unit, (low, high) in measurement.units.items()
    ]
    return _table(("measurement", "LOINC", "unit (UCUM)", "least", "greatest", "limits from"), rows)


def _percent(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
