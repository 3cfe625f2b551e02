"""Runs SQL on Athena for one Dagster step: reads are typed rows, writes happen once however often the step is
retried.

Refuses to know tables: the engine above it writes the SQL. Nothing is imported of boto3 or PyAthena, and no
client made, before the first statement.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from healthlake.aws import aws_client, aws_session
from healthlake.engine.athena import LONGEST
from healthlake.errors import EngineError
from healthlake_dagster.resources.athena_facts import QueryFacts, SessionFacts
from healthlake_dagster.resources.athena_failures import failure, is_conflict, is_retryable
from healthlake_dagster.resources.athena_options import AthenaOptions
from healthlake_dagster.resources.athena_queries import AthenaQueries, Execution
from healthlake_dagster.resources.athena_results import AthenaResults

__all__ = ["AthenaOptions", "AthenaSession"]

_log = logging.getLogger(__name__)

_ATTEMPTS = 3


class AthenaSession:
    """A session of one step. `identity` names the step (Dagster's root run and step key): a retry of it
    re-attaches to the writes that it started before. `say` gets one line a query.

    `parameters` are SQL literals (`'text'`, `1`, `DATE '2026-01-01'`), one for each `?`: Athena keeps them
    out of the query's text. `what` says in errors and lines what is done; it holds no values.
    """

    def __init__(self, options: AthenaOptions, identity: str, say: Callable[[str], None] = _log.info) -> None:
        self.facts = SessionFacts()
        self._options = options
        self._identity = identity
        self._say = say
        self._uses: Counter[str] = Counter()
        self._opened: tuple[AthenaQueries, AthenaResults] | None = None

    def rows(self, sql: str, parameters: Sequence[str] = (), *, what: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT. Raises `EngineError`, also where they are more than the options' limit."""
        found: list[tuple[Any, ...]] = []
        for row in self.iterate(sql, parameters, what=what):
            if len(found) == self._options.row_limit:
                raise EngineError(
                    f"{what}: the answer has more than {self._options.row_limit} rows, the most that are held"
                    " in memory at once. Select fewer, aggregate them in SQL, or read them as a stream."
                )
            found.append(row)
        return found

    def iterate(self, sql: str, parameters: Sequence[str] = (), *, what: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT as they are read; the query runs at the first. Raises `EngineError`."""
        request = self._request(sql, parameters, what)
        execution = self._run(request, what, lambda: uuid.uuid4().hex)
        yield from self._open()[1].read(execution, what)

    def select(self, sql: str, *, what: str) -> tuple[list[tuple[str, str]], Iterator[tuple[Any, ...]]]:
        """Names and Athena's types of a SELECT's columns, and its rows as they are read."""
        execution = self._run(self._request(sql, (), what), what, lambda: uuid.uuid4().hex)
        return self._open()[1].described(execution, what)

    def execute(self, sql: str, parameters: Sequence[str] = (), *, what: str, token: str) -> None:
        """Runs a DML statement once for this step: where the step is retried, an execution that succeeded or
        still runs is taken for this one.

        `token` names table and day. A statement given twice in one session runs twice. Raises
        `CommitConflict` where another writer was first, else `EngineError`.
        """
        request = self._request(sql, parameters, what)
        # Athena refuses a token that it knows with another request: all of it is part of the token.
        asked = json.dumps([self._identity, token, request], sort_keys=True)

        def next_token() -> str:
            self._uses[asked] += 1
            return hashlib.sha256(f"{self._uses[asked]} {asked}".encode()).hexdigest()

        self._run(request, what, next_token)

    def close(self) -> None:
        """Ends the session; a query that runs was stopped when its wait ended."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _run(self, request: Mapping[str, Any], what: str, next_token: Callable[[], str]) -> Execution:
        """The execution that succeeded."""
        queries = self._open()[0]
        until = time.monotonic() + self._options.deadline
        retries = 0
        while True:
            started = queries.start({**request, "ClientRequestToken": next_token()}, what, until)
            execution = queries.wait(started.query_id, what, until)
            earlier = started.is_earlier(execution)
            status = execution["Status"]
            if earlier and status["State"] != "SUCCEEDED" and time.monotonic() < until:
                self._say(
                    f"{what}: Athena query {started.query_id} of an earlier attempt had {status['State']}"
                )
                continue
            self._note(execution, what, earlier)
            if status["State"] == "SUCCEEDED":
                return execution
            out_of_tries = retries == self._options.retries or time.monotonic() >= until
            if out_of_tries or is_conflict(status) or not is_retryable(status):
                raise failure(execution, what)
            retries += 1
            self._say(f"{what}: submitting again, Athena calls the failure retryable ({retries})")
            queries.pause(retries)

    def _request(self, sql: str, parameters: Sequence[str], what: str) -> dict[str, Any]:
        if (size := len(sql.encode())) > LONGEST:
            raise EngineError(
                f"{what}: the statement has {size} bytes, and Athena takes {LONGEST}. Ask for fewer days"
                " or tables at once."
            )
        options = self._options
        request: dict[str, Any] = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": options.database, "Catalog": options.catalog},
            "WorkGroup": options.workgroup,
        }
        if options.output_location:
            request["ResultConfiguration"] = {"OutputLocation": options.output_location}
        if parameters:
            request["ExecutionParameters"] = list(parameters)
        return request

    def _note(self, execution: Execution, what: str, reattached: bool) -> None:
        facts = QueryFacts.of(execution, what, self._options.price_per_tb, reattached)
        self.facts.queries.append(facts)
        self._say(facts.line())

    def _open(self) -> tuple[AthenaQueries, AthenaResults]:
        if self._opened is None:
            session = aws_session(self._options.region, self._options.role)
            client = aws_client("athena", session, attempts=_ATTEMPTS)
            results = AthenaResults(session, self._options.workgroup)
            self._opened = AthenaQueries(client, self._options, self._say), results
        return self._opened
