"""HEALTHLAKE_* variables -> one frozen Settings object. The table of settings in docs/settings.md is
generated from here."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from healthlake.checks.policy import Policy, load_policy
from healthlake.days import iso_day
from healthlake.errors import UsageError

_PROJECT_ROOT = Path(__file__).resolve().parent.parent
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no", "")
_MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B|%)", re.IGNORECASE)
_HEAP = re.compile(r"\d+[mg]", re.IGNORECASE)
_DATABASE = re.compile(r"[a-z][a-z0-9_]*")


def _setting(variable: str, default: str, what: str) -> str:
    """A field read from `variable`; `what` is its row in the docs."""
    made: str = field(default=default, metadata={"variable": variable, "default": default, "what": what})
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """The deployment's settings as text; the properties read them as what they mean."""

    lake_text: str = _setting(
        "HEALTHLAKE_LAKE", "lake", "Root folder that holds raw/, bronze/, silver/ and gold/."
    )
    database: str = _setting(
        "HEALTHLAKE_DATABASE", "healthlake", "Name of the database in the Iceberg catalog."
    )
    start_text: str = _setting(
        "HEALTHLAKE_START_DATE", "2026-01-01", "First day (UTC) of the daily partitions, YYYY-MM-DD."
    )
    engine: str = _setting(
        "HEALTHLAKE_ENGINE",
        "duckdb",
        "Engine that fills bronze and silver: duckdb, or spark (the Glue scripts in a local Spark).",
    )
    memory: str = _setting(
        "HEALTHLAKE_MEMORY", "600MB", "DuckDB's memory limit; what doesn't fit is spilled to the lake."
    )
    spark_memory: str = _setting("HEALTHLAKE_SPARK_MEMORY", "2g", "Heap of a local Spark, such as 2g.")
    threads_text: str = _setting("HEALTHLAKE_THREADS", "", "The engine's threads; empty for one a processor.")
    allow_gaps_text: str = _setting(
        "HEALTHLAKE_ALLOW_GAPS",
        "0",
        "1 computes gold although a landed day up to it has no complete silver; recorded.",
    )
    stale_text: str = _setting(
        "HEALTHLAKE_STALE_DAYS",
        "366",
        "How many stale gold days one `materialize --stale`, or one run of the job stale_gold, computes again"
        " at most; the newest.",
    )
    deployment: str = _setting(
        "HEALTHLAKE_DEPLOYMENT",
        "dev",
        "production switches the daily schedule on at the first deploy; else it is stopped.",
    )
    schedule_cron: str = _setting(
        "HEALTHLAKE_SCHEDULE", "0 3 * * *", "When the daily schedule materializes yesterday's partition, UTC."
    )
    sql_text: str = _setting(
        "HEALTHLAKE_SQL", "", "Folder of gold's SQL files; empty for sql/ beside the package."
    )
    rules_text: str = _setting(
        "HEALTHLAKE_RULES",
        "",
        "TOML file with this deployment's terms for rules: thresholds, and what stops gold; empty for none.",
    )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **overrides: str | None) -> Settings:
        """Settings from the environment; `overrides` that are not None win. `UsageError` names a variable
        that is wrong."""
        given = os.environ if environment is None else environment
        values = {
            f.name: given[f.metadata["variable"]] for f in fields(cls) if given.get(f.metadata["variable"])
        }
        values.update({name: value for name, value in overrides.items() if value is not None})
        settings = cls(**values)
        settings._validate()
        return settings

    def _validate(self) -> None:
        if self.engine not in ("duckdb", "spark"):
            raise UsageError(
                f"reading settings: HEALTHLAKE_ENGINE is {self.engine!r}, expected duckdb or spark."
            )
        if not _HEAP.fullmatch(self.spark_memory):
            raise UsageError(
                f"reading settings: HEALTHLAKE_SPARK_MEMORY is {self.spark_memory!r}, expected a size such as"
                " 2g or 1500m."
            )
        if self.deployment not in ("dev", "production"):
            raise UsageError(
                f"reading settings: HEALTHLAKE_DEPLOYMENT is {self.deployment!r}, expected dev or production."
            )
        if not _MEMORY.fullmatch(self.memory):
            raise UsageError(
                f"reading settings: HEALTHLAKE_MEMORY is {self.memory!r}, expected a size such as 600MB or"
                " 2GB."
            )
        if not _DATABASE.fullmatch(self.database):
            raise UsageError(
                f"reading settings: HEALTHLAKE_DATABASE is {self.database!r}, expected a name of a-z, 0-9"
                " and _."
            )
        if not self.sql_folder.is_dir():
            raise UsageError(
                f"reading settings: gold's SQL folder {self.sql_folder} doesn't exist. Set HEALTHLAKE_SQL to"
                " the folder that holds gold_*.sql, or run from a clone of the repository."
            )
        _ = (self.start_date, self.threads, self.allow_gaps, self.stale_days, self.policy)

    @property
    def lake(self) -> Path:
        """The lake's root as an absolute path."""
        return Path(self.lake_text).expanduser().absolute()

    @property
    def start_date(self) -> datetime.date:
        day = iso_day(self.start_text)
        if day is None:
            raise UsageError(
                f"reading settings: HEALTHLAKE_START_DATE is {self.start_text!r}, expected YYYY-MM-DD."
            )
        return day

    @property
    def threads(self) -> int | None:
        if not self.threads_text:
            return None
        if not (self.threads_text.isascii() and self.threads_text.isdecimal()) or int(self.threads_text) < 1:
            raise UsageError(
                f"reading settings: HEALTHLAKE_THREADS is {self.threads_text!r}, expected a number from 1 on"
                " or nothing."
            )
        return int(self.threads_text)

    @property
    def stale_days(self) -> int:
        if not (self.stale_text.isascii() and self.stale_text.isdecimal()) or int(self.stale_text) < 1:
            raise UsageError(
                f"reading settings: HEALTHLAKE_STALE_DAYS is {self.stale_text!r}, expected a number from 1."
            )
        return int(self.stale_text)

    @property
    def allow_gaps(self) -> bool:
        text = self.allow_gaps_text.lower()
        if text not in (*_TRUE, *_FALSE):
            raise UsageError(
                f"reading settings: HEALTHLAKE_ALLOW_GAPS is {self.allow_gaps_text!r}, expected 1 or 0."
            )
        return text in _TRUE

    @property
    def is_production(self) -> bool:
        return self.deployment == "production"

    @property
    def sql_folder(self) -> Path:
        return Path(self.sql_text).absolute() if self.sql_text else _PROJECT_ROOT / "sql"

    @property
    def policy(self) -> Policy:
        """The terms in the rules file, which is read again each time: a deployment edits it."""
        return load_policy(Path(self.rules_text).expanduser().absolute()) if self.rules_text else Policy()


def settings_table() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, for the docs."""
    return [(f.metadata["variable"], f.metadata["default"], f.metadata["what"]) for f in fields(Settings)]
