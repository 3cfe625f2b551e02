"""Runs Athena's SQL on DuckDB: tables come from the Glue catalog as Arrow, a DML statement runs on a copy of
its target and is committed as one snapshot.

Refuses what it can't run as Athena would (CTAS, UNLOAD, OPTIMIZE…), as NOT_SUPPORTED. It does not refuse
what DuckDB answers differently: that is the work of `healthlake.portable_sql` and of the Trino backend.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator

import duckdb
from sqlglot import exp

from healthlake.engine.dialect import to_duckdb
from healthlake.functions import definitions
from tests.aws_emulator.athena_ddl import run_ddl
from tests.aws_emulator.athena_dml import TARGET, Dml
from tests.aws_emulator.athena_model import SYSTEM, Answer, QueryFailed, Statement
from tests.aws_emulator.athena_statements import bind, statement_type, tables_read
from tests.aws_emulator.athena_tables import Tables
from tests.aws_emulator.athena_values import column, texts

_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


class DuckDBBackend:
    """A fresh DuckDB for every statement. `named_functions` adds the bodies of `healthlake.functions`, which
    Athena lacks."""

    def __init__(self, named_functions: bool = True) -> None:
        self._named_functions = named_functions
        self._tables: dict[str, Tables] = {}
        self._lock = threading.Lock()

    def run(self, statement: Statement, endpoint: str) -> Answer:
        with self._lock:
            tables = self._tables.setdefault(endpoint, Tables(endpoint))
        if statement_type(statement.sql) != "DML":
            return run_ddl(tables.catalog, statement)
        tree = bind(statement.sql, statement.parameters)
        if not isinstance(tree, (*_DML, exp.Query)):
            raise QueryFailed("NOT_SUPPORTED: the emulator runs SELECT, INSERT, UPDATE, DELETE and MERGE")
        with self._connection(statement) as connection:
            dml = Dml(tables, tree, statement) if isinstance(tree, _DML) else None
            if dml:
                dml.take_target(connection)
            scanned = _register(connection, tables, tree, statement.database)
            if dml:
                return dml.run(connection, scanned)
            _name_columns(tree)
            found = connection.sql(to_duckdb(tree.sql("athena"), "athena")).to_arrow_table()
            return Answer(tuple(column(field) for field in found.schema), texts(found), scanned)

    @contextlib.contextmanager
    def _connection(self, statement: Statement) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(config={"threads": 1, "memory_limit": "500MB"}) as connection:
            done = threading.Event()
            statement.stop.then(lambda: _interrupt(connection, done))
            connection.execute("SET TimeZone = 'UTC'")
            if self._named_functions:
                for definition in definitions("duckdb"):
                    connection.execute(definition)
            try:
                yield connection
            except duckdb.Error as error:
                raise failure(error) from None
            finally:
                done.set()


def _interrupt(connection: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
    """Interrupts until `done`: DuckDB forgets an interruption that comes before a query starts."""

    def interrupt() -> None:
        while not done.wait(0.05):
            connection.interrupt()

    threading.Thread(target=interrupt, daemon=True).start()


def _register(connection: duckdb.DuckDBPyConnection, tables: Tables, tree: exp.Expr, database: str) -> int:
    """Puts the rows of every table that `tree` reads in its place; the bytes read for them."""
    views: dict[object, str] = {}
    scanned = 0
    for node, wanted in tables_read(tree, database):
        if node.name == TARGET:
            continue
        if wanted not in views:
            views[wanted] = f"_read_{len(views)}"
            rows, size = tables.read(wanted)
            connection.register(views[wanted], rows)
            scanned += size
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name, quoted=True))
        node.replace(exp.Table(this=exp.to_identifier(views[wanted]), alias=alias))
    return scanned


def _name_columns(tree: exp.Expr) -> None:
    """Gives columns without a name the one that Athena gives them."""
    first = tree
    while isinstance(first, exp.SetOperation):
        first = first.this
    if isinstance(first, exp.Select):
        for number, each in enumerate(list(first.expressions)):
            if not isinstance(each, (exp.Alias, exp.Column)) and not each.is_star:
                each.replace(exp.alias_(each.copy(), f"_col{number}"))


def failure(error: duckdb.Error) -> QueryFailed:
    """What Athena would say of what DuckDB refuses: the code before the colon, and like Athena's, a text that
    may quote values."""
    text = re.sub(r"\s+", " ", str(error))
    if isinstance(error, duckdb.BinderException):
        code = "COLUMN_NOT_FOUND" if "column" in text.lower() else "TYPE_MISMATCH"
    elif isinstance(error, duckdb.CatalogException):
        code = "FUNCTION_NOT_FOUND"
    elif isinstance(error, duckdb.ConversionException):
        code = "INVALID_CAST_ARGUMENT"
    elif isinstance(error, duckdb.InvalidInputException):
        code = "INVALID_FUNCTION_ARGUMENT"
    elif isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed(f"EXCEEDED_LOCAL_MEMORY_LIMIT: {text}", SYSTEM, retryable=True)
    else:
        code = "SYNTAX_ERROR"
    return QueryFailed(f"{code}: line 1:1: {text}")
