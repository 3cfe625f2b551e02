"""One query execution of the emulator: a thread that runs it and the states it goes through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from moto.athena.models import Execution

from tests.aws_emulator.athena_faults import Faults
from tests.aws_emulator.athena_model import SYSTEM, Answer, QueryFailed, SqlBackend, Statement, Stop

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Query(Execution):
    """A query execution that really runs. `submitted` and `ended` are epoch seconds."""

    def __init__(
        self, sql: str, context: dict[str, Any], config: dict[str, Any], workgroup: Any, parameters: list[str]
    ) -> None:
        super().__init__(sql, context, config, workgroup, parameters or None)
        self.submitted = time.time()
        self.started: float | None = None
        self.ended: float | None = None
        self.answer = Answer()
        self.reason: str | None = None
        self.error: dict[str, Any] | None = None
        self._state = "QUEUED"
        self._lock = threading.Lock()
        self._stop = Stop()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> str:
        """The state as Athena names it."""
        return self._state

    def advance(self) -> None:
        """moto's states advance when looked at; these by themselves."""

    def start(
        self, backend: SqlBackend, endpoint: str, faults: Faults, store: Callable[[Query], None]
    ) -> None:
        """Runs the query in a thread of its own; `store` gets it when it has its answer."""
        self._thread = threading.Thread(
            target=self._run, args=(backend, endpoint, faults, store), daemon=True
        )
        self._thread.start()

    def cancel(self, reason: str = "Query cancelled by user") -> None:
        """Stops the query if it has not ended."""
        with self._lock:
            if self._state in ENDED:
                return
            self._end("CANCELLED", reason)
        self._stop.set()

    def join(self) -> None:
        """Returns when the thread has ended."""
        if self._thread:
            self._thread.join(timeout=30)

    def _run(
        self, backend: SqlBackend, endpoint: str, faults: Faults, store: Callable[[Query], None]
    ) -> None:
        faults.wait_for_slot(self._stop)
        with self._lock:
            if self._state in ENDED:
                return
            self._state, self.started = "RUNNING", time.time()
        faults.notice()
        statement = Statement(
            self.query,
            tuple(self.execution_parameters or ()),
            (self.context or {}).get("Database") or "default",
            self._stop,
            lambda: faults.meet_commit(self.query),
        )
        try:
            faults.meet(self.query, self._stop)
            if not self._stop.is_set():
                self.answer = backend.run(statement, endpoint)
                self._require_cutoff()
                store(self)
            self._finish("SUCCEEDED", None, None)
        except QueryFailed as failure:
            self._finish("FAILED", str(failure), failure.error)
        except Exception as failure:
            reason = f"GENERIC_INTERNAL_ERROR: {type(failure).__name__}: {failure}"
            self._finish("FAILED", reason, QueryFailed(reason, SYSTEM).error)

    def _require_cutoff(self) -> None:
        cutoff = self.workgroup.configuration.get("BytesScannedCutoffPerQuery") if self.workgroup else None
        if cutoff and self.answer.scanned > int(cutoff):
            self._finish("CANCELLED", f"Bytes scanned limit was exceeded: {cutoff}", None)

    def _finish(self, state: str, reason: str | None, error: dict[str, Any] | None) -> None:
        with self._lock:
            if self._state not in ENDED:
                self._end(state, reason)
                self.error = error

    def _end(self, state: str, reason: str | None) -> None:
        self._state, self.reason, self.ended = state, reason, time.time()

    def milliseconds(self) -> tuple[int, int]:
        """How long it waited in the queue and how long it ran, so far."""
        now = self.ended or time.time()
        started = self.started or now
        return int((started - self.submitted) * 1000), int((now - started) * 1000)
