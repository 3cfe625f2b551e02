"""Runs checks: structural ones on what is about to be published, all of them on what is."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Check, CheckResult
from healthlake.contracts.registry import TABLES
from healthlake.engine.protocol import Engine
from healthlake.errors import StructuralViolation

QUERIES_AT_ONCE = 24
"""Branches of one query: more make Spark plan longer than it answers."""


def run_checks(
    engine: Engine, checks: Iterable[Check], days: Iterable[datetime.date], relation: str | None = None
) -> list[CheckResult]:
    """Answers `checks` for each of `days`, on `relation` or the relations named as their tables; further
    tables that they read are relations of the engine under their own names."""
    asked = [(check, day) for day in days for check in checks]
    texts = [check.render(relation or check.table, day) for check, day in asked]
    # A rule of a whole table reads the same for every day, and is asked once.
    distinct = list(dict.fromkeys(texts))
    answers: dict[str, tuple[int, int]] = {}
    for start in range(0, len(distinct), QUERIES_AT_ONCE):
        some = distinct[start : start + QUERIES_AT_ONCE]
        named = {check.name for (check, _), text in zip(asked, texts, strict=True) if text in some}
        tables = {check.table for (check, _), text in zip(asked, texts, strict=True) if text in some}
        engine.doing(f"checking {', '.join(sorted(tables))}: {', '.join(sorted(named))}")
        # One query: each check is a row of its number and two counts.
        rows = engine.rows(
            " UNION ALL ".join(
                f"SELECT {n} AS n, c.applicable, c.violated FROM ({text}) AS c(applicable, violated)"
                for n, text in enumerate(some)
            )
        )
        answers |= {some[n]: (int(applicable), int(violated)) for n, applicable, violated in rows}
    return [CheckResult(check, day, *answers[text]) for (check, day), text in zip(asked, texts, strict=True)]


def structural(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if check.structural]


def data_checks(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if check.sql and not check.structural]


def require(results: Sequence[CheckResult]) -> None:
    """`StructuralViolation` that names the first structural rule that is violated."""
    for result in results:
        if result.check.structural and not result.passed:
            raise StructuralViolation(
                f"publishing {result.check.table} for {result.day}: {result.violated} of {result.applicable}"
                f" violate {result.check.name} ({result.check.description}) Nothing of this table and day was"
                " committed. This is a fault of healthlake, not of the data: see docs/runbook.md, 'A"
                " structural rule is violated'."
            )


def check_published(engine: Engine, table: str, days: Iterable[datetime.date]) -> list[CheckResult]:
    """All checks in SQL of a published table for each of `days`."""
    checks = [check for check in catalogue()[table] if check.sql]
    for name in {table, *(name for check in checks for name in check.reads)}:
        engine.read(TABLES[name])
    return run_checks(engine, checks, days)
