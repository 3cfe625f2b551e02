"""What the Athena client does while it waits: throttling, deadlines, interruptions."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from healthlake.errors import EngineError
from healthlake_dagster.resources.athena import AthenaSession
from healthlake_dagster.resources.athena_queries import Started, _started
from tests.aws.athena_lake import AthenaLake, emulator, lake

__all__ = ["emulator", "lake"]

INSERT = "INSERT INTO visit (id, n, dt) SELECT 'c', 3, DATE '2026-01-01'"
PARTITION = "visit/2026-01-01"


@pytest.mark.parametrize("operation", ["StartQueryExecution", "GetQueryExecution"])
@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException"])
def test_throttling_is_waited_out(lake: AthenaLake, operation: str, code: str) -> None:
    before = len(lake.control.queries)
    lake.control.throttle(4, operation, code)
    assert lake.session().rows("SELECT 1", what="reading") == [(1,)]
    assert len(lake.control.queries) == before + 1
    assert [line for line in lake.lines if line.startswith("reading: waiting, Athena")]


def test_throttling_of_results_is_waited_out(lake: AthenaLake) -> None:
    lake.control.throttle(2, "GetQueryResults")
    assert lake.session().rows("SELECT 1", what="reading") == [(1,)]


def test_no_room_until_the_deadline_is_told(lake: AthenaLake) -> None:
    before = len(lake.control.queries)
    lake.control.throttle(100, "StartQueryExecution")
    with pytest.raises(EngineError, match=r"reading: Athena had no room for the query for 0.1 s"):
        lake.session(deadline=0.1).rows("SELECT 1", what="reading")
    assert len(lake.control.queries) == before


def test_a_query_is_waited_for_in_the_queue(lake: AthenaLake) -> None:
    lake.control.hold()
    session = lake.session()
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.append(session.rows("SELECT 77", what="reading")))
    reader.start()
    query = submitted(lake, "SELECT 77")
    assert query.status == "QUEUED"
    lake.control.release()
    reader.join(timeout=30)
    assert found == [[(77,)]]


def submitted(lake: AthenaLake, sql: str):
    """The query, once it was submitted."""
    assert lake.control.wait_until(lambda: lake.control.queries and lake.control.queries[-1].query == sql)
    return lake.control.queries[-1]


def test_a_query_beyond_its_deadline_is_stopped(lake: AthenaLake) -> None:
    lake.control.hang()
    with pytest.raises(EngineError, match=r"had not ended after 0.2 s and was stopped \(it is CANCELLED\)"):
        lake.session(deadline=0.2).execute(INSERT, what="writing", token=PARTITION)
    assert lake.control.queries[-1].status == "CANCELLED"
    assert len(lake.contents()) == 2


@pytest.mark.parametrize("interruption", [DagsterExecutionInterruptedError, KeyboardInterrupt, SystemExit])
def test_an_interruption_stops_the_query_and_goes_on(
    lake: AthenaLake, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    lake.control.hang()
    session = lake.session()
    interrupt_in(session, "get_query_execution", monkeypatch, interruption)
    with pytest.raises(interruption):
        session.execute(INSERT, what="writing", token=PARTITION)
    assert lake.control.queries[-1].status == "CANCELLED"
    assert len(lake.contents()) == 2


def test_an_interruption_of_the_submission_stops_what_it_started(
    lake: AthenaLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(lake.control.queries)
    lake.control.hang()
    session = lake.session()
    interrupt_in(session, "start_query_execution", monkeypatch, DagsterExecutionInterruptedError)
    with pytest.raises(DagsterExecutionInterruptedError):
        session.execute(INSERT, what="writing", token=PARTITION)
    assert [query.status for query in lake.control.queries[before:]] == ["CANCELLED"]


def test_a_stop_that_fails_is_told_with_the_command(
    lake: AthenaLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.control.hang()
    lake.control.throttle(10, "StopQueryExecution", "AccessDeniedException")
    session = lake.session()
    interrupt_in(session, "get_query_execution", monkeypatch, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        session.execute(INSERT, what="writing", token=PARTITION)
    query = lake.control.queries[-1]
    assert query.status in ("QUEUED", "RUNNING")
    assert f"aws athena stop-query-execution --query-execution-id {query.id}" in lake.lines[-1]
    query.cancel()


def test_an_error_while_waiting_stops_the_query(lake: AthenaLake) -> None:
    lake.control.hang()
    lake.control.throttle(1, "GetQueryExecution", "AccessDeniedException")
    with pytest.raises(EngineError, match=r"refused GetQueryExecution \(AccessDeniedException\)"):
        lake.session().rows("SELECT 1", what="reading")
    assert lake.control.queries[-1].status == "CANCELLED"


def interrupt_in(
    session: AthenaSession, call: str, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    """The first `call` is made and then interrupted, as a signal would interrupt it."""
    client = session._open()[0]._client
    made: Callable[..., object] = getattr(client, call)
    calls: list[object] = []

    def interrupted(**request: object) -> object:
        answer = made(**request)
        calls.append(answer)
        if len(calls) == 1:
            raise interruption
        return answer

    monkeypatch.setattr(client, call, interrupted)


@pytest.mark.parametrize(("seconds", "is_earlier"), [(0.1, True), (2.5, False)])
def test_a_slow_answer_is_no_sign_of_an_earlier_request(seconds: float, is_earlier: bool) -> None:
    """Submitted 3 s before Athena answered: by an earlier request where this one took less."""
    submitted = datetime.datetime(2026, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)
    answer = {
        "QueryExecutionId": "q",
        "ResponseMetadata": {"HTTPHeaders": {"date": "Thu, 01 Jan 2026 12:00:03 GMT"}},
    }
    started = _started(answer, seconds)
    assert started.is_earlier({"Status": {"SubmissionDateTime": submitted}}) is is_earlier


def test_what_an_earlier_attempt_left_failed_is_submitted_again_until_the_deadline_and_no_longer(
    lake: AthenaLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Started, "is_earlier", lambda started, execution: True)
    lake.control.fail("SYNTAX_ERROR: line 1:8", times=10_000)
    with pytest.raises(EngineError, match="ended FAILED \\(SYNTAX_ERROR"):
        lake.session(deadline=0.5).rows("SELECT 1", what="reading")
