"""Gold: one SELECT a table, as known on a day. Asks the ledger first: a landed day up to it without audited
silver stops it.

The SQL in `sql/` is Athena's dialect. It names the day `:dt`, tables by their names, and `<current
table>_as_of` for the state as known on that day; it never spells a winner out.
"""

from __future__ import annotations

import datetime
import functools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sqlglot
from sqlglot import exp

from healthlake.checks.families import inputs_unchanged_check
from healthlake.checks.model import CheckResult
from healthlake.checks.run import data_checks, run_checks
from healthlake.conform.as_of import as_of, as_of_name
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_RECONCILIATION
from healthlake.engine.protocol import Engine, Staged
from healthlake.errors import HealthlakeError, LedgerGap, UsageError
from healthlake.jobs import audit_staged, recomputed
from healthlake.lake.catalog import LakeCatalog, Version
from healthlake.lake.expiry import expire, tag_days
from healthlake.lake.lock import writing
from healthlake.lake.raw import landed_days
from healthlake.report import Fault, JobReport, Listener, table_days
from healthlake.staleness import fingerprints, record, stale_days, unsplit_days

TAG_AGE = datetime.timedelta(days=90)
"""How long what gold said of a day stays readable by its tag, however often the day is computed again."""


def gold_sql(folder: Path, contract: Contract) -> str:
    """The table's SELECT as it stands in `folder`; `UsageError` where there is none."""
    path = folder / f"{contract.name}.sql"
    if not path.is_file():
        raise UsageError(
            f"reading gold's SQL: there is no {path}. Set HEALTHLAKE_SQL to the folder that has it."
        )
    return path.read_text("utf-8")


def ledger_gaps(engine: Engine, catalog: LakeCatalog, day: datetime.date) -> list[datetime.date]:
    """The landed days up to `day` whose silver isn't there for every resource type, or accounts for other
    bronze rows than there are now, ascending."""
    engine.doing("reading the ledger")
    engine.read(SILVER_RECONCILIATION)
    accounts = {
        (found, table): rows
        for found, table, rows in engine.rows(
            f"SELECT dt, table_name, bronze_rows FROM {SILVER_RECONCILIATION.name}"
        )
    }
    bronze = {kind.history.name: _rows_by_day(catalog, kind.bronze) for kind in RESOURCE_TYPES}
    return [
        landed
        for landed in landed_days(catalog.layout)
        if landed <= day
        and any(accounts.get((landed, table)) != rows.get(landed, 0) for table, rows in bronze.items())
    ]


def _rows_by_day(catalog: LakeCatalog, contract: Contract) -> Counter[datetime.date]:
    """Rows of each day by the files of the current snapshot: nothing is scanned."""
    version = catalog.version(contract)
    counts: Counter[datetime.date] = Counter()
    for file in version.files if version else ():
        counts[file.day] += file.rows
    return counts


def materialize_gold(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    sql: str,
    days: Sequence[datetime.date],
    listener: Listener,
    allow_gaps: bool = False,
) -> JobReport:
    """Computes a gold table for each of `days` and replaces those partitions in one snapshot.

    A day before whose silver is complete is a `LedgerGap` among the report's faults, unless `allow_gaps`.
    """
    with writing(catalog.layout, [contract.name], listener.say):
        report = recomputed(lambda: _materialize(engine, catalog, contract, sql, days, allow_gaps))
        tag_days(catalog, contract, sorted({each.day for each in report.tables}), TAG_AGE)
        expire(catalog, contract)
        return report


