"""Runs checks: structural ones on what is about to be published, all of them on what is.

The rules about single rows of a table and day are one query, all others one more. A rule whose query fails
is an error of that rule alone, and never a pass; where the engine takes no query at all, each is an error.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import groupby

from healthlake.checks.catalogue import catalogue
from healthlake.checks.fused import fused_counts
from healthlake.checks.lookups import LOOKUPS
from healthlake.checks.model import Check, CheckResult
from healthlake.contracts.model import Kind
from healthlake.contracts.registry import TABLES
from healthlake.engine.protocol import Engine
from healthlake.errors import EngineError, EngineUnavailable, StructuralViolation

QUERIES_AT_ONCE = 24
"""Branches of one query: more make Spark plan longer than it answers."""

_Counts = tuple[int, int]


def run_checks(
    engine: Engine, checks: Iterable[Check], days: Iterable[datetime.date], relation: str | None = None
) -> list[CheckResult]:
    """Answers `checks` for each of `days`, on `relation` or the relations named as their tables; further
    tables that they read are relations of the engine under their own names. What is published is not scanned
    where its metadata says enough."""
    asked = list(checks)
    dates = list(days)
    of_rows = [check for check in asked if check.is_of_rows]
    others = [check for check in asked if not check.is_of_rows]
    results = [] if relation else [r for day in dates for check in others for r in _count(engine, check, day)]
    known = {(result.day, result.check.id) for result in results}
    left = [(check, day) for day in dates for check in others if (day, check.id) not in known]
    results += _run_queries(engine, left, relation)
    for day in dates:
        for table, group in groupby(of_rows, key=lambda check: check.table):
            results += _run_fused(engine, table, list(group), day, relation or table)
    order = {(day, check): n for n, (day, check) in enumerate((d, c.id) for d in dates for c in asked)}
    return sorted(results, key=lambda result: order[result.day, result.check.id])


def _count(engine: Engine, check: Check, day: datetime.date) -> list[CheckResult]:
    """The answer by the table's metadata alone; none where that leaves it open."""
    if check.counted is None:
        return []
    table = TABLES[check.table]
    found = engine.counts(table, day if table.kind is Kind.DAILY else None, check.counts_nulls_of)
    answer = check.counted(*found) if found else None
    return [CheckResult(check, day, *answer)] if answer else []


def _run_fused(
    engine: Engine, table: str, checks: Sequence[Check], day: datetime.date, relation: str
) -> list[CheckResult]:
    engine.doing(f"checking {table}: {', '.join(check.name for check in checks)}")
    try:
        (row,) = engine.rows(fused_counts(checks, relation, day))
    except EngineError as error:
        if len(checks) == 1 or isinstance(error, EngineUnavailable):
            return [CheckResult(check, day, 0, 0, str(error)) for check in checks]
        return [r for check in checks for r in _run_fused(engine, table, [check], day, relation)]
    counts = [int(number) for number in row]
    return [
        CheckResult(check, day, applicable, violated)
        for check, applicable, violated in zip(checks, counts[::2], counts[1::2], strict=True)
    ]


def _run_queries(
    engine: Engine, asked: Sequence[tuple[Check, datetime.date]], relation: str | None
) -> list[CheckResult]:
    texts = [check.render(relation or check.table, day) for check, day in asked]
    # A rule of a whole table reads the same for every day, and is asked once.
    distinct = list(dict.fromkeys(texts))
    answers: dict[str, _Counts | str] = {}
    for start in range(0, len(distinct), QUERIES_AT_ONCE):
        some = distinct[start : start + QUERIES_AT_ONCE]
        named = [check for (check, _), text in zip(asked, texts, strict=True) if text in some]
        tables = ", ".join(sorted({check.table for check in named}))
        engine.doing(f"checking {tables}: {', '.join(sorted({check.name for check in named}))}")
        answers |= _answers(engine, some)
    return [_result(check, day, answers[text]) for (check, day), text in zip(asked, texts, strict=True)]


def _answers(engine: Engine, texts: Sequence[str]) -> dict[str, _Counts | str]:
    """Text -> its counts, or why it has none. One query: each text is a row of its number and two counts."""
    try:
        rows = engine.rows(
            " UNION ALL ".join(
                f"SELECT {n} AS n, c.applicable, c.violated FROM ({text}) AS c(applicable, violated)"
                for n, text in enumerate(texts)
            )
        )
    except EngineError as error:
        if len(texts) == 1 or isinstance(error, EngineUnavailable):
            return dict.fromkeys(texts, str(error))
        return {text: answer for each in texts for text, answer in _answers(engine, [each]).items()}
    return {texts[n]: (int(applicable), int(violated)) for n, applicable, violated in rows}


def _result(check: Check, day: datetime.date, answer: _Counts | str) -> CheckResult:
    if isinstance(answer, str):
        return CheckResult(check, day, 0, 0, answer)
    return CheckResult(check, day, *answer)


def structural(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if check.structural]


def data_checks(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if check.has_query and not check.structural]


def read_by(checks: Iterable[Check]) -> dict[str, bool]:
    """Tables that `checks` read -> whether days before the one asked about are read too."""
    found: dict[str, bool] = {}
    for check in checks:
        of_day = dict.fromkeys((check.table, *check.reads), False) | dict.fromkeys(check.reads_before, True)
        earlier = {table: True for name in check.looks_up for table in LOOKUPS[name].reads}
        for table, before in (of_day | earlier).items():
            found[table] = found.get(table, False) or before
    return found


def require(results: Sequence[CheckResult]) -> None:
    """`StructuralViolation` that names the first structural rule that is violated, `EngineError` where one
    could not be evaluated."""
    for result in results:
        if result.check.structural and result.error:
            raise EngineError(result.error)
        if result.check.structural and not result.passed:
            raise StructuralViolation(
                f"publishing {result.check.table} for {result.day}: {result.violated} of {result.applicable}"
                f" violate {result.check.name} ({result.check.description}) Nothing of this table and day was"
                " committed. This is a fault of healthlake, not of the data: see docs/runbook.md, 'A"
                " structural rule is violated'."
            )


def check_published(engine: Engine, table: str, days: Iterable[datetime.date]) -> list[CheckResult]:
    """All checks with a query of a published table for each of `days`."""
    checks = [check for check in catalogue()[table] if check.has_query]
    for name in read_by(checks):
        engine.read(TABLES[name])
    return run_checks(engine, checks, days)
