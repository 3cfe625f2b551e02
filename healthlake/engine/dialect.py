"""SQL from the dialect that it is written in to the engine's. Silver and checks are written in Spark's
dialect, gold in Athena's; both in the portable subset."""

from __future__ import annotations

import functools

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.parsers.spark import SparkParser


class AnsiSpark(Spark):
    """Spark 4: a CAST that fails is an error. Read as Spark 3's it would become TRY_CAST in DuckDB, and a
    fault on one engine a NULL on the other."""

    class Parser(SparkParser):
        STRICT_CAST = True


def parse(sql: str, dialect: str) -> exp.Expr:
    """The tree of one statement that is written in `dialect`."""
    return sqlglot.parse_one(sql, read=AnsiSpark if dialect == "spark" else dialect)


@functools.lru_cache(maxsize=1024)
def to_duckdb(sql: str, dialect: str = "spark") -> str:
    """`sql`, written in `dialect`, in DuckDB's."""
    return parse(sql, dialect).sql(dialect="duckdb")
