"""The data-quality page of a lake: reads the gold tables and the state of the days, writes one HTML file.

The command and the Dagster asset both write it here. Of gold_dq_sample the rows are counted and none is
read: their ids are a patient's.
"""

from __future__ import annotations

import datetime
import os
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.gold import (
    GOLD_DATA_QUALITY_DASHBOARD,
    GOLD_DQ_RESULT,
    GOLD_DQ_SAMPLE,
    GOLD_POPULATION_SUMMARY,
)
from healthlake.contracts.model import Contract
from healthlake.contracts.silver import SILVER_RECONCILIATION
from healthlake.engine.protocol import Engine
from healthlake.errors import UsageError
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.paths import LakePath
from healthlake.lake.raw import drop_files, landed_days
from healthlake.lake.s3 import S3Path
from healthlake.quality_report import (
    DayStates,
    PopulationCount,
    ReportData,
    RuleDay,
    TableDay,
    Verdict,
    columns_of,
    findings,
    render,
    verdict,
)
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings

DAYS_SHOWN = 30

R = TypeVar("R", TableDay, RuleDay, PopulationCount)


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """The file, and what it says."""

    path: LakePath
    data: ReportData
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """The verdict as plain text."""
        return self.verdict.headline.replace("`", "")


def default_path(settings: Settings) -> LakePath:
    """Where the page of a lake lies."""
    return settings.lake / "reports" / "data_quality.html"


def write_page(
    settings: Settings,
    query: QueryResource,
    first: datetime.date | None = None,
    last: datetime.date | None = None,
    path: LakePath | None = None,
) -> WrittenPage:
    """Writes the page of the gold days from `first` to `last`; without them of the newest 30 that there
    are. A reader sees the page of before or this one, never a part."""
    target = path or default_path(settings)
    if isinstance(target, Path) and target.is_dir():
        raise UsageError(f"writing the report: {target} is a folder. Name a file: {target}/data_quality.html")
    data = read_report(settings, query, first, last)
    if (first or last) and data.days.gold and not data.tables:
        gold = data.days.gold
        raise UsageError(
            f"writing the report: there is no gold from {first or 'the first day'} to {last or 'the last'}."
            f" {len(gold)} days have some, {gold[0]} to {gold[-1]}. Nothing was written."
        )
    _replace(target, render(data))
    return WrittenPage(target, data, verdict(data, findings(data)))


def read_report(
    settings: Settings,
    query: QueryResource,
    first: datetime.date | None = None,
    last: datetime.date | None = None,
) -> ReportData:
    """What the page says of the lake. A table that isn't there is an empty one."""
    stale, unsplit = query.stale_days(), query.changed_days()
    catalog = query.catalog()
    with query.engine() as engine:
        engine.doing("reading gold for the report")
        gold = _days_of(catalog, GOLD_DATA_QUALITY_DASHBOARD, GOLD_DQ_RESULT)
        days = _shown(gold, first, last)
        newest = days[-1:]
        rules = _rows(engine, GOLD_DQ_RESULT, RuleDay, days)
        return ReportData(
            first=first or (days[0] if days else None),
            last=last or (days[-1] if days else None),
            tables=_rows(engine, GOLD_DATA_QUALITY_DASHBOARD, TableDay, days),
            rules=rules,
            samples=_sampled(engine, newest),
            population=_rows(engine, GOLD_POPULATION_SUMMARY, PopulationCount, newest),
            days=DayStates(
                landed=tuple(_landed(catalog)),
                silver=tuple(_days_of(catalog, SILVER_RECONCILIATION)),
                gold=tuple(gold),
                stale=tuple(stale),
                unsplit=tuple(unsplit),
            ),
            descriptions={
                (check.table, check.name): check.description
                for checks in catalogue().values()
                for check in checks
            },
            lake_option=_lake_option(settings),
        )


def _shown(
    gold: Sequence[datetime.date], first: datetime.date | None, last: datetime.date | None
) -> list[datetime.date]:
    found = [day for day in gold if (first is None or first <= day) and (last is None or day <= last)]
    return found if first else found[-DAYS_SHOWN:]


def _days_of(catalog: LakeCatalog, *tables: Contract) -> list[datetime.date]:
    """The days that have rows in one of the tables, by the files of their snapshots."""
    versions = [catalog.version(table) for table in tables]
    return sorted({file.day for version in versions if version for file in version.files})


def _landed(catalog: LakeCatalog) -> list[datetime.date]:
    """The days with files in raw: a drop that was withdrawn as a whole leaves an empty folder."""
    return [day for day in landed_days(catalog.layout) if drop_files(catalog.layout, day)]


def _rows(engine: Engine, contract: Contract, kind: type[R], days: Sequence[datetime.date]) -> tuple[R, ...]:
    """The rows of `days` in the order of the table's key."""
    engine.read(contract, days)
    columns = ", ".join(columns_of(kind))
    found = engine.rows(f"SELECT {columns} FROM {contract.name} ORDER BY {', '.join(contract.key)}")
    return tuple(kind(*row) for row in found)


def _sampled(engine: Engine, days: Sequence[datetime.date]) -> dict[str, int]:
    engine.read(GOLD_DQ_SAMPLE, days)
    counted = f"SELECT rule_id, count(*) FROM {GOLD_DQ_SAMPLE.name} GROUP BY rule_id ORDER BY rule_id"
    return {rule_id: int(count) for rule_id, count in engine.rows(counted)}


def _lake_option(settings: Settings) -> str:
    """What the page's commands need so that they find the lake from the current folder."""
    is_default = settings.lake == Path("lake").absolute()
    return "" if is_default else f" --lake {shlex.quote(str(settings.lake))}"


def _replace(target: LakePath, text: str) -> None:
    if isinstance(target, S3Path):
        target.write_bytes(text.encode(), "text/html; charset=utf-8")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        # mkstemp's file is the owner's alone; the page is as readable as any other file of theirs.
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
