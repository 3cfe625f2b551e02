"""What a test may ask of the emulated Glue beyond its API: faults on demand, and what runs said."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.aws_emulator.glue_runs import LocalRun


@dataclass(frozen=True)
class Plan:
    """What becomes of a run before its script starts.

    It stays in STARTING (WAITING with `waits`) until it was asked for `polls` times, with None until
    `Control.release`. With `ends` it then ends in that state, with that message, and its script never runs.
    """

    polls: int | None = 0
    waits: bool = False
    ends: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Fault:
    """What a call answers in place of its result; with `after`, what it asks for is done nevertheless."""

    code: str
    status: int
    after: bool

    def answer(self) -> tuple[int, dict[str, str], str]:
        body = {"__type": self.code, "message": f"{self.code}, as the test asked for"}
        return self.status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body)


class Control:
    """What goes wrong on demand, and what runs said."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.spark_environment: Mapping[str, str] = {}
        """Put into the environment of each script."""
        self.seconds_a_minute = 60.0
        """How long a minute of a job's Timeout lasts here."""
        self.seconds_to_stop = 5.0
        """From a stopped script's SIGTERM to its SIGKILL."""
        self.calls: Counter[str] = Counter()
        """How often each operation was called, faults included."""
        self._lock = threading.Lock()
        self._faults: dict[str, deque[Fault]] = {}
        self._plans: deque[Plan] = deque()
        self._runs: dict[str, LocalRun] = {}
        self._refused_stops = 0
        self._conflicts = 0
        self._folder = tempfile.TemporaryDirectory(prefix="glue-emulator-")

    def throttle(self, operation: str, times: int) -> None:
        """The next `times` calls of `operation` (`GetJobRun`) answer ThrottlingException."""
        self.fail(operation, "ThrottlingException", 400, times)

    def fail(self, operation: str, code: str, status: int, times: int = 1) -> None:
        """The next `times` calls of `operation` answer an error and do nothing."""
        self._add(operation, Fault(code, status, after=False), times)

    def lose_response(self, operation: str, times: int = 1) -> None:
        """The next `times` calls of `operation` do what they ask for, and the caller gets a 500."""
        self._add(operation, Fault("InternalServiceException", 500, after=True), times)

    def plan(self, plan: Plan) -> None:
        """What becomes of the next run that nothing is planned for."""
        with self._lock:
            self._plans.append(plan)

    def refuse_stops(self, times: int) -> None:
        """The next `times` runs that BatchStopJobRun names are not stopped but listed in its Errors."""
        with self._lock:
            self._refused_stops = times

    def conflict(self, times: int) -> None:
        """The next `times` calls of UpdateTable lose against another writer."""
        with self._lock:
            self._conflicts = times

    def release(self, run_id: str) -> None:
        """Lets a run go that its plan holds."""
        self._runs[run_id].release()

    def kill(self, run_id: str) -> None:
        """Kills the processes of a run, as a lack of memory does."""
        self._runs[run_id].kill()

    def end(self, run_id: str, state: str, message: str | None = None) -> None:
        """Ends a run in a state of the caller's choice."""
        self._runs[run_id].end(state, message)

    def output(self, run_id: str) -> str:
        """What a run's script wrote to stdout and stderr."""
        return self._runs[run_id].output()

    @property
    def run_ids(self) -> list[str]:
        """Every run that was started, in order."""
        with self._lock:
            return list(self._runs)

    def state(self, run_id: str) -> str:
        """A run's state; asking doesn't count as a poll."""
        return self._runs[run_id].state

    def close(self) -> None:
        """Kills what runs and removes what it wrote."""
        for run in list(self._runs.values()):
            run.close()
        self._folder.cleanup()

    # What the backend asks.

    def fault(self, operation: str) -> Fault | None:
        with self._lock:
            self.calls[operation] += 1
            waiting = self._faults.get(operation)
            return waiting.popleft() if waiting else None

    def next_plan(self) -> Plan:
        with self._lock:
            return self._plans.popleft() if self._plans else Plan()

    def add_run(self, run: LocalRun) -> Path:
        """The folder for a run's files."""
        folder = Path(self._folder.name) / run.job_run_id
        folder.mkdir()
        with self._lock:
            self._runs[run.job_run_id] = run
        return folder

    def refuses_stop(self) -> bool:
        with self._lock:
            self._refused_stops, refused = max(self._refused_stops - 1, 0), self._refused_stops > 0
            return refused

    def conflicts(self) -> bool:
        with self._lock:
            self._conflicts, lost = max(self._conflicts - 1, 0), self._conflicts > 0
            return lost

    def environment(self, region: str) -> dict[str, str]:
        """What makes a script take this for AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def python(self) -> str:
        return sys.executable

    def _add(self, operation: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._faults.setdefault(operation, deque()).extend([fault] * times)
