"""SQL from the dialect that it is written in to the engine's. Silver and checks are written in Spark's
dialect, gold in Athena's; both in the portable subset."""

from __future__ import annotations

import functools

import sqlglot


@functools.lru_cache(maxsize=1024)
def to_duckdb(sql: str, dialect: str = "spark") -> str:
    """`sql`, written in `dialect`, in DuckDB's."""
    return sqlglot.transpile(sql, read=dialect, write="duckdb")[0]
