"""The life of one query on Athena: submitted once, looked at until it has ended, stopped when nobody waits
for it any more.

Decides nothing about what a failure means: callers get the execution as it ended.
"""

from __future__ import annotations

import datetime
import email.utils
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from healthlake.errors import EngineError, EngineUnavailable
from healthlake_dagster.resources.athena_options import AthenaOptions

if TYPE_CHECKING:
    from types_boto3_athena.client import AthenaClient

Execution = Mapping[str, Any]
"""A QueryExecution as GetQueryExecution shows it."""

_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_THROTTLING = ("ThrottlingException", "TooManyRequestsException")
_OF_THE_QUERY = ("MALFORMED_QUERY", "INVALID_INPUT")
"""AthenaErrorCode of a refusal for what the query says; others refuse any query of this caller."""
_STOP_SECONDS = 30.0
_CLOCK = datetime.timedelta(seconds=1)
"""What a Date header cuts off."""


@dataclass(frozen=True, slots=True)
class Started:
    """A query that a request led to. `asked` is when the request was sent, by Athena's own clock."""

    query_id: str
    asked: datetime.datetime

    def is_earlier(self, execution: Execution) -> bool:
        """Whether an earlier request had started the query: the token was one that Athena knew."""
        submitted: datetime.datetime = execution["Status"]["SubmissionDateTime"]
        return submitted < self.asked - _CLOCK


class AthenaQueries:
    """The calls of Athena's API about queries. `say` gets a line where something is waited for or fails to
    be stopped."""

    def __init__(self, client: AthenaClient, options: AthenaOptions, say: Callable[[str], None]) -> None:
        self._client = client
        self._options = options
        self._say = say

    def start(self, request: Mapping[str, Any], what: str, until: float) -> Started:
        """Submits a query, as often as Athena says that it has too many before `until` (monotonic seconds).

        The request has a ClientRequestToken: sent twice, it is one query. Raises `EngineError`.
        """
        for pause in self._pauses():
            try:
                sent = time.monotonic()
                answer = self._guarded(self._client.start_query_execution, request, what)
                return _started(answer, time.monotonic() - sent)
            except _Throttled:
                if time.monotonic() >= until:
                    raise EngineError(
                        f"{what}: Athena had no room for the query for {self._options.deadline:g} s. Raise"
                        f" the quota of active queries of workgroup {self._options.workgroup}, or run less"
                        " beside it, then run the step again."
                    ) from None
                self._say(f"{what}: waiting, Athena runs as many queries as it may")
            except Exception:
                raise
            except BaseException:
                self._stop_unanswered(request, what)
                raise
            time.sleep(pause)
        raise AssertionError("the pauses never end")

    def _stop_unanswered(self, request: Mapping[str, Any], what: str) -> None:
        """Stops the query that an interrupted request may have started: the same token leads to it."""
        try:
            answer = self._guarded(self._client.start_query_execution, request, what)
        except (EngineError, _Throttled):
            self._say(
                f"{what}: Athena could not be asked whether a query runs; look at the workgroup's queries"
            )
        else:
            self.stop(answer["QueryExecutionId"], what)

    def wait(self, query_id: str, what: str, until: float) -> Execution:
        """The query as it ended. One that has not by `until` is stopped, and `EngineError` raised; one whose
        wait is interrupted is stopped too."""
        try:
            execution = self._watch(query_id, what, until)
        except BaseException:
            self.stop(query_id, what)
            raise
        if execution is not None:
            return execution
        self.stop(query_id, what)
        execution = self._watch(query_id, what, time.monotonic() + _STOP_SECONDS)
        if execution is not None and execution["Status"]["State"] == "SUCCEEDED":
            return execution
        state = execution["Status"]["State"] if execution else "not ended yet"
        raise EngineError(
            f"{what}: Athena query {query_id} had not ended after {self._options.deadline:g} s and was"
            f" stopped (it is {state}). Look at it with"
            f" `aws athena get-query-execution --query-execution-id {query_id}`; raise"
            " the deadline of queries if it needs longer, then run the step again."
        )

    def stop(self, query_id: str, what: str) -> None:
        """Asks Athena to stop the query. Where that fails, `say` gets the command that does it."""
        try:
            self._guarded(self._client.stop_query_execution, {"QueryExecutionId": query_id}, what)
        except (EngineError, _Throttled):
            self._say(
                f"{what}: Athena query {query_id} could not be stopped and may still run. Run"
                f" `aws athena stop-query-execution --query-execution-id {query_id}`."
            )

    def pause(self, attempt: int) -> None:
        """Waits before a query is submitted for another time."""
        longest = min(self._options.first_poll * 2**attempt, self._options.longest_poll)
        time.sleep(longest * random.uniform(0.5, 1))  # noqa: S311 - not for secrets

    def _watch(self, query_id: str, what: str, until: float) -> Execution | None:
        """The query once it has ended; None at `until`."""
        for pause in self._pauses():
            try:
                request = {"QueryExecutionId": query_id}
                found = self._guarded(self._client.get_query_execution, request, what)["QueryExecution"]
                if found["Status"]["State"] in _ENDED:
                    return dict(found)
            except _Throttled:
                self._say(f"{what}: waiting, Athena answers no more questions about queries just now")
            left = until - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
        raise AssertionError("the pauses never end")

    def _pauses(self) -> Iterator[float]:
        """Seconds between two looks: growing, and jittered so that steps don't look in step."""
        pause = self._options.first_poll
        while True:
            yield pause * random.uniform(0.5, 1)  # noqa: S311 - not for secrets
            pause = min(pause * 1.5, self._options.longest_poll)

    def _guarded(self, call: Callable[..., Any], request: Mapping[str, Any], what: str) -> Any:
        """`call` with `request`; what AWS refuses becomes an `EngineError` without its message, which may
        quote SQL; `EngineUnavailable` where it would refuse any other too."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(**request)
        except ClientError as error:
            code = error.response["Error"].get("Code", "unknown")
            if code in _THROTTLING:
                raise _Throttled from None
            named = error.response.get("AthenaErrorCode")
            detail = f", {named}" if named else ""
            refused = EngineError if named in _OF_THE_QUERY else EngineUnavailable
            raise refused(
                f"{what}: Athena refused {error.operation_name} ({code}{detail}); its"
                " message is withheld because it may quote values. Look at the workgroup"
                f" {self._options.workgroup} and the role's permissions: docs/runbook.md."
            ) from None
        except BotoCoreError as error:
            raise EngineUnavailable(
                f"{what}: AWS could not be asked ({type(error).__name__}). Look at the network, region and"
                " credentials (`aws sts get-caller-identity`), then run the step again."
            ) from None


class _Throttled(Exception):
    """Athena asks to come back later."""


def _started(response: Mapping[str, Any], seconds: float) -> Started:
    """The query of an answer that came after `seconds`: a slow answer is no sign of an earlier request."""
    header = response["ResponseMetadata"]["HTTPHeaders"].get("date")
    answered = email.utils.parsedate_to_datetime(header) if header else datetime.datetime.now(datetime.UTC)
    return Started(response["QueryExecutionId"], answered - datetime.timedelta(seconds=seconds))
