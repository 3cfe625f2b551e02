"""The emulator's Athena answers as Athena does: states, tokens, results, Iceberg commits, refusals."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.athena_lake import DAY, OTHER_DAY, AthenaLake, emulator, lake

__all__ = ["emulator", "lake"]

INSERT = "INSERT INTO visit (id, n, dt) SELECT 'c', 3, DATE '2026-01-01'"
FIRST = [("a", 1, DAY), ("b", None, OTHER_DAY)]


def submit(lake: AthenaLake, sql: str, **request: Any) -> str:
    """Starts a query in the lake's workgroup; its id."""
    context = {"Database": lake.database, "Catalog": "AwsDataCatalog"}
    request = {"WorkGroup": lake.database, "QueryExecutionContext": context, **request}
    return lake.client.start_query_execution(QueryString=sql, **request)["QueryExecutionId"]


def shown(lake: AthenaLake, query_id: str) -> Mapping[str, Any]:
    """The query as GetQueryExecution shows it now."""
    return lake.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]


def run(lake: AthenaLake, sql: str, **request: Any) -> Mapping[str, Any]:
    """The query once it has ended."""
    query_id = submit(lake, sql, **request)
    lake.control.queries[-1].join()
    return shown(lake, query_id)


def change(lake: AthenaLake, sql: str, **request: Any) -> Mapping[str, Any]:
    """The query once it has succeeded."""
    done = run(lake, sql, **request)
    assert done["Status"]["State"] == "SUCCEEDED", done["Status"]
    return done


def rows(lake: AthenaLake, sql: str, **request: Any) -> list[tuple[str | None, ...]]:
    """The texts of a result's first page, its header included."""
    done = change(lake, sql, **request)
    found = lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])["ResultSet"]["Rows"]
    return [tuple(each.get("VarCharValue") for each in row["Data"]) for row in found]


def refusal(lake: AthenaLake, sql: str, **request: Any) -> str:
    """The message that StartQueryExecution refuses the query with."""
    with pytest.raises(ClientError) as caught:
        submit(lake, sql, **request)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    return caught.value.response["Error"]["Message"]


def reason(lake: AthenaLake, sql: str, **request: Any) -> str:
    """The reason that the query fails for."""
    status = run(lake, sql, **request)["Status"]
    assert status["State"] == "FAILED"
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
    return status["StateChangeReason"]


def test_a_query_goes_from_the_queue_to_its_end(lake: AthenaLake) -> None:
    lake.control.hold()
    query_id = submit(lake, "SELECT 1")
    assert shown(lake, query_id)["Status"]["State"] == "QUEUED"
    lake.control.release()
    lake.control.queries[-1].join()
    status = shown(lake, query_id)["Status"]
    assert status["State"] == "SUCCEEDED"
    assert status["SubmissionDateTime"] <= status["CompletionDateTime"]


def test_a_query_that_runs_is_stopped(lake: AthenaLake) -> None:
    forever = (
        "SELECT count(*) FROM UNNEST(sequence(1, 3000000)) a(x) CROSS JOIN UNNEST(sequence(1, 3000000)) b(y)"
    )
    query_id = submit(lake, forever)
    query = lake.control.queries[-1]
    assert lake.control.wait_until(lambda: query.status == "RUNNING")
    lake.client.stop_query_execution(QueryExecutionId=query_id)
    query.join()
    status = shown(lake, query_id)["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")


def test_a_stop_of_what_has_ended_changes_nothing(lake: AthenaLake) -> None:
    done = change(lake, "SELECT 1")
    lake.client.stop_query_execution(QueryExecutionId=done["QueryExecutionId"])
    assert shown(lake, done["QueryExecutionId"]) == done


def test_a_token_leads_to_one_query_and_refuses_another(lake: AthenaLake) -> None:
    token = "t" * 32
    first = submit(lake, INSERT, ClientRequestToken=token)
    assert submit(lake, INSERT, ClientRequestToken=token) == first
    assert "Idempotent" in refusal(lake, "SELECT 2", ClientRequestToken=token)
    lake.control.queries[-1].join()
    assert lake.contents() == [*FIRST, ("c", 3, DAY)]


