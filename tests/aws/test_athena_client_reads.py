"""Reading by the Athena client: types, pages, parameters, limits and what a query cost."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal

import pytest
from moto.core.exceptions import AccessDeniedError
from moto.sts.models import STSBackend

from healthlake.aws import aws_session
from healthlake.engine.athena import LONGEST
from healthlake.errors import EngineError, EngineUnavailable, UsageError
from tests.aws.athena_lake import DAY, OTHER_DAY, AthenaLake, emulator, lake
from tests.conftest import REPOSITORY

__all__ = ["emulator", "lake"]

PHI = "Ophelia-Q"


def test_rows_have_python_types(lake: AthenaLake) -> None:
    sql = """
    SELECT CAST(7 AS integer), n, CAST(0.1 AS double), true, dt, seen, CAST(1.50 AS decimal(5, 2)), 'x,"y"
z', CAST(NULL AS varchar), ''
    FROM visit ORDER BY id
    """
    first, second = lake.session().rows(sql, what="reading")
    at = datetime.datetime(2026, 1, 1, 3, 4, 5, 6)
    expected = (7, 1, 0.1, True, DAY, at, Decimal("1.50"), 'x,"y"\nz', None, "")
    assert first == expected
    assert [type(value) for value in first] == [type(value) for value in expected]
    assert second == (7, None, 0.1, True, OTHER_DAY, None, Decimal("1.50"), 'x,"y"\nz', None, "")


def test_doubles_that_are_no_numbers_are_read(lake: AthenaLake) -> None:
    ((big, tiny, infinite),) = lake.session().rows(
        "SELECT CAST(1.5e300 AS double), CAST(1e-12 AS double), CAST('Infinity' AS double)", what="reading"
    )
    assert (big, tiny, infinite) == (1.5e300, 1e-12, float("inf"))


def test_no_rows_are_an_empty_list(lake: AthenaLake) -> None:
    assert lake.session().rows("SELECT id FROM visit WHERE id = 'none'", what="reading") == []


def test_a_parameter_is_kept_out_of_the_text(lake: AthenaLake) -> None:
    sql = "SELECT id FROM visit WHERE id = ? AND dt = ?"
    assert lake.session().rows(sql, ["'a'", "DATE '2026-01-01'"], what="reading") == [("a",)]
    assert lake.control.queries[-1].query == sql


def test_more_than_a_page_is_read_in_order(lake: AthenaLake) -> None:
    sql = "SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x"
    assert lake.session().rows(sql, what="reading") == [(x,) for x in range(1, 2501)]


def test_rows_beyond_the_limit_are_refused(lake: AthenaLake) -> None:
    session = lake.session(row_limit=2000)
    assert len(session.rows("SELECT x FROM UNNEST(sequence(1, 2000)) AS t(x)", what="reading")) == 2000
    with pytest.raises(EngineError, match="reading: the answer has more than 2000 rows"):
        session.rows("SELECT x FROM UNNEST(sequence(1, 2001)) AS t(x)", what="reading")


def test_a_stream_asks_for_a_page_when_it_needs_it(lake: AthenaLake) -> None:
    session = lake.session(row_limit=1)
    stream = session.iterate("SELECT x FROM UNNEST(sequence(1, 3500)) AS t(x) ORDER BY x", what="reading")
    assert next(stream) == (1,)
    lake.control.throttle(1, "GetQueryResults", "InvalidRequestException")
    with pytest.raises(EngineError, match="could not be read"):
        list(stream)


def test_a_query_runs_when_its_stream_is_first_asked(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    stream = lake.session().iterate("SELECT 1", what="reading")
    assert len(lake.control.queries) == before
    assert list(stream) == [(1,)]


def test_facts_tell_bytes_times_and_cost(lake: AthenaLake) -> None:
    session = lake.session(price_per_tb=5)
    session.rows("SELECT * FROM visit", what="reading visits")
    session.rows("SELECT count(*) FROM visit", what="counting")
    first, second = session.facts.queries
    size = sum(task.file.file_size_in_bytes for task in lake.table.scan().plan_files())
    assert (first.what, first.state, first.bytes_scanned) == ("reading visits", "SUCCEEDED", size)
    assert first.query_id == lake.control.queries[-2].id
    assert first.cost == 10_000_000 / 1e12 * 5
    assert session.facts.cost == first.cost + second.cost
    assert session.facts.bytes_scanned == 2 * size
    assert session.facts.run_ms == first.run_ms + second.run_ms > 0
    assert [line for line in lake.lines if first.query_id in line] == [first.line()]


def test_statements_of_the_catalog_and_failures_are_free(lake: AthenaLake) -> None:
    session = lake.session()
    assert session.rows("SHOW TABLES", what="listing") == [("visit",)]
    with pytest.raises(EngineError):
        session.rows("SELECT nothing FROM visit", what="reading")
    assert [(each.state, each.cost) for each in session.facts.queries] == [("SUCCEEDED", 0), ("FAILED", 0)]


def test_a_failure_names_query_and_code_and_quotes_nothing(lake: AthenaLake) -> None:
    with pytest.raises(EngineError) as caught:
        lake.session().rows(f"SELECT CAST('{PHI}' AS integer)", what="reading")
    query = lake.control.queries[-1]
    assert PHI in (query.reason or "")
    told = str(caught.value)
    assert (
        f"reading: Athena query {query.id} ended FAILED (INVALID_CAST_ARGUMENT, ErrorCategory 2 (user)"
        in told
    )
    assert PHI not in told
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_first_word_that_is_no_known_code_is_not_told(lake: AthenaLake) -> None:
    lake.control.fail("OPHELIA: was found where a number was expected")
    with pytest.raises(EngineError) as caught:
        lake.session().rows("SELECT 1", what="reading")
    assert "OPHELIA" not in str(caught.value)


def test_what_athena_does_not_parse_quotes_nothing(lake: AthenaLake) -> None:
    with pytest.raises(
        EngineError, match=r"refused StartQueryExecution \(InvalidRequestException, MALFORMED_"
    ) as told:
        lake.session().rows(f"SELEC '{PHI}' FROM (", what="reading")
    assert not isinstance(told.value, EngineUnavailable)


def test_a_statement_that_is_too_long_is_not_sent(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    longest = f"SELECT '{'ä' * ((LONGEST - 9) // 2)}'"
    assert len(longest.encode()) == LONGEST - 1
    assert len(lake.session().rows(longest, what="reading")) == 1
    with pytest.raises(EngineError, match=f"has {LONGEST + 1} bytes, and Athena takes {LONGEST}"):
        lake.session().rows(longest + " \n", what="reading")
    assert len(lake.control.queries) == before + 1


def test_an_unknown_workgroup_is_told(lake: AthenaLake) -> None:
    with pytest.raises(EngineUnavailable, match=r"WORKGROUP_NOT_FOUND.*workgroup nowhere"):
        lake.session(workgroup="nowhere").rows("SELECT 1", what="reading")


def test_no_region_is_told(lake: AthenaLake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(UsageError, match="no region was found"):
        lake.session().rows("SELECT 1", what="reading")


def test_a_role_is_taken_on(lake: AthenaLake) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    assert lake.session(role=role, region="eu-central-1").rows("SELECT 1", what="reading") == [(1,)]
    credentials = aws_session("eu-central-1", role).get_credentials()
    assert credentials.method == "assume-role"
    assert credentials.get_frozen_credentials().access_key != "testing"


def test_a_role_that_may_not_be_taken_on_is_told(lake: AthenaLake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AccessDeniedError("arn:aws:iam::123456789012:user/me", "sts:AssumeRole")

    monkeypatch.setattr(STSBackend, "assume_role", refuse)
    role = "arn:aws:iam::123456789012:role/reader"
    with pytest.raises(UsageError, match=rf"assuming the role {role}: AWS.*HEALTHLAKE_ATHENA_ROLE"):
        lake.session(role=role, region="eu-central-1").rows("SELECT 1", what="reading")


def test_nothing_of_aws_is_imported_before_the_first_statement() -> None:
    code = """
import sys
from healthlake_dagster.resources.athena import AthenaOptions, AthenaSession
session = AthenaSession(AthenaOptions("w", "d"), "run/step")
session.close()
print(sorted({"boto3", "botocore", "pyathena"} & set(sys.modules)))
"""
    ran = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
