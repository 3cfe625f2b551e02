"""SQL from the dialect that it is written in to the engine's. Silver and checks are written in Spark's
dialect, gold in Athena's; both in the portable subset."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.parsers.spark import SparkParser

_DAY = re.compile(r"'([0-9]{4}-[0-9]{2}-[0-9]{2})'")
_FIRST_STAND_IN = 9000
"""Year of the days that stand in for others."""


class AnsiSpark(Spark):
    """Spark 4: a CAST that fails is an error. Read as Spark 3's it would become TRY_CAST in DuckDB, and a
    fault on one engine a NULL on the other."""

    class Parser(SparkParser):
        STRICT_CAST = True


def parse(sql: str, dialect: str) -> exp.Expr:
    """The tree of one statement that is written in `dialect`."""
    return sqlglot.parse_one(sql, read=AnsiSpark if dialect == "spark" else dialect)


def to_duckdb(sql: str, dialect: str = "spark") -> str:
    """`sql`, written in `dialect`, in DuckDB's."""
    return for_every_day(sql, lambda text: _in_duckdb(text, dialect))


def for_every_day(sql: str, translate: Callable[[str], str]) -> str:
    """`translate(sql)`, where `translate` remembers its answers."""
    # What is asked of one day is asked of the next, and parsing costs more than most answers: a day stands
    # in for every other. Literals of days pass through a transpiler as they are.
    days = dict.fromkeys(_DAY.findall(sql))
    stand_ins = {day: f"{_FIRST_STAND_IN + number}-01-01" for number, day in enumerate(days)}
    if any(stand_in in sql for stand_in in stand_ins.values()):
        return translate(sql)
    back = {stand_in: day for day, stand_in in stand_ins.items()}
    text = translate(_DAY.sub(lambda found: f"'{stand_ins[found[1]]}'", sql))
    return _DAY.sub(lambda found: f"'{back.get(found[1], found[1])}'", text)


@functools.lru_cache(maxsize=1024)
def _in_duckdb(sql: str, dialect: str) -> str:
    return parse(sql, dialect).sql(dialect="duckdb")


def to_athena(sql: str) -> str:
    """`sql`, written in Spark's dialect, in Athena's: a backslash in a text is no escape there. Named
    functions stay calls."""
    return parse(sql, "spark").sql(dialect="athena")
