"""Writing by the Athena client: once a step, re-attached by a retry, stopped by a conflict."""

from __future__ import annotations

import pytest

from healthlake.errors import EngineError
from healthlake.lake.catalog import CommitConflict
from healthlake_dagster.resources.athena import AthenaSession
from tests.aws.athena_lake import DAY, OTHER_DAY, AthenaLake, emulator, lake

__all__ = ["emulator", "lake"]

INSERT = "INSERT INTO visit (id, n, dt) SELECT 'c', 3, DATE '2026-01-01'"
PARTITION = "visit/2026-01-01"
OTHER_PARTITION = "visit/2026-01-02"
FIRST = [("a", 1, DAY), ("b", None, OTHER_DAY)]
ADDED = ("c", 3, DAY)

MERGE = """
MERGE INTO visit AS t
USING (
  SELECT id, n, dt, false AS gone FROM (VALUES ('c', BIGINT '3', DATE '2026-01-01')) AS new (id, n, dt)
  UNION ALL SELECT id, n, dt, true FROM visit WHERE dt = DATE '2026-01-01' AND id <> 'c'
) AS s
ON t.id = s.id AND t.dt = s.dt AND t.dt = DATE '2026-01-01'
WHEN MATCHED AND s.gone THEN DELETE
WHEN MATCHED AND t.n IS DISTINCT FROM s.n THEN UPDATE SET n = s.n
WHEN NOT MATCHED THEN INSERT (id, n, dt) VALUES (s.id, s.n, s.dt)
"""


def test_a_merge_replaces_a_partition_in_one_snapshot(lake: AthenaLake) -> None:
    session = lake.session()
    session.execute(MERGE, what="writing", token=PARTITION)
    assert lake.contents() == [("b", None, OTHER_DAY), ADDED]
    assert lake.snapshots() == 2
    (facts,) = session.facts.queries
    assert (facts.state, facts.reattached) == ("SUCCEEDED", False)


def test_a_retry_of_the_step_takes_what_the_first_attempt_wrote(lake: AthenaLake) -> None:
    lake.session().execute(INSERT, what="writing", token=PARTITION)
    lake.control.age(60)
    retry = lake.session()
    retry.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]
    assert retry.facts.queries[0].reattached
    assert retry.facts.queries[0].query_id == lake.control.queries[-1].id


def test_a_retry_waits_for_what_still_runs(lake: AthenaLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.control.hold()
    lose_orchestrator(lake.session(), monkeypatch)
    lake.control.age(60)
    assert lake.control.queries[-1].status == "QUEUED"
    lake.control.release()
    retry = lake.session()
    retry.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]
    assert retry.facts.queries[0].reattached


