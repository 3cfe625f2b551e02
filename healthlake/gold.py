"""Gold: one SELECT a table, as known on a day. Asks the ledger first: a landed day up to it without audited
silver stops it.

A rule that a deployment made blocking stops the summaries too, from the day on that fails it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.checks.families import inputs_unchanged_check
from healthlake.checks.model import CheckResult
from healthlake.checks.policy import Policy
from healthlake.checks.run import data_checks, run_checks
from healthlake.contracts.gold import GOLD_DQ_RESULT, NEVER_STOPPED
from healthlake.contracts.model import Contract
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_RECONCILIATION
from healthlake.day_rows import rows_by_day
from healthlake.engine.protocol import Engine, Staged
from healthlake.errors import HealthlakeError, LedgerGap, RuleStopsGold
from healthlake.gold_source import GoldSource
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.expiry import expire, tag_days
from healthlake.lake.lock import writing
from healthlake.lake.raw import landed_days
from healthlake.publishing import audit_staged, publish, recomputed
from healthlake.quality import blocked_days
from healthlake.report import Fault, JobReport, Listener
from healthlake.staleness import changed_days, fingerprints, record, stale_days, unconformed_days

TAG_AGE = datetime.timedelta(days=90)
"""How long what gold said of a day stays readable by its tag, however often the day is computed again."""


_OWN_TERMS = Policy()


def ledger_gaps(engine: Engine, catalog: LakeCatalog, day: datetime.date) -> list[datetime.date]:
    """The landed days up to `day` whose silver isn't there for every resource type, or was conformed from
    other bronze than there is now, ascending."""
    engine.doing("reading the ledger")
    engine.read(SILVER_RECONCILIATION)
    accounts = {
        (found, table): rows
        for found, table, rows in engine.rows(
            f"SELECT dt, table_name, bronze_rows FROM {SILVER_RECONCILIATION.name}"
        )
    }
    bronze = {kind.history.name: rows_by_day(engine, catalog, kind.bronze) for kind in RESOURCE_TYPES}
    behind = set(unconformed_days(catalog))
    return [
        landed
        for landed in landed_days(catalog.layout)
        if landed <= day
        and (
            landed in behind
            or any(accounts.get((landed, table)) != rows.get(landed, 0) for table, rows in bronze.items())
        )
    ]


def materialize_gold(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    source: GoldSource,
    days: Sequence[datetime.date],
    listener: Listener,
    allow_gaps: bool = False,
    policy: Policy = _OWN_TERMS,
) -> JobReport:
    """Computes a gold table for each of `days` and replaces those partitions in one snapshot.

    A day before whose silver is complete is a `LedgerGap` among the report's faults, unless `allow_gaps`.
    """
    with writing(catalog.layout, [contract.name], listener.say):
        report = recomputed(lambda: _materialize(engine, catalog, contract, source, days, allow_gaps, policy))
        done = sorted({each.day for each in report.tables})
        recomputed(lambda: tag_days(catalog, contract, done, TAG_AGE))
        expire(catalog, contract)
        return report


def _materialize(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    source: GoldSource,
    days: Sequence[datetime.date],
    allow_gaps: bool,
    policy: Policy,
) -> JobReport:
    report = JobReport()
    staged: list[Staged] = []
    # Before anything is read: what changes meanwhile makes the day stale, and is not overlooked.
    computed_from = fingerprints(catalog, source.text, source.inputs, days)
    for day in days:
        try:
            staged.append(_stage(engine, catalog, contract, source, day, allow_gaps, policy, report))
        except HealthlakeError as error:
            report.faults.append(Fault(contract.name, day, error))
    if not staged:
        return report
    publish(engine, catalog, contract, staged, report, {"healthlake.allow-gaps": str(allow_gaps).lower()})
    record(catalog, contract, {each.day: computed_from[each.day] for each in staged})
    for each in staged:
        engine.read(contract, [each.day])
        report.checks.extend(run_checks(engine, data_checks(contract.name), [each.day]))
    report.checks.extend(inputs_unchanged(engine, catalog, contract, source, [each.day for each in staged]))
    return report


def _stage(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    source: GoldSource,
    day: datetime.date,
    allow_gaps: bool,
    policy: Policy,
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
    if contract not in NEVER_STOPPED:
        _require_rules(engine, catalog, contract, policy, day)
    engine.doing(f"computing {contract.name} for {day}")
    staged = engine.stage(contract, day, source.select(engine, day), dialect="athena")
    audit_staged(engine, staged, report)
    return staged


def _require_rules(
    engine: Engine, catalog: LakeCatalog, contract: Contract, policy: Policy, day: datetime.date
) -> None:
    """`RuleStopsGold` where a blocking rule failed on a day up to `day`, or a landed one has no verdict."""
    if not policy.blocking():
        return
    engine.doing(f"asking whether a rule stops {contract.name} for {day}")
    judged = rows_by_day(engine, catalog, GOLD_DQ_RESULT)
    doing = f"computing {contract.name} for {day}"
    if unknown := [each for each in landed_days(catalog.layout) if each <= day and each not in judged]:
        raise RuleStopsGold(
            f"{doing}: {len(unknown)} landed day(s) up to it have no verdict in {GOLD_DQ_RESULT.name}, and"
            f" rules that stop gold are set. Run `healthlake materialize --from {unknown[0]} --to {day}`."
        )
    if stopped := blocked_days(engine, policy, day):
        on, rules = next(iter(stopped.items()))
        others = ", ".join(str(each) for each in list(stopped)[1:6]) + (", …" if len(stopped) > 6 else "")
        raise RuleStopsGold(
            f"{doing}: {', '.join(rules)} failed on {on}"
            + (f" (and some on {others})" if others else "")
            + ", and HEALTHLAKE_RULES says that this stops gold. Mend the drop (`healthlake land --replace`),"
            " or change the rule's terms, and materialize again; `healthlake report` lists what failed."
        )


def inputs_unchanged(
    engine: Engine,
    catalog: LakeCatalog,
    contract: Contract,
    source: GoldSource,
    days: Sequence[datetime.date],
) -> list[CheckResult]:
    """Answers the check of that name: whether each day would be computed from the same now."""
    stale = set(stale_days(catalog, contract, source.text, source.inputs))
    behind = changed_days(engine, catalog, max(days))
    return [
        CheckResult(
            inputs_unchanged_check(contract),
            day,
            1,
            int(day in stale or any(landed <= day for landed in behind)),
        )
        for day in days
    ]
