"""The rule catalogue: every rule of every table, by table."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping

from healthlake.checks import families
from healthlake.checks.encounter import ENCOUNTER_RULES
from healthlake.checks.families import FILES_LANDED, RAW_ASSET
from healthlake.checks.files import FILE_RULES
from healthlake.checks.lookups import LOOKUPS
from healthlake.checks.model import Check
from healthlake.checks.observation import OBSERVATION_RULES
from healthlake.checks.patient import PATIENT_RULES
from healthlake.checks.trends import trend_rules
from healthlake.contracts.bronze import BRONZE_FILE, BRONZE_QUARANTINE
from healthlake.contracts.gold import GOLD_DQ_SAMPLE, GOLD_TABLES
from healthlake.contracts.model import Contract, Kind, Layer
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_QUARANTINE, SILVER_RECONCILIATION


@functools.cache
def catalogue() -> Mapping[str, tuple[Check, ...]]:
    """Table (or the raw asset) -> its checks."""
    checks: dict[str, list[Check]] = {RAW_ASSET: [FILES_LANDED]}
    for table in TABLES.values():
        checks[table.name] = [families.grain_unique(table), families.keys_not_null(table)]
    for table in (BRONZE_FILE, *(kind.bronze for kind in RESOURCE_TYPES), *_never_empty_gold()):
        checks[table.name].append(families.has_rows(table))
    checks[BRONZE_FILE.name] += [
        families.file_conservation(),
        families.export_complete(),
        families.times_readable(),
    ]
    checks[SILVER_RECONCILIATION.name] += [families.table_conservation(), families.accounts_for_bronze()]
    for kind in RESOURCE_TYPES:
        checks[kind.history.name] += [families.duplicates_within_bounds(kind), *trend_rules(kind)]
        checks[kind.current.name] += [families.one_current_row(kind), families.newest_not_quarantined(kind)]
    for table in GOLD_TABLES:
        checks[table.name].append(families.inputs_unchanged_check(table))
    for table in (BRONZE_QUARANTINE, SILVER_QUARANTINE):
        checks[table.name].append(families.nothing_quarantined(table))
    for check in (*FILE_RULES, *PATIENT_RULES, *ENCOUNTER_RULES, *OBSERVATION_RULES):
        checks[check.table].append(check)
    return {table: tuple(found) for table, found in checks.items()}


def _never_empty_gold() -> list[Contract]:
    """No samples are good news."""
    return [table for table in GOLD_TABLES if table is not GOLD_DQ_SAMPLE]


def is_kept(check: Check) -> bool:
    """Whether its verdicts are stored in gold: those about what came on a day, which a rerun finds again. A
    current table and gold itself are other tables tomorrow."""
    table = TABLES.get(check.table)
    return (
        check.has_query
        and table is not None
        and table.kind is Kind.DAILY
        and table.layer in (Layer.BRONZE, Layer.SILVER)
    )


@functools.cache
def kept_checks() -> tuple[Check, ...]:
    """The rules whose verdicts `gold_dq_result` holds, in the order of the catalogue."""
    return tuple(check for checks in catalogue().values() for check in checks if is_kept(check))


@functools.cache
def rule_set_hash() -> str:
    """SHA-256 over everything in the kept rules that a verdict or a sample depends on, in hex."""
    told = [
        (
            *(c.id, c.applies_when, c.violated_when, c.sql, c.violators, c.terms.warn, c.terms.fail),
            *(LOOKUPS[name] for name in c.looks_up),
        )
        for c in kept_checks()
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
