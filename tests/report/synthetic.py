"""Rows of the gold tables as a lake of some weeks has them, made without a lake: the same on every machine.

`python -m tests.report.synthetic PAGE.html` writes the page of them.
"""

from __future__ import annotations

import datetime
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from healthlake.days import days_between
from healthlake.quality_report import (
    DayStates,
    PopulationCount,
    ReportData,
    RuleDay,
    TableDay,
    render,
)

FIRST, LAST = datetime.date(2025, 12, 21), datetime.date(2026, 1, 3)
GAP = datetime.date(2025, 12, 25)
"""Landed and conformed, without gold."""
RULE_SET = hashlib.sha256(b"rules").hexdigest()

KEYS = {
    "bronze_patient": "resource_id",
    "bronze_encounter": "resource_id",
    "bronze_observation": "resource_id",
    "bronze_other": "resource_id",
    "bronze_file": "file_id",
    "bronze_quarantine": "file_id",
    "silver_patient_history": "patient_id",
    "silver_dim_patient": "patient_id",
    "silver_encounter_history": "encounter_id,patient_id",
    "silver_fct_encounter": "encounter_id,patient_id",
    "silver_observation_history": "observation_id,patient_id",
    "silver_fct_observation_value": "patient_id,obs_datetime,obs_code",
    "silver_fct_observation": "patient_id,obs_datetime,obs_code",
}
SIZES = dict(zip(KEYS, (24, 420, 2400, 6100, 22, 3, 24, 6, 420, 90, 4300, 820, 810), strict=True))
RULES = (
    "grain_unique", "keys_not_null", "conservation", "codes_in_required_binding", "reference_resolves",
    "starts_before_it_ends", "not_in_the_future", "after_birth", "before_death_and_sixty_days", "duplicates",
    "code_system_recommended", "no_conflict",
)  # fmt: skip
BY_TABLE = {
    "silver_observation_history": (
        "quantity_in_plausible_range", "unit_fits_code", "loinc_check_digit", "value_or_reason_or_components",
        "inside_encounter", "row_count_as_before"),
    "silver_encounter_history": ("class_in_actcode", "length_at_most_a_year"),
    "silver_patient_history": ("age_at_most_120", "deceased_flag_and_date_agree", "npi_luhn"),
}  # fmt: skip
TROUBLES: dict[tuple[str, str], tuple[float, int]] = {
    ("silver_observation_history", "quantity_in_plausible_range"): (6.2, 3),
    ("silver_observation_history", "inside_encounter"): (2.4, 14),
    ("silver_observation_history", "unit_fits_code"): (1.7, 5),
    ("silver_observation_history", "reference_resolves"): (1.3, 1),
    ("silver_encounter_history", "starts_before_it_ends"): (0.4, 9),
    ("silver_encounter_history", "no_conflict"): (0.06, 4),
    ("silver_patient_history", "deceased_flag_and_date_agree"): (0.8, 2),
    ("silver_patient_history", "code_system_recommended"): (7.5, 14),
    ("bronze_file", "duplicates"): (12.0, 1),
    ("bronze_encounter", "not_in_the_future"): (0.3, 6),
}
"""The rules that are violated: percent, and on how many of the last days."""