def lose_orchestrator(session: AthenaSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submits as a process does that is killed before it looks at its query: nothing of it runs on."""
    queries = session._open()[0]

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(queries, "wait", kill)
    with pytest.raises(Killed):
        session.execute(INSERT, what="writing", token=PARTITION)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_retry_runs_again_what_had_not_succeeded(lake: AthenaLake, state: str) -> None:
    if state == "FAILED":
        lake.control.fail("GENERIC_INTERNAL_ERROR: something")
        with pytest.raises(EngineError):
            lake.session().execute(INSERT, what="writing", token=PARTITION)
    else:
        lake.control.hang()
        with pytest.raises(EngineError):
            lake.session(deadline=0.1).execute(INSERT, what="writing", token=PARTITION)
    assert lake.control.queries[-1].status == state
    lake.control.age(60)
    retry = lake.session()
    retry.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]
    (_, first_token, first_request), (_, second_token, second_request) = lake.control.submissions[-2:]
    assert first_request == second_request
    assert first_token != second_token
    assert [facts.reattached for facts in retry.facts.queries] == [False]


def test_a_second_retry_takes_what_the_first_retry_wrote(lake: AthenaLake) -> None:
    lake.control.fail("GENERIC_INTERNAL_ERROR: something")
    with pytest.raises(EngineError):
        lake.session().execute(INSERT, what="writing", token=PARTITION)
    lake.control.age(60)
    lake.session().execute(INSERT, what="writing", token=PARTITION)
    lake.control.age(60)
    lake.session().execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]


def test_another_step_day_or_value_writes_for_itself(lake: AthenaLake) -> None:
    sql = "INSERT INTO visit (id, n, dt) SELECT ?, 3, DATE '2026-01-01'"
    lake.session("run/a").execute(sql, ["'c'"], what="writing", token=PARTITION)
    lake.session("run/b").execute(sql, ["'c'"], what="writing", token=PARTITION)
    lake.session("run/a").execute(sql, ["'c'"], what="writing", token=OTHER_PARTITION)
    lake.session("run/a").execute(sql, ["'d'"], what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED, ADDED, ADDED, ("d", 3, DAY)]


def test_a_statement_given_twice_in_a_session_runs_twice(lake: AthenaLake) -> None:
    session = lake.session()
    session.execute(INSERT, what="writing", token=PARTITION)
    session.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED, ADDED]


def test_a_lost_answer_starts_no_second_query(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    lake.control.lose_response("StartQueryExecution")
    lake.session().execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]
    assert len(lake.control.queries) == before + 1


def test_a_conflict_is_one_for_the_job_and_is_not_retried(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    lake.control.conflict()
    session = lake.session()
    with pytest.raises(CommitConflict, match="writing: another writer was first"):
        session.execute(INSERT, what="writing", token=PARTITION)
    assert len(lake.control.queries) == before + 1
    session.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]


def test_a_writer_that_is_faster_is_a_conflict_and_keeps_its_rows(lake: AthenaLake) -> None:
    lake.control.before_commit(lambda: lake.append([("x", 9, DAY, None)]))
    session = lake.session()
    with pytest.raises(CommitConflict):
        session.execute(MERGE, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ("x", 9, DAY)]
    session.execute(MERGE, what="writing", token=PARTITION)
    assert lake.contents() == [("b", None, OTHER_DAY), ADDED]


def test_what_athena_calls_retryable_is_submitted_again(lake: AthenaLake) -> None:
    lake.control.fail("GENERIC_INTERNAL_ERROR: a node left", times=2, retryable=True)
    session = lake.session()
    session.execute(INSERT, what="writing", token=PARTITION)
    assert lake.contents() == [*FIRST, ADDED]
    assert [facts.state for facts in session.facts.queries] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert len([line for line in lake.lines if "submitting again" in line]) == 2


def test_retries_have_an_end(lake: AthenaLake) -> None:
    lake.control.fail("GENERIC_INTERNAL_ERROR: a node left", times=3, retryable=True)
    session = lake.session(retries=2)
    with pytest.raises(EngineError, match="ended FAILED"):
        session.execute(INSERT, what="writing", token=PARTITION)
    assert len(session.facts.queries) == 3
    assert lake.contents() == FIRST


def test_what_athena_does_not_call_retryable_is_not_submitted_again(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    lake.control.fail("GENERIC_INTERNAL_ERROR: something")
    with pytest.raises(EngineError, match="GENERIC_INTERNAL_ERROR, ErrorCategory 1"):
        lake.session().execute(INSERT, what="writing", token=PARTITION)
    assert len(lake.control.queries) == before + 1


def test_a_merge_with_a_key_twice_is_an_error(lake: AthenaLake) -> None:
    twice = "(SELECT 'a' AS id, 5 AS n UNION ALL SELECT 'a', 6)"
    sql = f"MERGE INTO visit AS t USING {twice} AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n"
    with pytest.raises(EngineError, match="MERGE_TARGET_ROW_MULTIPLE_MATCHES"):
        lake.session().execute(sql, what="writing", token=PARTITION)
    assert lake.contents() == FIRST
