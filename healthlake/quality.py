"""The verdicts of the rules as gold tables: `gold_dq_result` and `gold_dq_sample`, each day a function of
what came on it and of what was known by then.

The rules run as queries of their own; a row of results holds their counts. Samples hold ids, so they go from
table to table and never through here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import groupby

from healthlake.checks.catalogue import kept_checks
from healthlake.checks.fused import violating_rows, violating_rows_by_rule
from healthlake.checks.lookups import LOOKUPS
from healthlake.checks.model import Check, CheckResult, Status
from healthlake.checks.policy import Policy
from healthlake.checks.run import read_by, run_checks
from healthlake.contracts.gold import GOLD_DQ_RESULT, GOLD_DQ_SAMPLE
from healthlake.contracts.model import Column, ColumnType, Contract
from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import SQL_TYPES
from healthlake.engine.dialect import to_athena
from healthlake.engine.protocol import Engine

SAMPLES = 20
"""Rows that a rule and day keeps as samples."""


def quality_inputs(contract: Contract) -> list[Contract]:
    """The tables that a table of verdicts is computed from."""
    found = {TABLES[name] for name in read_by(kept_checks())}
    if contract is GOLD_DQ_SAMPLE:
        found.add(GOLD_DQ_RESULT)
    return sorted(found, key=lambda table: table.name)


def quality_select(engine: Engine, contract: Contract, policy: Policy, day: datetime.date) -> str:
    """SELECT (Athena's dialect) of the day's rows of `gold_dq_result` or `gold_dq_sample`."""
    for table in quality_inputs(contract):
        engine.read(table)
    if contract is GOLD_DQ_SAMPLE:
        return to_athena(samples(_violated(engine, day), day))
    results = run_checks(engine, kept_checks(), [day])
    return _values(contract, [_row(result, policy) for result in results])


def _row(result: CheckResult, policy: Policy) -> tuple[object, ...]:
    check, terms = result.check, policy.terms(result.check)
    status = result.status(terms)
    answered = status is not Status.ERROR
    share = result.violated * 100 / result.applicable if result.applicable else None
    return (
        result.day,
        check.id,
        check.table,
        check.name,
        check.kahn.value,
        result.applicable if answered else None,
        result.violated if answered else None,
        share,
        status.value,
        reason(result, status),
        terms.warn,
        terms.fail,
        check.structural or terms.is_blocking,
        policy.is_overridden(check),
        policy.rule_set_hash,
    )


def reason(result: CheckResult, status: Status) -> str | None:
    """Why a rule says nothing of the day; None where it does."""
    if status is Status.ERROR:
        return "its query failed; the run's log says how"
    if status is Status.NOT_APPLICABLE:
        names = [name for name in result.check.looks_up if f"{name}_is_loaded" in result.check.applies_when]
        targets = ", ".join(f"no {LOOKUPS[name].target}" for name in names)
        return f"no row that it applies to{f', or {targets} in any drop up to the day' if names else ''}"
    return None


def _values(contract: Contract, rows: Iterable[Sequence[object]]) -> str:
    columns = list(contract)
    names = ", ".join(column.name for column in columns)
    # Typed once: what every row repeats makes the text, and its planning, three times as long.
    typed = ", ".join(
        f"CAST({column.name} AS {SQL_TYPES[column.type]}) AS {column.name}" for column in columns
    )
    listed = ", ".join(
        f"({', '.join(_literal(column, value) for column, value in zip(columns, row, strict=True))})"
        for row in rows
    )
    return f"SELECT {typed} FROM (VALUES {listed}) AS v ({names})"


def _literal(column: Column, value: object) -> str:
    """A literal of one of our own numbers and names: no value of a record comes here."""
    if value is None:
        return "NULL"
    if column.type is ColumnType.BOOLEAN:
        return "TRUE" if value else "FALSE"
    if column.type is ColumnType.DATE:
        return f"DATE '{value}'"
    if column.type is ColumnType.DOUBLE:
        # An exponent makes it a double in every engine; a plain fraction is a decimal.
        return f"{value!r}E0" if "e" not in repr(value) else repr(value)
    if column.type in (ColumnType.INT, ColumnType.LONG):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _violated(engine: Engine, day: datetime.date) -> list[Check]:
    """The rules that the day's published verdicts say are violated, and whose rows can be listed."""
    found = {
        rule
        for (rule,) in engine.rows(
            f"SELECT rule_id FROM {GOLD_DQ_RESULT.name} WHERE dt = DATE '{day}' AND violated > 0"
        )
    }
    return [check for check in kept_checks() if check.id in found and (check.is_of_rows or check.violators)]


def samples(checks: Sequence[Check], day: datetime.date) -> str:
    """SELECT of `gold_dq_sample`'s rows of the day for `checks`, whose rows can be listed."""
    # One branch for all rules about a table's rows: a branch for each has several hundred stages, and Trino
    # 476 runs 150.
    of_rows = [check for check in checks if check.is_of_rows]
    branches = [
        _sampled(table, violating_rows_by_rule(list(group), table, day), day)
        for table, group in groupby(of_rows, key=lambda check: check.table)
    ]
    branches += [
        _sampled(check.table, f"SELECT '{check.id}' AS rule_id, d.* FROM ({violators(check, day)}) AS d", day)
        for check in checks
        if not check.is_of_rows
    ]
    # Never without a branch: the day's rows are then none, of the right types.
    return " UNION ALL ".join(branches or [_no_sample(day)])


def _sampled(table: str, rows: str, day: datetime.date) -> str:
    """The first of `rows` (rule_id, row_id, content_hash, file_id, line, entry) of every rule."""
    order = "content_hash, file_id, line, entry, row_id"
    once = f"SELECT DISTINCT rule_id, row_id, content_hash, file_id, line, entry FROM ({rows}) AS d"
    return (
        f"SELECT DATE '{day}' AS dt, rule_id, CAST(n AS INTEGER) AS sample_number, '{table}' AS table_name,"
        " row_id, file_id, line, entry FROM (SELECT rule_id, row_id, file_id, line, entry,"
        f" row_number() OVER (PARTITION BY rule_id ORDER BY {order}) AS n FROM ({once}) AS v) AS s"
        f" WHERE n <= {SAMPLES}"
    )


def violators(check: Check, day: datetime.date) -> str:
    """SELECT of row_id, content_hash, file_id, line and entry of every row that violates `check` on `day`."""
    if check.is_of_rows:
        return violating_rows(check, check.table, day)
    return check.violators.format(relation=check.table, day=f"DATE '{day.isoformat()}'")


def listing_sql(check: Check, day: datetime.date) -> str:
    """SELECT (Athena's dialect) of where the rows lie that violate `check` on `day`; empty where they can't
    be listed."""
    if not (check.is_of_rows or check.violators):
        return ""
    where = "row_id, file_id, line, entry"
    rows = f"SELECT {where} FROM ({violators(check, day)}) AS v ORDER BY file_id, line, entry"
    return to_athena(rows)


def _no_sample(day: datetime.date) -> str:
    columns = ", ".join(
        f"CAST(NULL AS {SQL_TYPES[column.type]}) AS {column.name}" for column in list(GOLD_DQ_SAMPLE)[1:]
    )
    return f"SELECT DATE '{day}' AS dt, {columns} FROM (VALUES (1)) AS v (one) WHERE one = 0"


def blocked_days(engine: Engine, policy: Policy, day: datetime.date) -> dict[datetime.date, list[str]]:
    """The days up to `day` on which a rule that stops gold failed -> its ids."""
    rules = [check.id for check in policy.blocking()]
    if not rules:
        return {}
    engine.read(GOLD_DQ_RESULT)
    listed = ", ".join(f"'{rule}'" for rule in rules)
    failed = f"'{Status.FAIL.value}', '{Status.ERROR.value}'"
    found: dict[datetime.date, list[str]] = {}
    for on, rule in engine.rows(
        f"SELECT dt, rule_id FROM {GOLD_DQ_RESULT.name} WHERE dt <= DATE '{day}' AND rule_id IN ({listed})"
        f" AND status IN ({failed}) ORDER BY dt, rule_id"
    ):
        found.setdefault(on, []).append(rule)
    return found
