"""One step's run of a Glue job: found again or started, waited for, stopped. It never starts a second run
while one of the same step may live.

A run that a vanished process started goes on. Whoever asks for the same step then attaches to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from healthlake.errors import HealthlakeError
from healthlake_dagster.resources.aws_errors import AwsError
from healthlake_dagster.resources.glue_call import GlueCall
from healthlake_dagster.resources.glue_client import ENDED, GlueBusy, GlueClient, StartUnknown
from healthlake_dagster.resources.glue_options import GlueOptions
from healthlake_dagster.resources.pauses import Pauses

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import JobRunTypeDef


class GlueDeadline(HealthlakeError):
    """A step's time for a Glue run is over; the text says what became of the run."""


class GlueRun:
    """The run of `call`. `say` hears what it waits for."""

    def __init__(
        self, glue: GlueClient, call: GlueCall, options: GlueOptions, say: Callable[[str], None]
    ) -> None:
        self._glue, self._call, self._options, self._say = glue, call, options, say
        self._pauses = Pauses(options.shortest_poll, options.longest_poll, options.deadline_seconds)
        self._run_id: str | None = None
        self._earlier: frozenset[str] = frozenset()
        self._start_was_tried = False
        self._said = ""
        self._stopping: str | None = None
        self.has_ended = False
        """Whether nothing of this step runs any more, as far as is known."""

    def attach(self, has_messages: Callable[[], bool]) -> bool:
        """Whether it took over a run of this step: one that lives, or one that succeeded while nobody
        listened, whose messages are still there. One that is being stopped is waited for."""
        while True:
            own = self._own_runs()
            newest = own[0] if own else None
            state = newest["JobRunState"] if newest else ""
            if newest is None or state != "STOPPING":
                break
            self._wait("an earlier run of this step is being stopped")
        self._earlier = frozenset(run["Id"] for run in own)
        if newest is None or not (state not in ENDED or (state == "SUCCEEDED" and has_messages())):
            return False
        self._run_id = newest["Id"]
        self._say(f"attached to run {self._run_id} of {self._call}, which is {state}")
        return True

    def wait(self, bootstrap: Mapping[str, str], read: Callable[[], None]) -> JobRunTypeDef:
        """The run when it has ended; started with the arguments `bootstrap` besides its own, unless attached.
        `read` is called while it runs and once after."""
        run_id = self._run_id or self._started(bootstrap)
        while True:
            run = self._glue.run(self._call.job, run_id)
            # In this order: what was written before the end is read when the end is seen.
            read()
            if run["JobRunState"] in ENDED:
                self.has_ended = True
                return run
            self._tell(f"{self._call}: run {run_id} is {run['JobRunState']}")
            if self._pauses.are_over:
                raise GlueDeadline(
                    f"running {self._call}: the deadline of {self._options.deadline_seconds:,.0f} s is over"
                    f" and {self.stop()}. Run fewer days at a time, or allow more time."
                )
            self._pauses.pause()

    def stop(self) -> str:
        """Stops the run, waits until it has ended, and returns what became of it; tries that once."""
        if self._stopping is None:
            try:
                self._stopping = self._stopped()
            except AwsError as error:
                self._stopping = f"whether its run goes on is not known ({error}); {self._by_hand()}"
        return self._stopping

    def _stopped(self) -> str:
        run_id = self._run_id or self._newly_started()
        if run_id is None:
            self.has_ended = True
            return "no run was started"
        self._run_id = run_id
        self._say(f"stopping run {run_id} of {self._call}")
        pauses = Pauses(self._options.shortest_poll, self._options.longest_poll, self._options.stop_seconds)
        refused = self._glue.stop(self._call.job, run_id)
        while (state := self._glue.run(self._call.job, run_id)["JobRunState"]) not in ENDED:
            if pauses.are_over:
                why = f"Glue refuses to stop it: {refused}" if refused else f"it is {state} still"
                return f"run {run_id} may go on ({why}); {self._by_hand()}"
            pauses.pause()
            if refused:
                refused = self._glue.stop(self._call.job, run_id)
        self.has_ended = True
        return f"run {run_id} was stopped" if state == "STOPPED" else f"run {run_id} has ended as {state}"

    def _by_hand(self) -> str:
        which = self._run_id or "RUN_ID"
        return f"stop it by `aws glue batch-stop-job-run --job-name {self._call.job} --job-run-ids {which}`"

    def _started(self, bootstrap: Mapping[str, str]) -> str:
        arguments = {**self._call.arguments, **bootstrap}
        while self._run_id is None:
            try:
                self._start_was_tried = True
                self._run_id = self._glue.start(self._call.job, arguments, self._size())
                self._say(f"{self._call}: run {self._run_id} was started")
            except GlueBusy as why:
                self._wait(str(why))
            except StartUnknown:
                self._wait("the answer to its start was lost")
            if self._run_id is None and (found := self._newly_started()):
                self._run_id = found
                self._say(f"attached to run {found} of {self._call}, whose start was not answered")
        self._pauses.reset()
        return self._run_id

    def _size(self) -> Mapping[str, Any]:
        given = {"WorkerType": self._options.worker_type, "NumberOfWorkers": self._options.workers}
        return {name: value for name, value in given.items() if value is not None}

    def _newly_started(self) -> str | None:
        """A run of this step that was not there before this process tried to start one."""
        if not self._start_was_tried:
            return None
        return next((run["Id"] for run in self._own_runs() if run["Id"] not in self._earlier), None)

    def _own_runs(self) -> list[JobRunTypeDef]:
        return [run for run in self._glue.recent_runs(self._call.job) if self._call.is_of(run)]

    def _wait(self, why: str) -> None:
        self._tell(f"waiting: {why}")
        if self._pauses.are_over:
            self.has_ended = True
            raise GlueDeadline(
                f"running {self._call}: no run could be started in {self._options.deadline_seconds:,.0f} s:"
                f" {why}. Look at the runs of the job, then run the command again."
            )
        self._pauses.pause()

    def _tell(self, line: str) -> None:
        """Says what is not what was said last."""
        if line != self._said:
            self._said = line
            self._say(line)