def _materialize(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    sql: str,
    days: Sequence[datetime.date],
    allow_gaps: bool,
) -> JobReport:
    report = JobReport()
    staged: list[Staged] = []
    # Before anything is read: what changes meanwhile makes the day stale, and is not overlooked.
    computed_from = fingerprints(catalog, sql, inputs_of(sql), days)
    for day in days:
        try:
            staged.append(_stage(engine, catalog, contract, sql, day, allow_gaps, report))
        except HealthlakeError as error:
            report.faults.append(Fault(contract.name, day, error))
    if not staged:
        return report
    base = catalog.version(contract) or Version(None, {}, ())
    engine.doing(f"publishing {contract.name}")
    gaps = {"healthlake.allow-gaps": "true"} if allow_gaps else {}
    published = engine.publish(contract, staged, gaps)
    record(catalog, contract, {each.day: computed_from[each.day] for each in staged})
    report.tables.extend(table_days(contract, [each.day for each in staged], published, base))
    for each in staged:
        engine.read(contract, [each.day])
        report.checks.extend(run_checks(engine, data_checks(contract.name), [each.day]))
    report.checks.extend(inputs_unchanged(engine, catalog, contract, sql, [each.day for each in staged]))
    return report


def _stage(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    sql: str,
    day: datetime.date,
    allow_gaps: bool,
    report: JobReport,
) -> Staged:
    gaps = ledger_gaps(engine, catalog, day)
    if gaps and not allow_gaps:
        listed = ", ".join(gap.isoformat() for gap in gaps[:5]) + (", …" if len(gaps) > 5 else "")
        raise LedgerGap(
            f"computing {contract.name} for {day}: {len(gaps)} landed day(s) up to it have no complete silver"
            f" ({listed}). Run `healthlake materialize --from {gaps[0]} --to {day}`, or set"
            " HEALTHLAKE_ALLOW_GAPS=1 to go on without."
        )
    engine.doing(f"computing {contract.name} for {day}")
    relate(engine, sql, day)
    staged = engine.stage(contract, day, bind_day(sql, day), dialect="athena")
    audit_staged(engine, staged, report)
    return staged


def inputs_unchanged(
    engine: Engine, catalog: LakeCatalog, contract: Contract, sql: str, days: Sequence[datetime.date]
) -> list[CheckResult]:
    """Answers the check of that name: whether each day would be computed from the same now."""
    stale = set(stale_days(catalog, contract, sql, inputs_of(sql)))
    unsplit = unsplit_days(engine, catalog, max(days))
    return [
        CheckResult(
            inputs_unchanged_check(contract),
            day,
            1,
            int(day in stale or any(landed <= day for landed in unsplit)),
        )
        for day in days
    ]


def inputs_of(sql: str) -> list[Contract]:
    """The tables that `sql` is computed from, an as-of relation's history among them."""
    by_as_of = {as_of_name(kind): kind.history for kind in RESOURCE_TYPES}
    found = {name: TABLES.get(name) or by_as_of.get(name) for name in tables_of(sql)}
    return sorted({table for table in found.values() if table}, key=lambda table: table.name)


def relate(engine: Engine, sql: str, day: datetime.date | None) -> None:
    """Makes every table that `sql` names a relation of the engine, and the as-of ones of `day`."""
    named = tables_of(sql)
    by_as_of = {as_of_name(kind): kind for kind in RESOURCE_TYPES}
    for name in sorted(named):
        if name in TABLES:
            engine.read(TABLES[name])
        elif name in by_as_of and day is not None:
            engine.read(by_as_of[name].history)
            engine.store(name, as_of(by_as_of[name], day))


@functools.cache
def tables_of(sql: str) -> frozenset[str]:
    """Names of the tables that `sql` (Athena's dialect) reads, those that it defines itself left out."""
    tree = sqlglot.parse_one(sql, read="athena")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own


def bind_day(sql: str, day: datetime.date) -> str:
    """`sql` with the literal day in place of `:dt`."""
    tree = sqlglot.parse_one(sql, read="athena")
    for placeholder in list(tree.find_all(exp.Placeholder)):
        if placeholder.this == "dt":
            placeholder.replace(exp.cast(exp.Literal.string(day.isoformat()), "date"))
    return tree.sql(dialect="athena")