def noise(*parts: object) -> float:
    """A number from 0 to 1 that belongs to `parts`."""
    return int(hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def gold_days(first: datetime.date = FIRST, last: datetime.date = LAST) -> list[datetime.date]:
    """The days with gold."""
    return [day for day in days_between(first, last) if day != GAP]


def rule_days(first: datetime.date = FIRST, last: datetime.date = LAST) -> Iterator[RuleDay]:
    """About a hundred rules a day; ten are violated at times, one can't be evaluated once, some don't
    apply."""
    for day in gold_days(first, last):
        for table in KEYS:
            for number, name in enumerate((*RULES, *BY_TABLE.get(table, ()))):
                if table in ("bronze_quarantine", "silver_dim_patient") and number > 3:
                    continue
                yield _rule_day(day, last, table, name, number < 3)


def _rule_day(day: datetime.date, last: datetime.date, table: str, name: str, structural: bool) -> RuleDay:
    age = (last - day).days
    warn, fail = (
        (None, 0.0) if structural else (5.0, 20.0) if name == "code_system_recommended" else (0.1, 1.0)
    )
    applicable: int | None = int(SIZES[table] * (0.8 + 0.4 * noise(day, table)))
    violated: int | None = 0
    reason = None
    share, days = TROUBLES.get((table, name), (0.0, 0))
    if age < days and applicable:
        violated = max(1, round(applicable * share * (0.6 + 0.8 * noise(day, name)) / 100))
    if name == "npi_luhn" or (
        name in ("after_birth", "before_death_and_sixty_days") and table[:6] == "bronze"
    ):
        applicable, violated, reason = (
            0,
            0,
            "no practitioner is loaded" if name == "npi_luhn" else "no dates here",
        )
    if name == "row_count_as_before" and age == 6:
        applicable, violated, reason = None, None, "fewer than 8 loads before it"
    percent = 100.0 * violated / applicable if applicable and violated is not None else None
    status = "error" if applicable is None else "not_applicable" if percent is None else "pass"
    if percent is not None and percent > fail:
        status = "fail"
    elif percent is not None and warn is not None and percent > warn:
        status = "warn"
    return RuleDay(
        day, f"{table}.{name}", table, name, "conformance" if structural else "plausibility",
        applicable, violated, percent, status, reason, warn, fail, structural,
        name == "code_system_recommended", RULE_SET,
    )  # fmt: skip


def table_days(rules: list[RuleDay]) -> Iterator[TableDay]:
    """A row a table and day, graded by the rules."""
    known = dict.fromkeys(KEYS, 0)
    for day in sorted({rule.dt for rule in rules}):
        for table in KEYS:
            came = int(SIZES[table] * (0.7 + 0.6 * noise(table, day)) * (0.35 if day.weekday() > 4 else 1))
            known[table] += came
            mine = [rule for rule in rules if (rule.dt, rule.table_name) == (day, table)]
            yield _table_day(day, table, came, known[table], mine)


def _table_day(day: datetime.date, table: str, came: int, known: int, rules: list[RuleDay]) -> TableDay:
    grade, worst = _grade(rules)
    history, facts = table.endswith("_history"), table.startswith("silver_fct")
    columns = KEYS[table].split(",")
    nulls = dict.fromkeys(columns, 0)
    if table == "silver_fct_observation_value":
        nulls |= {"obs_datetime": int(known * 0.004), "obs_code": int(known * 0.0002 * (day.day % 5))}
    if table in ("silver_encounter_history", "silver_observation_history"):
        nulls["patient_id"] = int(known * (0.012 + 0.02 * noise(day, "null")))
    worst_null = max(nulls.values())
    return TableDay(
        dt=day,
        table_name=table,
        rows_of_day=None if table == "silver_fct_observation" else came,
        rows_as_of=known,
        null_counts=",".join(f"{name}={count}" for name, count in nulls.items()),
        null_key_rate=worst_null / known if known else None,
        exact=int(came * 0.06) if history else 0,
        superseded=int(came * 0.02 * noise(day, table, 1)) if history else 0,
        conflicts=int(came * 0.012 * noise(day, table, 2)) if history else 0,
        re_sent=int(came * 0.22 * noise(day, table, 3)) if history else 0,
        late=int(came * 0.05 * noise(day, table, 4)) if history else 0,
        reverted=1 if history else 0,
        collapsed=3 if table == "silver_fct_observation_value" else 0,
        quarantined=int(4 * noise(day, table, 5)) if table == "bronze_file" else 0,
        orphans=int(known * 0.001) if facts else 0 if history and table != "silver_patient_history" else None,
        days_since_newest_event=int(noise(day, table, 6) * 4) - 1 if facts or history else None,
        worst_status=worst,
        grade=grade,
    )


def _grade(rules: list[RuleDay]) -> tuple[str | None, str | None]:
    statuses = [rule.status for rule in rules]
    worst = next((status for status in ("error", "fail", "warn", "pass") if status in statuses), None)
    if worst is None:
        return None, None
    if worst == "error" or any(rule.is_blocking and rule.status == "fail" for rule in rules):
        return "F", worst
    fails = statuses.count("fail")
    return ("D" if fails > 2 else "C" if fails else "B" if worst == "warn" else "A"), worst


def people(last: datetime.date = LAST) -> Iterator[PopulationCount]:
    """A town of some hundreds."""
    yield PopulationCount("patients", "all", "living", "all", 318)
    yield PopulationCount("patients", "all", "dead", "all", 27)
    for band in range(10):
        name = "90+" if band == 9 else f"{band}0-{band}9"
        for sex, share in (("female", 1.0), ("male", 0.93)):
            size = int((24 - abs(band - 3) * 2.6) * share * (0.8 + 0.4 * noise(band, sex)))
            yield PopulationCount("living_patients", "all", sex, name, max(size, 1))
    yield PopulationCount("living_patients", "all", "unknown", "30-39", 2)
    for number in range(60):
        month = last.year * 12 + last.month - 1 - number
        for code, size in (
            ("AMB", 60),
            ("EMER", 9),
            ("IMP", 6),
            ("VR", 3),
            ("HH", 2),
            ("OBSENC", 2),
            ("unknown", 1),
        ):
            count = int(size * (0.7 + 0.6 * noise(month, code)) * (1 - number / 90))
            bucket = f"{month // 12:04}-{month % 12 + 1:02}"
            yield PopulationCount("encounters", bucket, code, "all", count)
    yield PopulationCount("encounters", "unknown", "AMB", "all", 4)


def report_data(first: datetime.date = FIRST, last: datetime.date = LAST) -> ReportData:
    """A lake with a failing day, a gap, stale gold and a drop that nobody has materialized."""
    rules = list(rule_days(first, last))
    landed = tuple(days_between(first, last + datetime.timedelta(days=1)))
    bad = [rule for rule in rules if rule.dt == last and rule.violated]
    return ReportData(
        first=first,
        last=last,
        tables=tuple(table_days(rules)),
        rules=tuple(rules),
        samples={rule.rule_id: min(20, rule.violated or 0) for rule in bad if rule.rule_name != "duplicates"},
        population=tuple(people(last)),
        days=DayStates(
            landed=landed,
            silver=landed[:-1],
            gold=tuple(gold_days(first, last)),
            stale=(GAP, last - datetime.timedelta(days=2), last - datetime.timedelta(days=1)),
            unsplit=landed[-1:],
        ),
        descriptions={
            ("silver_observation_history", "quantity_in_plausible_range"): (
                "A value with a unit lies in the range that is possible for its code."
            ),
            ("silver_encounter_history", "starts_before_it_ends"): "An encounter ends after it starts.",
        },
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(report_data()), "utf-8")
