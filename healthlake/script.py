"""What the entry scripts share: arguments as Glue passes them, a Spark engine, messages to who started the
script, and an end that says whether it went well.

A script that fails ends with an exception whose last line names the remedy and no value of a record: Glue
shows that line. What is said besides goes to stderr, or to Dagster where Pipes asks for it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import re
import signal
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from healthlake.contracts.model import Contract
from healthlake.days import days_between, iso_day
from healthlake.engine.protocol import Engine
from healthlake.errors import HealthlakeError, UsageError
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import HOME_VARIABLE, LakeLayout
from healthlake.lake.paths import LakePath, lake_path
from healthlake.lake.raw import drop_files
from healthlake.lake.scratch import scratch_folder
from healthlake.messages import Message, error_message, report_message, sending_listener
from healthlake.report import JobReport, Listener
from healthlake.script_messages import script_messages
from healthlake.storage_faults import storage_fault

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHORT_BYTES = 600_000_000
"""Work up to this many bytes of uncompressed drops is short: see `start_local`."""

_GZ_RATIO = 10

MOST_THREADS = 1024

MOST_DAYS = 3660
"""A longer range is a mistyped year."""

Job = Callable[["Arguments", Engine, LakeCatalog, Listener], JobReport]


class JobFailed(HealthlakeError):
    """A job ended with faults, or before it had a report."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a script was asked for: every day from `start` to `end`, and `tables` (empty for all)."""

    lake: LakePath
    database: str
    start: datetime.date
    end: datetime.date
    tables: tuple[str, ...]
    threads: int | None
    memory: str

    @property
    def days(self) -> list[datetime.date]:
        return days_between(self.start, self.end)


