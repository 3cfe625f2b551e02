"""From what a step staged to a snapshot: audited, committed, computed anew where another writer was first.

Refuses to publish what violates a structural rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from healthlake.checks.run import require, run_checks, structural
from healthlake.contracts.model import Contract
from healthlake.day_rows import rows_by_day
from healthlake.engine.protocol import Engine, Staged
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.table_version import Version
from healthlake.report import JobReport, table_days

_Result = TypeVar("_Result")

ATTEMPTS = 5
"""How often a step is computed anew from the new base after a commit conflict."""


def recomputed(step: Callable[[], _Result]) -> _Result:
    """Runs `step` again from the new base after a commit conflict."""
    for _ in range(ATTEMPTS - 1):
        try:
            return step()
        except CommitConflict:
            continue
    return step()


def audit_staged(engine: Engine, staged: Staged, report: JobReport) -> None:
    """Runs the structural rules on what is staged; what violates one is discarded."""
    try:
        results = run_checks(engine, structural(staged.contract.name), [staged.day], staged.relation)
        report.checks.extend(results)
        require(results)
    except BaseException:
        engine.discard([staged])
        raise


def publish(
    engine: Engine,
    catalog: LakeCatalog,
    table: Contract,
    staged: Sequence[Staged],
    report: JobReport,
    properties: Mapping[str, str] | None = None,
) -> None:
    """Commits the days that are staged in one snapshot of the table, with these properties; what can't be is
    discarded."""
    if not staged:
        return
    base = catalog.version(table) or Version(None, {}, ())
    engine.doing(f"publishing {table.name}")
    try:
        published = engine.publish(table, staged, properties or {})
    except BaseException:
        engine.discard(staged)
        raise
    rows = rows_by_day(engine, catalog, table)
    report.tables.extend(table_days(table, [each.day for each in staged], published, base, rows))
