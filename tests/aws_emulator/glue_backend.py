"""moto's Glue with jobs that run, and tables that know which version of them a writer has read.

moto (5.2.5) runs nothing and takes any UpdateTable: of six parallel commits, all said ok and two were kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import ConcurrentRunsExceededException, JobRunNotFoundException
from moto.glue.models import FakeJob, GlueBackend
from moto.glue.responses import GlueResponse
from moto.utilities.paginator import paginate

from tests.aws_emulator.glue_control import Control
from tests.aws_emulator.glue_runs import ENDED, LocalRun

_GIVEN = ("Timeout", "WorkerType", "NumberOfWorkers", "ExecutionClass")
_GLUE_5_TIMEOUT = 480


class LocalJob(FakeJob):
    """A job whose runs run."""

    def __init__(self, **definition: Any) -> None:
        super().__init__(**definition)
        self.execution_property = {"MaxConcurrentRuns": 1, **self.execution_property}
        self.is_queued = False
        self.turn = threading.Condition(threading.RLock())
        self.job_runs: list[LocalRun] = []

    def run(self, request: Mapping[str, Any], control: Control) -> LocalRun:
        """Starts a run; ConcurrentRunsExceededException where there is no room and no queue."""
        with self.turn:
            is_queued = request.get("JobRunQueuingEnabled", self.is_queued)
            if not is_queued and not self._has_room():
                raise ConcurrentRunsExceededException(f"Concurrent runs exceeded for {self.name}")
            given = dict(request.get("Arguments") or {})
            run = LocalRun(
                self.name,
                self.backend.region_name,
                self._definition(request, given),
                given,
                control,
                self.turn,
            )
            run.start(self._has_room)
            self.job_runs.append(run)
            return run

    def find(self, run_id: str) -> LocalRun | None:
        return next((run for run in self.job_runs if run.job_run_id == run_id), None)

    def get_job_run(self, run_id: str) -> LocalRun:
        run = self.find(run_id)
        if run is None:
            raise JobRunNotFoundException(run_id)
        run.polled()
        return run

    def _has_room(self) -> bool:
        return sum(run.takes_room for run in self.job_runs) < self.execution_property["MaxConcurrentRuns"]

    def _definition(self, request: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
        own = {name: value for name, value in self.as_dict().items() if value is not None}
        defaults = {
            "Timeout": _GLUE_5_TIMEOUT,
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "GlueVersion": "6.0",
        }
        changed = {name: request[name] for name in _GIVEN if request.get(name) is not None}
        arguments = {**self.default_arguments, **given, **(self.non_overridable_arguments or {})}
        return {**defaults, **own, **changed, "Arguments": arguments}


class LocalGlueBackend(GlueBackend):
    """One region's Glue."""

    control: Control

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.catalog_lock = threading.RLock()

    def create_job(self, **definition: Any) -> None:
        self.jobs[definition["name"]] = LocalJob(backend=self, **definition)

    @paginate(pagination_model=GlueBackend.PAGINATION_MODEL)
    def get_job_runs(self, job_name: str) -> list[LocalRun]:
        """Newest first, as Glue lists them."""
        return list(reversed(self.get_job(job_name).job_runs))

    def stop_run(self, job_name: str, run_id: str) -> tuple[str, str] | None:
        """Stops a run, or says by code and message why not."""
        run = self.get_job(job_name).find(run_id)
        if run is None:
            return "EntityNotFoundException", f"Job run {run_id} not found"
        if run.state in ENDED:
            return "JobRunInTerminalStateException", f"Job run {run_id} is already {run.state}"
        if self.control.refuses_stop():
            return "InternalServiceException", "refused, as the test asked for"
        if run.state != "STOPPING":
            run.stop()
        return None

    def replace_table(self, request: Mapping[str, Any]) -> None:
        """UpdateTable: refused where another writer came between, by VersionId."""
        given = request["TableInput"]
        with self.catalog_lock:
            table = self.get_table(request["DatabaseName"], given["Name"])
            current = table.as_dict()["VersionId"]
            if self.control.conflicts() or request.get("VersionId", current) != current:
                raise JsonRESTError(
                    "ConcurrentModificationException",
                    f"Update table failed due to concurrent modifications: version {current} is current",
                )
            table.update(given)
            if request.get("SkipArchive"):
                table.versions.pop(current)


class LocalGlueResponse(GlueResponse):
    """The API of `LocalGlueBackend`."""

    @property
    def _backend(self) -> LocalGlueBackend:
        backend = self.glue_backend
        assert isinstance(backend, LocalGlueBackend)
        return backend

    def call_action(self) -> Any:
        fault = self._backend.control.fault(self._get_action())
        if fault is not None and not fault.after:
            return fault.answer()
        done = super().call_action()
        return fault.answer() if fault is not None else done

    def create_table(self) -> Any:
        with self._backend.catalog_lock:
            return super().create_table()

    def update_table(self) -> Any:
        self._backend.replace_table(self.parameters)
        return EmptyResult()

    def create_job(self) -> Any:
        done = super().create_job()
        job = self._backend.get_job(self.parameters["Name"])
        job.is_queued = self.parameters.get("JobRunQueuingEnabled", False)
        return done

    def start_job_run(self) -> Any:
        job = self._backend.get_job(self.parameters["JobName"])
        return ActionResult({"JobRunId": job.run(self.parameters, self._backend.control).job_run_id})

    def batch_stop_job_run(self) -> Any:
        name = self.parameters["JobName"]
        stopped, errors = [], []
        for run_id in self.parameters["JobRunIds"]:
            why = self._backend.stop_run(name, run_id)
            if why is None:
                stopped.append({"JobName": name, "JobRunId": run_id})
            else:
                detail = {"ErrorCode": why[0], "ErrorMessage": why[1]}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})