def run_script(job: Job, tables: Sequence[Contract], description: str, argv: Sequence[str]) -> None:
    """Runs a job as a script's whole work; raises `JobFailed` where it isn't done. SIGTERM, by which Glue and
    Dagster stop a job, ends it as Ctrl-C does: what it staged is removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with script_messages(argv) as send:
        message, failed = _tried(job, tables, description, argv, sending_listener(send))
        send(message)
        # Not in an except block: Pipes sends the context of an exception along, suppressed or not.
        if failed:
            raise JobFailed(failed)


def _tried(
    job: Job, tables: Sequence[Contract], description: str, argv: Sequence[str], listener: Listener
) -> tuple[Message, str]:
    """The message that ends the job, and what failed ("" where nothing did)."""
    try:
        report = _run(job, read_arguments(argv, tables, description), listener)
    except HealthlakeError as error:
        return error_message(error), _one_line(str(error))
    except Exception as error:
        text = _withheld(error)
        return error_message(JobFailed(text)), text
    faults = dict.fromkeys(_one_line(str(fault.error)) for fault in report.faults)
    return report_message(report), " | ".join(faults)


def _run(job: Job, arguments: Arguments, listener: Listener) -> JobReport:
    # pyspark takes half a second to import: --help and a wrong argument don't wait for it.
    from healthlake.engine.spark import SparkEngine
    from healthlake.engine.spark_session import open_lake

    layout = LakeLayout(arguments.lake)
    if layout.is_remote:
        # Where a job runs, its home may be nobody's to write.
        os.environ.setdefault(HOME_VARIABLE, str(Path(tempfile.gettempdir(), "healthlake")))
    catalog = LakeCatalog(layout, arguments.database)
    layout.require()
    with scratch_folder(layout.scratch) as scratch:
        listener.say("starting Spark")
        spark = _spark(arguments, layout, scratch)
        try:
            with SparkEngine(open_lake(spark, layout), catalog) as engine:
                return job(arguments, engine, catalog, listener)
        finally:
            # A JVM that died says so here again, in place of what the job had to say.
            with contextlib.suppress(Exception):
                spark.stop()


def _spark(arguments: Arguments, layout: LakeLayout, scratch: Path) -> SparkSession:
    """The session that Glue made, where the lake is on S3; else a local one."""
    from healthlake.engine.spark_session import given_session, start_local

    if layout.is_remote:
        return given_session()
    is_short = sum(_weight(layout, day) for day in arguments.days) < SHORT_BYTES
    return start_local(arguments.threads, arguments.memory, scratch, is_short)


def _weight(layout: LakeLayout, day: datetime.date) -> int:
    """Bytes of a drop, about as many as they are when uncompressed."""
    return sum(
        file.size_bytes * (_GZ_RATIO if file.path.endswith(".gz") else 1) for file in drop_files(layout, day)
    )


def read_arguments(argv: Sequence[str], tables: Sequence[Contract], description: str) -> Arguments:
    """Arguments from a command line. Glue adds some of its own (`--JOB_NAME`, `--TempDir`, …): what is not
    known here is ignored. `UsageError` says which one is wrong."""
    parser = argparse.ArgumentParser(
        description=description,
        allow_abbrev=False,
        exit_on_error=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lake", help="root of the lake: a folder, or s3://BUCKET/PREFIX")
    parser.add_argument("--database", default="healthlake", help="database in the catalog (healthlake)")
    parser.add_argument("--partition-start", metavar="DAY", help="first day, YYYY-MM-DD")
    parser.add_argument("--partition-end", metavar="DAY", help="last day (the first)")
    parser.add_argument("--tables", default="", help="tables to write, comma between them (all)")
    parser.add_argument("--threads", default="", help="threads of a local Spark (one a processor)")
    parser.add_argument("--memory", default="2g", help="memory of a local Spark (2g)")
    try:
        given, _ = parser.parse_known_args(list(argv))
    except argparse.ArgumentError as error:
        raise UsageError(f"reading the arguments: {error}. See --help.") from None
    if not given.lake:
        raise UsageError("reading the arguments: --lake is missing; expected the root folder of the lake.")
    start = _day("--partition-start", given.partition_start)
    end = _day("--partition-end", given.partition_end) if given.partition_end else start
    if end < start:
        raise UsageError(f"reading the arguments: --partition-end {end} is before --partition-start {start}.")
    if (end - start).days >= MOST_DAYS:
        raise UsageError(
            f"reading the arguments: {start} to {end} is more than {MOST_DAYS} days, which one job takes at"
            " most. Run it for shorter ranges."
        )
    return Arguments(
        _lake(given.lake),
        given.database,
        start,
        end,
        _tables(given.tables, tables),
        _threads(given.threads),
        _memory(given.memory),
    )


def _lake(text: str) -> LakePath:
    try:
        return lake_path(text)
    except UsageError as error:
        raise UsageError(f"reading the arguments: --lake is {text}: {error}") from None


def _threads(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_THREADS:
        raise UsageError(
            f"reading the arguments: --threads is {text!r}, expected a number from 1 to {MOST_THREADS}."
        )
    return int(text)


def _memory(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,5}[mg]", text, re.ASCII):
        raise UsageError(f"reading the arguments: --memory is {text!r}, expected a size such as 2g or 1500m.")
    return text


def _day(name: str, text: str | None) -> datetime.date:
    day = iso_day(text or "")
    if day is None:
        raise UsageError(f"reading the arguments: {name} is {text!r}, expected a day as YYYY-MM-DD.")
    return day


def _tables(text: str, known: Sequence[Contract]) -> tuple[str, ...]:
    asked = tuple(name.strip() for name in text.split(",") if name.strip())
    names = [table.name for table in known]
    if unknown := [name for name in asked if name not in names]:
        raise UsageError(
            f"reading the arguments: --tables names {', '.join(unknown)}; this job writes {', '.join(names)}."
        )
    return asked


def _withheld(error: Exception) -> str:
    """Where a bug is, without its message, which may quote a value."""
    if fault := storage_fault(error):
        return fault
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}; its message is withheld"
        " because it may quote values. This is a fault of healthlake: see docs/runbook.md."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
