"""Runs checks: structural ones on what is about to be published, all of them on what is."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Check, CheckResult
from healthlake.contracts.registry import TABLES
from healthlake.engine.protocol import Engine
from healthlake.errors import StructuralViolation


def run_checks(
    engine: Engine, checks: Iterable[Check], relation: str, day: datetime.date
) -> list[CheckResult]:
    """Answers `checks` for one day on `relation`; the tables that they read beside it are relations of the
    engine."""
    asked = list(checks)
    if not asked:
        return []
    # One query a table and day: each check is one row of two numbers.
    answers = ", ".join(f"c{n}.applicable, c{n}.violated" for n in range(len(asked)))
    sources = " CROSS JOIN ".join(
        f"({check.render(relation, day)}) AS c{n}(applicable, violated)" for n, check in enumerate(asked)
    )
    engine.doing(f"checking {asked[0].table} for {day}: {', '.join(check.name for check in asked)}")
    (found,) = engine.rows(f"SELECT {answers} FROM {sources}")
    pairs = zip(found[::2], found[1::2], strict=True)
    return [
        CheckResult(check, day, int(applicable), int(violated))
        for check, (applicable, violated) in zip(asked, pairs, strict=True)
    ]


def structural(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if check.structural]


def data_checks(table: str) -> list[Check]:
    return [check for check in catalogue()[table] if not check.structural]


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
    """All checks of a published table for each of `days`."""
    checks = catalogue()[table]
    for name in {table, *(name for check in checks for name in check.reads)}:
        engine.read(TABLES[name])
    return [result for day in days for result in run_checks(engine, checks, table, day)]
