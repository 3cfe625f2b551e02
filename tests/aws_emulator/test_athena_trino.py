"""The emulator's Athena on a real Trino: what DuckDB would answer differently, and writes by the client."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.errors import EngineError
from healthlake.lake.catalog import CommitConflict
from tests.aws.athena_lake import DAY, OTHER_DAY, AthenaLake, emulator, lake
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.athena_duckdb import DuckDBBackend
from tests.aws_emulator.athena_model import Statement, Stop
from tests.aws_emulator.athena_trino import TrinoBackend, translated

__all__ = ["emulator", "lake"]

INSERT = "INSERT INTO visit (id, n, dt) SELECT 'c', 3, DATE '2026-01-01'"
PARTITION = "visit/2026-01-01"
FIRST = [("a", 1, DAY), ("b", None, OTHER_DAY)]


@pytest.fixture(scope="module")
def trino(emulator: AwsEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrinoBackend]:
    """A Trino over the emulator's catalog."""
    if importlib.util.find_spec("tests.trino") is None:
        pytest.skip("tests/trino, which starts the server, is not there")
    from tests.trino.server import TrinoServer, fetch, find_java

    java = find_java()
    if java is None:
        pytest.skip("no Java 24+ found; set TRINO_JAVA_HOME")
    server = TrinoServer(java, fetch(), Path(tmp_path_factory.mktemp("trino"), "server"), emulator.endpoint)
    backend = TrinoBackend(server.url)
    try:
        server.wait(lambda: _answers(emulator, backend))
        yield backend
    finally:
        server.close()


def _answers(emulator: AwsEmulator, backend: TrinoBackend) -> bool:
    from tests.aws_emulator.athena_model import QueryFailed

    statement = _statement("SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'")
    try:
        return backend.run(statement, emulator.endpoint).rows != [("0",)]
    except QueryFailed as failure:
        if "NO_NODES_AVAILABLE" in str(failure) or "SERVER_STARTING" in str(failure):
            return False
        raise


def _statement(sql: str, *parameters: str) -> Statement:
    return Statement(sql, parameters, "default", Stop(), lambda: None)


@pytest.fixture
def on_trino(lake: AthenaLake, trino: TrinoBackend) -> Iterator[AthenaLake]:
    """The lake, its queries run by Trino."""
    lake.control.backend = trino
    yield lake
    lake.control.backend = DuckDBBackend()


def test_parameters_become_an_immediate_statement() -> None:
    statement = _statement("SELECT 'it''s', ?, ?;\n", "'x'", "DATE '2026-01-01'")
    assert (
        translated(statement) == "EXECUTE IMMEDIATE 'SELECT ''it''''s'', ?, ?' USING 'x', DATE '2026-01-01'"
    )
    assert translated(_statement("CREATE DATABASE IF NOT EXISTS `x`")) == 'CREATE SCHEMA IF NOT EXISTS "x"'


def test_rows_are_typed_alike(on_trino: AthenaLake) -> None:
    sql = """SELECT id, n, dt, seen, CAST(0.1 AS double), CAST(1.5 AS decimal(5, 2)), n = 1, nan(),
      CAST(NULL AS varchar), '' FROM visit WHERE id = ? ORDER BY id"""
    (found,) = on_trino.session().rows(sql, ["'a'"], what="reading")
    on_trino.control.backend = DuckDBBackend()
    (same,) = on_trino.session().rows(sql.replace("nan()", "CAST('NaN' AS double)"), ["'a'"], what="reading")
    assert [repr(value) for value in found] == [repr(value) for value in same]


def test_it_answers_what_duckdb_does_not(on_trino: AthenaLake) -> None:
    sql = "SELECT 7 / 2, date_diff('year', DATE '1990-12-31', DATE '2024-06-01'), CAST('abc' AS varchar(2))"
    assert on_trino.session().rows(sql, what="reading") == [(3, 33, "ab")]


def test_a_write_is_committed_once_and_a_conflict_told(on_trino: AthenaLake) -> None:
    on_trino.control.conflict()
    session = on_trino.session()
    with pytest.raises(CommitConflict):
        session.execute(INSERT, what="writing", token=PARTITION)
    session.execute(INSERT, what="writing", token=PARTITION)
    on_trino.control.age(60)
    on_trino.session().execute(INSERT, what="writing", token=PARTITION)
    session.execute("DELETE FROM visit WHERE id = 'a'", what="writing", token=PARTITION)
    assert on_trino.contents() == [FIRST[1], ("c", 3, DAY)]


def test_a_failure_has_trinos_code(on_trino: AthenaLake) -> None:
    with pytest.raises(EngineError, match=r"DIVISION_BY_ZERO, ErrorCategory 2 \(user\)"):
        on_trino.session().rows("SELECT n / 0 FROM visit", what="reading")


def test_a_stop_ends_the_query_on_the_server(on_trino: AthenaLake, trino: TrinoBackend) -> None:
    many = ", ".join(f"UNNEST(sequence(1, 9000)) {name}(x)" for name in "abc")
    forever = f"SELECT count(*) FROM {many}"
    with pytest.raises(EngineError, match="was stopped"):
        on_trino.session(deadline=1).rows(forever, what="reading")
    on_trino.control.queries[-1].join()
    of_ours = "state = 'RUNNING' AND query LIKE 'SELECT count(*) FROM UNNEST%'"
    running = f"SELECT count(*) FROM system.runtime.queries WHERE {of_ours}"
    assert trino.run(_statement(running), "").rows == [("0",)]
