"""Gold: one query per table, as known on the day of the partition.

Mappings are identity although a gold day reads all days up to it: with a time-window mapping a backfill of
three days targets every day up to today. What an old day's rewrite makes stale is the ledger's to know.
"""

from collections.abc import Collection, Iterator
from typing import Any

import dagster as dg

from healthlake.conform.as_of import as_of_name
from healthlake.contracts.bronze import BRONZE_DELETION
from healthlake.contracts.gold import GOLD_DQ_RESULT, GOLD_TABLES, NEVER_STOPPED, QUALITY_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, SILVER_QUARANTINE, SILVER_RECONCILIATION
from healthlake.gold_source import gold_source
from healthlake_dagster.listening import ListenerFactory
from healthlake_dagster.partitions import days_of
from healthlake_dagster.reporting import answered_checks_alone, report_job, step_faults
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.specs import asset_spec, check_specs, package_file


def gold_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset a gold table."""
    return [_gold_asset(contract, settings) for contract in GOLD_TABLES]


def _gold_asset(contract: Contract, settings: Settings) -> dg.AssetsDefinition:
    made_by = (
        package_file("quality.py")
        if contract in QUALITY_TABLES
        else settings.sql_folder / f"{contract.name}.sql"
    )
    code = [made_by, package_file("contracts", "gold.py")]

    @dg.multi_asset(
        name=f"materialize_{contract.name}",
        specs=[asset_spec(contract, settings, _upstream(contract, settings), code)],
        check_specs=check_specs(contract.name, settings),
        can_subset=True,
        pool=settings.pool(contract.name),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def materialize(
        context: dg.AssetExecutionContext,
        query: dg.ResourceParam[QueryResource],
        listen: dg.ResourceParam[ListenerFactory],
    ) -> Iterator[dg.MaterializeResult[Any]]:
        if answered_checks_alone(context, query):
            return
        days = days_of(context.partition_keys)
        with step_faults():
            report = query.materialize(context, contract, days, listen(context))
        yield from report_job(context, report, query.policy)

    return materialize


def _upstream(contract: Contract, settings: Settings) -> list[str]:
    """What a table reads, and the verdicts that may stop it."""
    found = upstream_of(gold_source(settings.sql_folder, contract, settings.policy).relations)
    return sorted({*found, *(() if contract in NEVER_STOPPED else (GOLD_DQ_RESULT.name,))})


def upstream_of(relations: Collection[str]) -> list[str]:
    """The ledger, and the tables that gold reads, an as-of relation as its current table.

    What the ledger itself is made from is left out: Dagster gets there through it, and with an edge for each
    of those tables the graph can't be read.
    """
    upstream = {SILVER_RECONCILIATION.name}
    by_as_of = {as_of_name(kind): kind.current.name for kind in RESOURCE_TYPES}
    for name in relations:
        if name in by_as_of or name in TABLES:
            upstream.add(by_as_of.get(name, name))
    implied = {BRONZE_DELETION.name, SILVER_QUARANTINE.name}
    for kind in RESOURCE_TYPES:
        implied |= {kind.bronze.name, kind.history.name}
    return sorted(upstream - implied)
