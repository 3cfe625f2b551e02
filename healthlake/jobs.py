"""The jobs: raw to bronze and bronze to silver, for a range of days, on any engine.

A job publishes what is right and reports what isn't: a faulty day keeps its earlier state and doesn't cost
the others theirs. It takes the locks of the tables that it writes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence

from healthlake.bronze import require_complete_bronze, require_same_drop, settle_corrections
from healthlake.checks.run import data_checks, read_by, require, run_checks, structural
from healthlake.conform.current import refresh_collapsed, refresh_current
from healthlake.conform.history import HistoryDay, stage_history
from healthlake.contracts.bronze import BRONZE_DELETION, BRONZE_FILE
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import BRONZE_TABLES, TABLES
from healthlake.contracts.silver import (
    RESOURCE_TYPES,
    SHARED_SILVER_TABLES,
    SILVER_QUARANTINE,
    ResourceType,
)
from healthlake.day_rows import rows_by_day
from healthlake.engine.protocol import Engine, Published, Staged
from healthlake.errors import HealthlakeError
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.expiry import expire
from healthlake.lake.lock import writing
from healthlake.lake.raw import drop_files
from healthlake.lake.table_version import Version
from healthlake.publishing import audit_staged, publish, recomputed
from healthlake.replay import choose, split_again
from healthlake.report import Fault, JobReport, Listener, table_days
from healthlake.split import SourceFile
from healthlake.staleness import bronze_fingerprints, record_conformed

_SAY_NOTHING = Listener()


def raw_to_bronze(
    engine: Engine,
    catalog: LakeCatalog,
    days: Sequence[datetime.date],
    listener: Listener = _SAY_NOTHING,
    only: Collection[str] | None = None,
) -> JobReport:
    """Splits each day's drop into the bronze tables, `bronze_file` last. Raises nothing for a faulty day: see
    `faults`.

    With `only`, files with such a file_id are split and rows of the others are taken as they are: see
    replay.py.
    """
    with writing(catalog.layout, [table.name for table in BRONZE_TABLES], listener.say):
        report = recomputed(lambda: _raw_to_bronze(engine, catalog, days, listener, only))
        for table in BRONZE_TABLES:
            expire(catalog, table)
        return report


def _raw_to_bronze(
    engine: Engine,
    catalog: LakeCatalog,
    days: Sequence[datetime.date],
    listener: Listener,
    only: Collection[str] | None,
) -> JobReport:
    report = JobReport()
    split: dict[datetime.date, Mapping[str, Staged]] = {}
    for day in days:
        try:
            split[day] = _split_day(engine, catalog, day, listener, report, only)
        except HealthlakeError as error:
            report.faults.extend(Fault(table.name, day, error) for table in BRONZE_TABLES)
    for position, table in enumerate(BRONZE_TABLES):
        try:
            publish(engine, catalog, table, [tables[table.name] for tables in split.values()], report)
        except BaseException:
            engine.discard(
                tables[other.name] for tables in split.values() for other in BRONZE_TABLES[position:]
            )
            raise
    settle_corrections(catalog, split)
    for day in split:
        _check_data(engine, BRONZE_TABLES, day, report)
    return report


def _split_day(
    engine: Engine,
    catalog: LakeCatalog,
    day: datetime.date,
    listener: Listener,
    report: JobReport,
    only: Collection[str] | None,
) -> Mapping[str, Staged]:
    files = drop_files(catalog.layout, day)
    if not files:
        listener.say(f"{day}: no files have landed in {catalog.layout.drop(day)}; its tables get 0 rows")
    engine.doing(f"reading what bronze knows of {day}")
    engine.read(BRONZE_FILE, [day], "known_file")
    require_same_drop(engine, catalog, day, [file.column_path for file in files])
    engine.doing(f"splitting the drop of {day}")
    staged = _split_files(engine, catalog, day, files, listener, only)
    try:
        paths = [file.column_path for file in files]
        require_same_drop(engine, catalog, day, paths, staged[BRONZE_FILE.name].relation)
        for table in BRONZE_TABLES:
            engine.define(table.name, f"SELECT * FROM {staged[table.name].relation}")
        checks = [check for table in BRONZE_TABLES for check in structural(table.name)]
        results = run_checks(engine, checks, [day])
        report.checks.extend(results)
        require(results)
    except BaseException:
        engine.discard(staged.values())
        raise
    return staged


def _split_files(
    engine: Engine,
    catalog: LakeCatalog,
    day: datetime.date,
    files: Sequence[SourceFile],
    listener: Listener,
    only: Collection[str] | None,
) -> Mapping[str, Staged]:
    choice = None if only is None else choose(engine, catalog.layout, day, files, only)
    total = sum(file.size_bytes for file in (choice.again if choice else files))

    def progress(done: int, entries: int) -> None:
        listener.split(day, done, total, entries)

    if choice:
        return split_again(engine, day, files, choice, progress)
    return engine.split(day, files, progress)


def bronze_to_silver(
    engine: Engine,
    catalog: LakeCatalog,
    days: Sequence[datetime.date],
    types: Sequence[ResourceType] = RESOURCE_TYPES,
    listener: Listener = _SAY_NOTHING,
) -> JobReport:
    """Conforms each day's bronze into history and brings the current tables up to it, for all or some
    resource types."""
    tables = [table.name for kind in types for table in kind.tables]
    shared = [table.name for table in SHARED_SILVER_TABLES]
    with writing(catalog.layout, [*tables, *shared], listener.say):
        report = recomputed(lambda: _bronze_to_silver(engine, catalog, days, types, listener))
        for name in (*tables, *shared):
            expire(catalog, TABLES[name], derived_tables(TABLES[name]))
        return report


def _bronze_to_silver(
    engine: Engine,
    catalog: LakeCatalog,
    days: Sequence[datetime.date],
    types: Sequence[ResourceType],
    listener: Listener,
) -> JobReport:
    report = JobReport()
    # Before anything is read: bronze that changes meanwhile is conformed again.
    conformed_from = {kind.name: bronze_fingerprints(catalog, kind, days) for kind in types}
    done: dict[datetime.date, list[tuple[ResourceType, HistoryDay]]] = {day: [] for day in days}
    ready = _ready_days(engine, catalog, days, types, report)
    for kind in types:
        staged = _stage_days(engine, kind, ready, report)
        for history in staged:
            done[history.staged.day].append((kind, history))
        publish(engine, catalog, kind.history, [history.staged for history in staged], report)
        listener.say(f"{kind.history.name}: {sum(history.staged.rows for history in staged):,} rows")
        _refresh(engine, catalog, kind, days, report)
    for table in SHARED_SILVER_TABLES:
        publish(engine, catalog, table, _stage_shared(engine, table, done, types, report), report)
    for kind in types:
        faulty = report.faulty_days([each.name for each in (*kind.tables, *SHARED_SILVER_TABLES)])
        computed = conformed_from[kind.name]
        record_conformed(catalog, kind, {day: computed[day] for day in days if day not in faulty})
    for day in days:
        _check_data(engine, [*(kind.history for kind in types), *SHARED_SILVER_TABLES], day, report)
    for kind in types:
        _check_current(engine, kind, days, report)
    return report


def _ready_days(
    engine: Engine,
    catalog: LakeCatalog,
    days: Sequence[datetime.date],
    types: Sequence[ResourceType],
    report: JobReport,
) -> list[datetime.date]:
    """The days whose bronze is complete; the others are faults of every table."""
    ready = []
    for day in days:
        try:
            require_complete_bronze(engine, catalog.layout, day)
        except HealthlakeError as error:
            tables = [table.name for kind in types for table in kind.tables]
            report.faults.extend(Fault(table, day, error) for table in tables)
            continue
        ready.append(day)
    return ready


def _stage_days(
    engine: Engine, kind: ResourceType, days: Sequence[datetime.date], report: JobReport
) -> list[HistoryDay]:
    staged = []
    for day in days:
        engine.read(kind.bronze, [day])
        engine.read(BRONZE_DELETION, [day])
        try:
            history = stage_history(engine, kind, day)
            audit_staged(engine, history.staged, report)
        except HealthlakeError as error:
            report.faults.append(Fault(kind.history.name, day, error))
            continue
        # The account is made now: its relations are those of this day.
        engine.store(f"{history.staged.relation}_account", history.account)
        engine.store(f"{history.staged.relation}_quarantine", history.quarantine)
        staged.append(history)
    return staged


def _refresh(
    engine: Engine, catalog: LakeCatalog, kind: ResourceType, days: Sequence[datetime.date], report: JobReport
) -> None:
    """Brings the type's current tables up to its history; each is audited for every day before it is
    committed."""

    def audit(table: Contract, relation: str) -> None:
        engine.read(kind.history)
        results = run_checks(engine, structural(table.name), days, relation)
        report.checks.extend(results)
        require(results)

    steps: list[tuple[Contract, Callable[[Version], Published]]] = [
        (kind.current, lambda base: refresh_current(engine, kind, base, audit))
    ]
    if grain := kind.collapsed:
        steps.append((grain.table, lambda base: refresh_collapsed(engine, kind, grain, base, audit)))
    for table, refresh in steps:
        base = catalog.version(table) or Version(None, {}, ())
        try:
            published = refresh(base)
        except CommitConflict:
            raise
        except HealthlakeError as error:
            report.faults.extend(Fault(table.name, day, error) for day in days)
            return
        report.tables.extend(table_days(table, days, published, base, rows_by_day(engine, catalog, table)))


def _stage_shared(
    engine: Engine,
    table: Contract,
    done: Mapping[datetime.date, list[tuple[ResourceType, HistoryDay]]],
    types: Sequence[ResourceType],
    report: JobReport,
) -> list[Staged]:
    """The day's rows of a table that all types share: new ones of the types of this run, the others' as they
    are."""
    part = "account" if table is SHARED_SILVER_TABLES[1] else "quarantine"
    names = ", ".join(f"'{kind.history.name}'" for kind in types)
    staged = []
    for day, histories in done.items():
        if len(histories) < len(types):
            report.faults.extend(fault for fault in _shared_faults(table, day, report))
            continue
        engine.read(table, [day], "shared_before")
        columns = ", ".join(table.column_names)
        selects = [f"SELECT {columns} FROM shared_before WHERE table_name NOT IN ({names})"]
        selects += [f"SELECT {columns} FROM {history.staged.relation}_{part}" for _, history in histories]
        engine.doing(f"writing {table.name} for {day}")
        try:
            each = engine.stage(table, day, " UNION ALL ".join(selects))
            audit_staged(engine, each, report)
        except HealthlakeError as error:
            report.faults.append(Fault(table.name, day, error))
            continue
        staged.append(each)
    return staged


def _shared_faults(table: Contract, day: datetime.date, report: JobReport) -> list[Fault]:
    return [Fault(table.name, day, fault.error) for fault in report.faults if fault.day == day][:1]


def _check_data(engine: Engine, tables: Sequence[Contract], day: datetime.date, report: JobReport) -> None:
    """The checks that data can fail, on what was published; a table that has a fault is not asked."""
    asked = [table for table in tables if day not in report.faulty_days([table.name])]
    checks = [check for table in asked for check in data_checks(table.name)]
    for name, before in read_by(checks).items():
        engine.read(TABLES[name], None if before else [day])
    report.checks.extend(run_checks(engine, checks, [day]))


def _check_current(
    engine: Engine, kind: ResourceType, days: Sequence[datetime.date], report: JobReport
) -> None:
    """The checks that data can fail of a current table: they compare what came on a day with all history."""
    engine.read(kind.history)
    for table in (kind.bronze, SILVER_QUARANTINE):
        engine.read(table, days)
    faulty = report.faulty_days([kind.history.name, kind.current.name, SILVER_QUARANTINE.name])
    asked = [day for day in days if day not in faulty]
    report.checks.extend(run_checks(engine, data_checks(kind.current.name), asked))


def derived_tables(table: Contract) -> list[Contract]:
    """The tables whose record names a snapshot of `table`."""
    kinds = [kind for kind in RESOURCE_TYPES if kind.history is table]
    return [derived for kind in kinds for derived in kind.tables[1:]]
