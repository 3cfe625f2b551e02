"""What goes wrong in the emulator's Athena on demand: a test plans it, the emulator meets it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.aws_emulator.athena_model import SYSTEM, QueryFailed, Stop

_COMMIT_ERROR = "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table"


@dataclass
class _Planned:
    """What the next `times` queries whose SQL holds `matching` meet; they hang where there is no failure."""

    times: int
    matching: str
    failure: QueryFailed | None
    at_commit: bool = False


class Faults:
    """The plans of a test."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._throttled: list[tuple[str, str]] = []
        self._lost: list[str] = []
        self._planned: list[_Planned] = []
        self._before_commit: list[Callable[[], None]] = []
        self._held = False

    def throttle(self, calls: int, operation: str, code: str = "TooManyRequestsException") -> None:
        """The next `calls` of an operation (`StartQueryExecution`) are refused with `code`."""
        with self._changed:
            self._throttled += [(operation, code)] * calls

    def lose_response(self, operation: str) -> None:
        """The next call of an operation does its work and answers with a server error."""
        with self._changed:
            self._lost.append(operation)

    def fail(
        self, reason: str, times: int = 1, category: int = SYSTEM, retryable: bool = False, matching: str = ""
    ) -> None:
        """The next `times` queries whose SQL holds `matching` end FAILED for `reason`, before they run."""
        self._plan(_Planned(times, matching, QueryFailed(reason, category, retryable=retryable)))

    def conflict(self, times: int = 1, matching: str = "") -> None:
        """The next `times` DML statements find at their commit that another writer was first."""
        self._plan(_Planned(times, matching, QueryFailed(_COMMIT_ERROR, SYSTEM), at_commit=True))

    def hang(self, times: int = 1, matching: str = "") -> None:
        """The next `times` queries run until they are stopped."""
        self._plan(_Planned(times, matching, None))

    def before_commit(self, call: Callable[[], None]) -> None:
        """Calls `call` once, in the next DML statement without one, between computation and commit."""
        with self._changed:
            self._before_commit.append(call)

    def hold(self) -> None:
        """Queries stay QUEUED until `release`."""
        with self._changed:
            self._held = True

    def release(self) -> None:
        """Ends `hold`."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def forget(self) -> None:
        """Forgets what is planned and was not met."""
        with self._changed:
            self._throttled, self._lost, self._planned, self._before_commit = [], [], [], []
        self.release()

    def wait_until(self, holds: Callable[[], object], seconds: float = 30) -> bool:
        """Waits for something to hold that changes with what is submitted or released."""
        with self._changed:
            return bool(self._changed.wait_for(holds, seconds))

    # What the emulator itself asks.

    def take_throttle(self, operation: str) -> str | None:
        """The code that this call of `operation` is refused with."""
        with self._changed:
            for number, (planned, code) in enumerate(self._throttled):
                if planned == operation:
                    del self._throttled[number]
                    return code
        return None

    def take_lost(self, operation: str) -> bool:
        """Whether this call's answer is lost."""
        with self._changed:
            if operation not in self._lost:
                return False
            self._lost.remove(operation)
            return True

    def wait_for_slot(self, stop: Stop) -> None:
        """Returns when the queue is not held, or the query stopped."""
        stop.then(self.notice)
        with self._changed:
            self._changed.wait_for(lambda: not self._held or stop.is_set())

    def meet(self, sql: str, stop: Stop) -> None:
        """Raises the failure planned for a query that starts to run; where it hangs, returns at its stop."""
        planned = self._take(sql, at_commit=False)
        if planned is None:
            return
        if planned.failure:
            raise planned.failure
        stop.wait()

    def meet_commit(self, sql: str) -> None:
        """Calls and raises what is planned for a commit."""
        with self._changed:
            call = self._before_commit.pop(0) if self._before_commit else None
        if call:
            call()
        planned = self._take(sql, at_commit=True)
        if planned and planned.failure:
            raise planned.failure

    def _plan(self, planned: _Planned) -> None:
        with self._changed:
            self._planned.append(planned)

    def _take(self, sql: str, at_commit: bool) -> _Planned | None:
        with self._changed:
            for planned in self._planned:
                if planned.times and planned.at_commit == at_commit and planned.matching in sql:
                    planned.times -= 1
                    return planned
        return None

    def notice(self) -> None:
        """Wakes who waits for a change."""
        with self._changed:
            self._changed.notify_all()
