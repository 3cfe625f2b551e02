"""All rules about single rows of a table as one query: the rows are read once, and every lookup is joined
once, however many rules there are."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.checks.lookups import LOOKUPS
from healthlake.checks.model import Check
from healthlake.contracts.model import Contract, Kind
from healthlake.contracts.registry import TABLES

SAMPLE_COLUMNS = ("row_id", "content_hash", "file_id", "line", "entry")


def fused_counts(checks: Sequence[Check], relation: str, day: datetime.date) -> str:
    """SELECT of one row: how many rows each of `checks` (of one table) applies to and how many violate it,
    in their order."""
    pairs = ", ".join(
        f"count(CASE WHEN {_applies(check)} THEN 1 END) AS applicable_{n},"
        f" count(CASE WHEN {_violates(check)} THEN 1 END) AS violated_{n}"
        for n, check in enumerate(checks)
    )
    return f"SELECT {pairs} FROM ({_rows(checks, relation, day)}) AS r"


def violating_rows(check: Check, relation: str, day: datetime.date) -> str:
    """SELECT of SAMPLE_COLUMNS of the rows that violate `check`."""
    table = TABLES[check.table]
    rows = _rows([check], relation, day)
    return (
        f"SELECT {table.grain[0]} AS row_id, content_hash, file_id, line, entry FROM ({rows}) AS r"
        f" WHERE {_violates(check)}"
    )


def violating_rows_by_rule(checks: Sequence[Check], relation: str, day: datetime.date) -> str:
    """SELECT of rule_id and SAMPLE_COLUMNS of the rows that violate each of `checks` (of one table): a row is
    there for every rule that it violates."""
    table = TABLES[checks[0].table]
    rules = ", ".join(f"('{check.id}')" for check in checks)
    # Columns, which Trino compiles one by one: as one condition 47 rules are more than it compiles.
    columns = ", ".join(f"{_violates(check)} AS violates_{n}" for n, check in enumerate(checks))
    cases = " ".join(f"WHEN '{check.id}' THEN violates_{n}" for n, check in enumerate(checks))
    where = "content_hash, file_id, line, entry"
    return (
        f"SELECT rule_id, row_id, {where} FROM (SELECT {table.grain[0]} AS row_id, {where}, {columns}"
        f" FROM ({_rows(checks, relation, day)}) AS r) AS judged"
        f" CROSS JOIN (VALUES {rules}) AS asked (rule_id) WHERE CASE rule_id {cases} END"
    )


def counted(table: Contract) -> str:
    """The condition for rows that rules are about: living, and not retracted by their source."""
    conditions = ["NOT r.is_deleted"] if "is_deleted" in table.column_names else []
    if "status" in table.column_names:
        conditions.append("coalesce(r.status, '') <> 'entered-in-error'")
    if table.kind is Kind.DAILY:
        conditions.append("r.dt = {day}")
    return " AND ".join(conditions)


def _rows(checks: Sequence[Check], relation: str, day: datetime.date) -> str:
    table = TABLES[checks[0].table]
    lookups = [LOOKUPS[name] for name in dict.fromkeys(name for check in checks for name in check.looks_up)]
    columns = "".join(f", {lookup.columns()}" for lookup in lookups)
    joins = "".join(lookup.joins("r") for lookup in lookups)
    where = counted(table)
    sql = f"SELECT r.*{columns} FROM {{relation}} AS r{joins}" + (f" WHERE {where}" if where else "")
    return sql.format(relation=relation, day=f"DATE '{day.isoformat()}'")


def _applies(check: Check) -> str:
    return f"({check.applies_when})" if check.applies_when else "TRUE"


def _violates(check: Check) -> str:
    return f"{_applies(check)} AND ({check.violated_when})" if check.applies_when else check.violated_when
