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
from healthlake.lake.paths import LakePath, lake_path
from healthlake.lake.s3 import SCHEME, S3Path

_PROJECT_ROOT = Path(__file__).resolve().parent.parent
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no", "")
_WORKER = re.compile(r"[GR]\.\d{1,3}X")


@dataclass(frozen=True, slots=True)
class _Form:
    """What a variable's text must match whole, and that in words."""

    pattern: str
    expected: str


_PLACE = _Form(r"(s3://[^/]+.*)?", "s3://BUCKET/PREFIX or nothing")


def _setting(variable: str, default: str, what: str, form: _Form | None = None) -> str:
    """A field read from `variable`; `what` is its row in the docs."""
    metadata = {"variable": variable, "default": default, "what": what, "form": form}
    made: str = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """The deployment's settings as text; the properties read them as what they mean."""

    lake_text: str = _setting(
        "HEALTHLAKE_LAKE",
        "lake",
        "Root that holds raw/, bronze/, silver/ and gold/: a folder, or `s3://BUCKET/PREFIX`.",
    )
    profile_text: str = _setting(
        "HEALTHLAKE_PROFILE",
        "",
        "`local`, or `aws`: Glue jobs, the Glue Data Catalog and Athena. Empty: `aws` for a lake on S3.",
        _Form("(local|aws)?", "local or aws"),
    )
    database: str = _setting(
        "HEALTHLAKE_DATABASE",
        "healthlake",
        "Name of the database in the Iceberg catalog.",
        _Form("[a-z][a-z0-9_]*", "a name of a-z, 0-9 and _"),
    )
    start_text: str = _setting(
        "HEALTHLAKE_START_DATE", "2026-01-01", "First day (UTC) of the daily partitions, YYYY-MM-DD."
    )
    engine: str = _setting(
        "HEALTHLAKE_ENGINE",
        "duckdb",
        "What fills bronze and silver in the profile `local`: duckdb, or spark (the Glue scripts in a local"
        " Spark).",
        _Form("duckdb|spark", "duckdb or spark"),
    )
    memory: str = _setting(
        "HEALTHLAKE_MEMORY",
        "600MB",
        "DuckDB's memory limit; what doesn't fit is spilled to the lake.",
        _Form(r"(?i:\d+(\.\d+)? ?([KMGT]i?B|%))", "a size such as 600MB or 2GB"),
    )
    spark_memory: str = _setting(
        "HEALTHLAKE_SPARK_MEMORY",
        "2g",
        "Heap of a local Spark, such as 2g.",
        _Form(r"(?i:\d+[mg])", "a size such as 2g or 1500m"),
    )
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
        _Form("dev|production", "dev or production"),
    )
    schedule_cron: str = _setting(
        "HEALTHLAKE_SCHEDULE", "0 3 * * *", "When the daily schedule materializes yesterday's partition, UTC."
    )
    sql_text: str = _setting(
        "HEALTHLAKE_SQL", "", "Folder of gold's SQL files; empty for sql/ beside the package."
    )
    home: str = _setting(
        "HEALTHLAKE_HOME",
        "~/.healthlake",
        "Folder on this machine for what is not data of lakes on S3: Dagster's storage, locks, scratch.",
    )
    kms_key: str = _setting(
        "HEALTHLAKE_KMS_KEY",
        "",
        "KMS key (id, alias or ARN) that encrypts what `healthlake land` sends to S3; empty: as the bucket"
        " says.",
    )
    pipes: str = _setting(
        "HEALTHLAKE_PIPES",
        "",
        "Where messages of Glue jobs lie meanwhile, `s3://BUCKET/PREFIX`; empty for `_pipes` in the lake.",
        _PLACE,
    )
    glue_prefix: str = _setting("HEALTHLAKE_GLUE_PREFIX", "", "What the names of the Glue jobs begin with.")
    glue_minutes_text: str = _setting(
        "HEALTHLAKE_GLUE_MINUTES", "360", "A step's Glue job run is stopped after so many minutes."
    )
    glue_workers_text: str = _setting(
        "HEALTHLAKE_GLUE_WORKERS",
        "",
        "Workers of the Glue jobs, such as `G.1X:5`; empty: as the jobs are defined.",
    )
    athena_workgroup: str = _setting("HEALTHLAKE_ATHENA_WORKGROUP", "primary", "Athena's workgroup.")
    athena_catalog: str = _setting(
        "HEALTHLAKE_ATHENA_CATALOG", "AwsDataCatalog", "Athena's data catalog that has the database."
    )
    athena_output: str = _setting(
        "HEALTHLAKE_ATHENA_OUTPUT",
        "",
        "Where Athena puts results, `s3://BUCKET/PREFIX`; empty: as the workgroup says.",
        _PLACE,
    )
    athena_role: str = _setting(
        "HEALTHLAKE_ATHENA_ROLE",
        "",
        "Role (ARN) that is assumed for Athena; empty for the process's own.",
        _Form(r"(arn:aws[a-z-]*:iam::\d{12}:role/.+)?", "arn:aws:iam::ACCOUNT:role/NAME or nothing"),
    )
    athena_minutes_text: str = _setting(
        "HEALTHLAKE_ATHENA_MINUTES", "30", "A query of Athena is stopped after so many minutes."
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
        for f in fields(self):
            form: _Form | None = f.metadata["form"]
            text = getattr(self, f.name)
            if form and not re.fullmatch(form.pattern, text):
                raise UsageError(
                    f"reading settings: {f.metadata['variable']} is {text!r}, expected {form.expected}."
                )
        self._validate_lake()
        if not self.sql_folder.is_dir():
            raise UsageError(
                f"reading settings: gold's SQL folder {self.sql_folder} doesn't exist. Set HEALTHLAKE_SQL to"
                " the folder that holds gold_*.sql, or run from a clone of the repository."
            )
        _ = (self.start_date, self.threads, self.allow_gaps, self.stale_days, self.policy)
        _ = (self.glue_seconds, self.athena_seconds, self.glue_workers)

    def _validate_lake(self) -> None:
        if self.profile_text and self.is_aws != (self.profile_text == "aws"):
            expected = "s3://BUCKET/PREFIX" if self.profile_text == "aws" else "a folder"
            raise UsageError(
                f"reading settings: the profile is {self.profile_text} and the lake {self.lake_text!r},"
                f" expected {expected}. Set HEALTHLAKE_LAKE (--lake), or leave HEALTHLAKE_PROFILE (--profile)"
                " out."
            )
        if isinstance(self.lake, S3Path) and not self.lake.key:
            raise UsageError(
                f"reading settings: the lake is {self.lake_text!r}, expected a prefix in the bucket:"
                f" {self.lake}/lake."
            )

    @property
    def lake(self) -> LakePath:
        """The lake's root: an absolute path, or one on S3."""
        return lake_path(self.lake_text)

    @property
    def is_aws(self) -> bool:
        """Whether Glue and Athena do the work: so it is for a lake on S3."""
        return self.lake_text.startswith(SCHEME)

    def pool(self, writer: str) -> str | None:
        """The pool of a step that writes tables: on AWS, where steps may run on many machines, a limit of 1
        makes the next one wait. On one machine the lake's own locks do."""
        return f"{self.database}/{writer}" if self.is_aws else None

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
        return _number("HEALTHLAKE_THREADS", self.threads_text)

    @property
    def stale_days(self) -> int:
        return _number("HEALTHLAKE_STALE_DAYS", self.stale_text)

    @property
    def glue_seconds(self) -> int:
        return 60 * _number("HEALTHLAKE_GLUE_MINUTES", self.glue_minutes_text)

    @property
    def athena_seconds(self) -> int:
        return 60 * _number("HEALTHLAKE_ATHENA_MINUTES", self.athena_minutes_text)

    @property
    def glue_workers(self) -> tuple[str, int] | None:
        """Type and number of a Glue job's workers; None as the job is defined."""
        if not self.glue_workers_text:
            return None
        kind, _, number = self.glue_workers_text.partition(":")
        if not _WORKER.fullmatch(kind) or not number:
            raise UsageError(
                f"reading settings: HEALTHLAKE_GLUE_WORKERS is {self.glue_workers_text!r}, expected a type"
                " and a number such as G.1X:5."
            )
        return kind, _number("HEALTHLAKE_GLUE_WORKERS", number)

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


def _number(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise UsageError(f"reading settings: {variable} is {text!r}, expected a number from 1 on.")
    return int(text)


def settings_table() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, for the docs."""
    return [(f.metadata["variable"], f.metadata["default"], f.metadata["what"]) for f in fields(Settings)]
