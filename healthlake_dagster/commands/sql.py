"""`healthlake sql`: a SELECT in Athena's dialect on the lake's tables."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import AthenaEngine
from healthlake.engine.dialect import to_duckdb
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import UsageError
from healthlake.gold_source import relate, tables_of
from healthlake.portable_sql import findings
from healthlake_dagster.resources.athena_step import AthenaStep
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.rows import write_csv, write_json
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table

if TYPE_CHECKING:
    import duckdb

Columns = list[tuple[str, str]]
"""Names, and the engine's types."""

_BATCH = 10_000
_UNKNOWN_NAME = ("Referenced column", "does not have a column named", "Referenced table")
_NEAR = ("Candidate bindings:", "Candidate tables:")
_NUMBERS = ("REAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


def run_sql(settings: Settings, statement: str, form: str, force: bool = False) -> None:
    """Runs `statement` and writes its rows to stdout. `force` runs it although engines answer it
    differently."""
    lake = LakeResource(settings)
    lake.require()
    select = _one_select(statement, settings.database)
    _require_tables(select)
    if not force and (found := findings(select)):
        raise UsageError(f"reading the SQL: {' '.join(found)} Or add --force to run it as it is.")
    with _running(lake, select) as (columns, rows):
        header = [name for name, _ in columns]
        if form == "csv":
            write_csv(sys.stdout, header, rows)
        elif form == "json":
            _require_distinct(header)
            write_json(sys.stdout, header, rows)
        else:
            numbers = [i for i, (_, kind) in enumerate(columns) if kind.upper().startswith(_NUMBERS)]
            print_table("", header, rows, numbers, grouped=False)


@contextmanager
def _running(lake: LakeResource, select: str) -> Iterator[tuple[Columns, Iterator[tuple[Any, ...]]]]:
    """The columns and the rows of a SELECT."""
    if lake.settings.is_aws:
        catalog = lake.catalog()
        catalog.require_database()
        _require_columns(lake, select)
        with AthenaStep(lake.settings, None) as queries:
            athena = AthenaEngine(catalog, queries.session)
            relate(athena, select, None)
            yield queries.session.select(athena.statement(select), what="running the SQL")
        return
    with QueryResource(lake).embedded() as engine:
        relate(engine, select, None)
        result = _execute(engine, select)
        yield [(column[0], str(column[1])) for column in result.description], _rows(engine, result)


def _one_select(statement: str, database: str) -> str:
    """The one SELECT of `statement`, its tables without the name of the lake's own database before them."""
    try:
        trees = [tree for tree in sqlglot.parse(statement, read="athena") if tree is not None]
    except SqlglotError as error:
        raise UsageError(f"reading the SQL (Athena's dialect): {_first_line(error)}") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise UsageError(
            "reading the SQL: expected one SELECT. The tables are changed by `healthlake materialize` only."
        )
    for column in trees[0].find_all(exp.Column):
        if column.db == database:
            column.set("db", None)
    for alias in [cte.args["alias"] for cte in trees[0].find_all(exp.CTE)]:
        alias.set("this", exp.to_identifier(alias.name.lower()))
        if alias.name in TABLES:
            raise UsageError(f"reading the SQL: WITH names {alias.name}, which is a table's. Rename it.")
    for table in trees[0].find_all(exp.Table):
        if table.args.get("version"):
            raise UsageError(
                "reading the SQL: FOR VERSION and FOR TIMESTAMP are not taken here. Ask for days: dt <= …, in"
                " history, or read the table with another engine."
            )
        if table.args.get("catalog") or table.db not in ("", database):
            raise UsageError(f"reading the SQL: the tables are in {database}, not in {table.sql()!r}.")
        table.set("db", None)
        # Athena's names are in lower case, however they are typed.
        table.set("this", exp.to_identifier(table.name.lower()))
    return trees[0].sql(dialect="athena")


def _require_tables(select: str) -> None:
    for name in sorted(tables_of(select)):
        if not name:
            raise UsageError("reading the SQL: FROM takes tables of the lake, no function that reads files.")
        if name not in TABLES:
            near = difflib.get_close_matches(name, TABLES, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"reading the SQL: there is no table {name}.{hint} Tables: {', '.join(TABLES)}.")


def _require_distinct(header: list[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UsageError(
            f"writing JSON: several columns are named {', '.join(twice)}, and an object holds one of each."
            " Give them names of their own (AS …), or use --format csv."
        )


def _require_columns(lake: LakeResource, select: str) -> None:
    """Athena's own words stay with Athena. DuckDB, on tables without rows, knows the names of columns as
    well, and costs no query; what else it doesn't take may be right on Athena."""
    import duckdb

    with QueryResource(lake).embedded() as engine:
        for name in tables_of(select):
            engine.create("VIEW", name, engine.scan(TABLES[name], ()))
        try:
            _prepare(engine, select)
        except duckdb.BinderException as error:
            if any(said in str(error) for said in _UNKNOWN_NAME):
                raise _misread(error) from None
        except duckdb.Error:
            return


def _execute(engine: DuckDBEngine, select: str) -> duckdb.DuckDBPyConnection:
    """Unlike in jobs, what the binder says is shown: it speaks of the statement just typed, before any row is
    read."""
    import duckdb

    try:
        _prepare(engine, select)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise _misread(error) from None
    engine.doing("running the SQL")
    return engine.execute("EXECUTE typed")


def _prepare(engine: DuckDBEngine, select: str) -> None:
    engine.connection.execute(f"PREPARE typed AS {to_duckdb(select, 'athena')}")


def _misread(error: Exception) -> UsageError:
    return UsageError(f"reading the SQL: {' '.join((_first_line(error), *_near(error)))}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _near(error: Exception) -> list[str]:
    """The names that an unknown one may have meant; DuckDB puts them into a line of their own."""
    return [line for line in str(error).splitlines() if line.startswith(_NEAR)]


def _rows(engine: DuckDBEngine, result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := _next_rows(engine, result):
        yield from batch


def _next_rows(engine: DuckDBEngine, result: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    with engine.guarded():
        return result.fetchmany(_BATCH)