def test_results_are_paged_and_their_first_row_names_the_columns(lake: AthenaLake) -> None:
    done = change(lake, "SELECT x FROM UNNEST(sequence(1, 5)) AS t(x) ORDER BY x")
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        page = lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"], MaxResults=3, **token)
        found.append([row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [["x", "1", "2"], ["3", "4", "5"]]


def test_a_page_has_a_thousand_rows_at_most(lake: AthenaLake) -> None:
    done = change(lake, "SELECT x FROM UNNEST(sequence(1, 1000)) AS t(x)")
    page = lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    assert (len(page["ResultSet"]["Rows"]), "NextToken" in page) == (1000, True)
    with pytest.raises(ClientError, match="maximum allowed length"):
        lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"], MaxResults=1001)


def test_results_before_the_end_and_of_a_failure_are_refused(lake: AthenaLake) -> None:
    lake.control.hold()
    query_id = submit(lake, "SELECT 1")
    with pytest.raises(ClientError, match="not yet finished"):
        lake.client.get_query_results(QueryExecutionId=query_id)
    lake.control.release()
    failed = run(lake, "SELECT nothing FROM visit")
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        lake.client.get_query_results(QueryExecutionId=failed["QueryExecutionId"])


def test_the_file_of_a_result_quotes_every_value_but_null(lake: AthenaLake) -> None:
    done = change(lake, "SELECT 'a\"b,c' AS x, CAST(NULL AS varchar) AS y, '' AS z")
    location = done["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{lake.bucket}/results/{done['QueryExecutionId']}.csv"
    key = location.removeprefix(f"s3://{lake.bucket}/")
    body = lake.emulator.client("s3").get_object(Bucket=lake.bucket, Key=key)["Body"].read()
    assert body == b'"x","y","z"\n"a""b,c",,""\n'


def test_columns_have_athenas_types(lake: AthenaLake) -> None:
    sql = """SELECT id, n, dt, seen, count(*) AS c, sum(n) AS s, 1.5e0 AS d, CAST(1 AS decimal(9, 2)) AS m,
      CAST(1 AS integer) AS i, CAST(1 AS real) AS r, true AS b, 7 FROM visit GROUP BY id, n, dt, seen"""
    done = run(lake, sql)
    info = lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])["ResultSet"]
    types = {each["Name"]: each["Type"] for each in info["ResultSetMetadata"]["ColumnInfo"]}
    first = {"id": "varchar", "n": "bigint", "dt": "date", "seen": "timestamp", "c": "bigint", "s": "bigint"}
    more = {"d": "double", "m": "decimal", "i": "integer", "r": "float", "b": "boolean", "_col11": "integer"}
    assert types == first | more


def test_a_workgroup_that_enforces_says_where_results_go(lake: AthenaLake) -> None:
    elsewhere = {"OutputLocation": f"s3://{lake.bucket}/elsewhere/"}
    done = change(lake, "SELECT 1", ResultConfiguration=elsewhere)
    assert "/results/" in done["ResultConfiguration"]["OutputLocation"]
    lax = run(lake, "SELECT 1", WorkGroup="primary", ResultConfiguration=elsewhere)
    assert "/elsewhere/" in lax["ResultConfiguration"]["OutputLocation"]
    assert "No output location" in refusal(lake, "SELECT 1", WorkGroup="primary")
    assert "is not found" in refusal(lake, "SELECT 1", WorkGroup="nowhere")


def test_a_workgroup_cuts_off_what_scans_too_much(lake: AthenaLake) -> None:
    own = {"OutputLocation": f"s3://{lake.bucket}/results/"}
    configuration = {"ResultConfiguration": own, "BytesScannedCutoffPerQuery": 10_000_000}
    name = f"{lake.database}_cut"
    lake.client.create_work_group(Name=name, Configuration=configuration)
    assert run(lake, "SELECT * FROM visit", WorkGroup=name)["Status"]["State"] == "SUCCEEDED"
    # The least that Athena takes is 10 MB, which no table here has.
    lake.control.queries[-1].workgroup.configuration["BytesScannedCutoffPerQuery"] = 10
    status = run(lake, "SELECT * FROM visit", WorkGroup=name)["Status"]
    assert status["State"] == "CANCELLED"
    assert "Bytes scanned limit" in status["StateChangeReason"]


def test_parameters_are_literals_in_the_order_of_the_text(lake: AthenaLake) -> None:
    sql = "WITH t AS (SELECT ? AS a) SELECT a, ? AS b FROM t WHERE ? < 2"
    assert rows(lake, sql, ExecutionParameters=["'x'", "DATE '2026-01-01'", "1"])[1] == ("x", "2026-01-01")
    assert "expected 1 but found 2" in reason(lake, "SELECT ?", ExecutionParameters=["1", "2"])
    assert "no literal" in reason(lake, "SELECT ? FROM visit", ExecutionParameters=["id"])


def test_earlier_snapshots_and_metadata_are_read(lake: AthenaLake) -> None:
    first = lake.table.current_snapshot()
    change(lake, INSERT)
    assert rows(lake, f"SELECT count(*) AS c FROM visit FOR VERSION AS OF {first.snapshot_id}")[1] == ("2",)
    between = datetime.datetime.fromtimestamp(first.timestamp_ms / 1000 + 0.0005, datetime.UTC)
    moment = f"TIMESTAMP '{between:%Y-%m-%d %H:%M:%S.%f} UTC'"
    assert rows(lake, f"SELECT count(*) AS c FROM visit FOR TIMESTAMP AS OF {moment} AS v")[1] == ("2",)
    assert rows(lake, 'SELECT count(*) AS c FROM "visit$snapshots"')[1] == ("2",)
    assert rows(lake, f'SELECT sum(record_count) AS c FROM "{lake.database}"."visit$files"')[1] == ("3",)
    assert reason(lake, "SELECT * FROM visit FOR VERSION AS OF 1").startswith("INVALID_ARGUMENTS")


def data_files(lake: AthenaLake) -> set[str]:
    return {task.file.file_path for task in lake.table.scan().plan_files()}


def test_a_write_replaces_the_files_of_the_changed_day_in_one_snapshot(lake: AthenaLake) -> None:
    before = data_files(lake)
    done = change(lake, "UPDATE visit SET n = 8 WHERE id = 'a'")
    assert lake.contents() == [("a", 8, DAY), ("b", None, OTHER_DAY)]
    assert lake.snapshots() == 2
    kept = before & data_files(lake)
    assert len(kept) == 1
    assert "dt=2026-01-02" in kept.pop()
    result = lake.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    assert (result["UpdateCount"], done["SubstatementType"]) == (1, "UPDATE")


def test_a_write_that_changes_nothing_commits_nothing(lake: AthenaLake) -> None:
    done = run(lake, "DELETE FROM visit WHERE id = 'none'")
    assert done["Status"]["State"] == "SUCCEEDED"
    assert lake.snapshots() == 1


def test_a_delete_may_empty_a_day_and_the_table(lake: AthenaLake) -> None:
    change(lake, "DELETE FROM visit AS v WHERE v.dt = DATE '2026-01-01'")
    assert lake.contents() == FIRST[1:]
    change(lake, "DELETE FROM visit")
    assert lake.contents() == []
    change(lake, INSERT)
    assert lake.contents() == [("c", 3, DAY)]


def test_a_table_without_partitions_is_replaced_whole(lake: AthenaLake) -> None:
    schema = lake.table.schema()
    lake.catalog.create_table((lake.database, "plain"), schema, location=f"s3://{lake.bucket}/plain")
    change(lake, "INSERT INTO plain SELECT id, n, dt, seen FROM visit")
    change(lake, "DELETE FROM plain WHERE n IS NULL")
    assert rows(lake, "SELECT id, n FROM plain") == [("id", "n"), ("a", "1")]


def test_a_day_that_is_null_is_a_partition_too(lake: AthenaLake) -> None:
    change(lake, "INSERT INTO visit (id, n) SELECT 'z', 1")
    change(lake, "UPDATE visit SET n = 2 WHERE dt IS NULL")
    assert rows(lake, "SELECT id, n FROM visit WHERE dt IS NULL") == [("id", "n"), ("z", "2")]


def test_a_merge_that_matches_a_row_twice_fails(lake: AthenaLake) -> None:
    twice = "(SELECT 'a' AS id, 5 AS n UNION ALL SELECT 'a', 6)"
    merge = f"MERGE INTO visit USING {twice} s ON visit.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n"
    assert reason(lake, merge).startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES")
    assert lake.contents() == FIRST


def test_another_writers_commit_in_between_is_a_commit_error(lake: AthenaLake) -> None:
    lake.control.before_commit(lambda: lake.append([("x", 9, DAY, None)]))
    assert reason(lake, INSERT).startswith("ICEBERG_COMMIT_ERROR: ")
    assert lake.contents() == [*FIRST, ("x", 9, DAY)]


def test_no_row_of_parallel_writers_is_lost(lake: AthenaLake) -> None:
    both = threading.Barrier(3, timeout=30)
    for _ in range(3):
        lake.control.before_commit(both.wait)
    ids = [submit(lake, INSERT.replace("'c'", f"'c{number}'")) for number in range(3)]
    for query in lake.control.queries[-3:]:
        query.join()
    states = [shown(lake, query_id)["Status"]["State"] for query_id in ids]
    assert sorted(states) == ["FAILED", "FAILED", "SUCCEEDED"]
    assert len(lake.contents()) == 3


def test_a_statement_that_was_stopped_commits_nothing(lake: AthenaLake) -> None:
    reached, go = threading.Event(), threading.Event()
    lake.control.before_commit(lambda: (reached.set(), go.wait(30)))
    query_id = submit(lake, INSERT)
    assert reached.wait(30)
    lake.client.stop_query_execution(QueryExecutionId=query_id)
    go.set()
    lake.control.queries[-1].join()
    assert lake.contents() == FIRST


def test_statistics_are_of_the_files_read(lake: AthenaLake) -> None:
    size = sum(task.file.file_size_in_bytes for task in lake.table.scan().plan_files())
    assert run(lake, "SELECT 1")["Statistics"]["DataScannedInBytes"] == 0
    done = change(lake, "SELECT a.id FROM visit a JOIN visit b ON a.id = b.id")
    assert done["Statistics"]["DataScannedInBytes"] == size
    assert done["Statistics"]["EngineExecutionTimeInMillis"] > 0


def test_what_athena_does_not_take_is_refused(lake: AthenaLake) -> None:
    assert "at most 262144 bytes" in refusal(lake, f"SELECT '{'x' * 262_144}'")
    assert "Only one sql statement" in refusal(lake, "SELECT 1; SELECT 2")
    assert "mismatched input" in refusal(lake, "SELEC 1 FROM (")


def test_what_a_query_names_wrongly_fails_with_athenas_code(lake: AthenaLake) -> None:
    assert reason(lake, "SELECT * FROM nowhere").startswith("TABLE_NOT_FOUND: ")
    assert reason(lake, "SELECT nothing FROM visit").startswith("COLUMN_NOT_FOUND: ")
    assert reason(lake, "SELECT CAST(id AS integer) FROM visit").startswith("INVALID_CAST_ARGUMENT: ")
    assert reason(lake, "SELECT no_such_function(id) FROM visit").startswith("FUNCTION_NOT_FOUND: ")
    assert reason(lake, "VACUUM visit").startswith("NOT_SUPPORTED: ")


def test_databases_are_made_listed_and_dropped(lake: AthenaLake) -> None:
    name = f"{lake.database}_more"
    change(lake, f"CREATE DATABASE `{name}`")
    assert "already exists" in reason(lake, f"CREATE DATABASE `{name}`")
    assert run(lake, f"CREATE DATABASE IF NOT EXISTS {name};")["StatementType"] == "DDL"
    assert (name,) in rows(lake, "SHOW DATABASES")
    assert rows(lake, "SHOW TABLES") == [("visit",)]
    change(lake, f"DROP DATABASE {name}")
    assert (name,) not in rows(lake, "SHOW DATABASES")
    assert "is not empty" in reason(lake, f"DROP DATABASE {lake.database}")


def test_named_functions_are_known(lake: AthenaLake) -> None:
    assert rows(lake, "SELECT age_in_years(DATE '2000-02-29', DATE '2001-02-28') AS a")[1] == ("0",)
