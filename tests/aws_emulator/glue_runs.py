"""A Glue job run that runs: the job's script from S3, in a process group of its own.

Not emulated: Glue's own start-up time, retries (MaxRetries), bookmarks, and what `--conf` and the like mean
to Spark.
"""

from __future__ import annotations

import datetime
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from tests.aws_emulator.glue_control import Control

ENDED = frozenset({"STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED"})

_DPU = {"G.025X": 0.25, "Standard": 1.0} | {
    f"{kind}.{n}X": float(n) for kind in "GR" for n in (1, 2, 4, 8, 12, 16)
}
_NOT_PASSED_ON = ("AWS_", "DAGSTER_", "HEALTHLAKE_", "PYTHONPATH")
_TRACEBACK = "Traceback (most recent call last):"


class LocalRun:
    """A run; `definition` is that of the job with what StartJobRun changed in it."""

    def __init__(
        self,
        job_name: str,
        region: str,
        definition: Mapping[str, Any],
        given: Mapping[str, str],
        control: Control,
        turn: threading.Condition,
    ) -> None:
        self.job_name = job_name
        self.job_run_id = f"jr_{uuid4().hex}{uuid4().hex}"
        self.state = "STARTING"
        self._region = region
        self._definition = definition
        self._given = dict(given)
        self._control = control
        self._turn = turn
        self._plan = control.next_plan()
        self._polls = self._plan.polls
        self._message: str | None = None
        self._ordered: tuple[str, str | None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started_on = self._modified_on = _now()
        self._completed_on: datetime.datetime | None = None
        self._began: float | None = None
        self._seconds = 0.0
        self._folder = control.add_run(self)
        self._thread = threading.Thread(target=self._work, name=self.job_run_id, daemon=True)

    def start(self, has_room: Callable[[], bool]) -> None:
        """Begins; where `has_room` says no, the run waits in Glue's queue until it says yes."""
        self._has_room = has_room
        if self._plan.waits or not has_room():
            self.state = "WAITING"
        self._thread.start()

    @property
    def takes_room(self) -> bool:
        return self.state not in ENDED and self.state != "WAITING"

    def polled(self) -> None:
        with self._turn:
            if self._polls:
                self._polls -= 1
                self._turn.notify_all()

    def release(self) -> None:
        with self._turn:
            self._polls = 0
            self._turn.notify_all()

    def stop(self) -> None:
        """STOPPING, then STOPPED when the processes have ended."""
        with self._turn:
            self._set("STOPPING")
            process = self._process
        if process is not None:
            threading.Thread(target=self._terminate, args=(process,), daemon=True).start()

    def kill(self) -> None:
        # A process that has ended may have left its number to another.
        if self._process is not None and self._process.poll() is None:
            _signal_group(self._process, signal.SIGKILL)

    def end(self, state: str, message: str | None) -> None:
        with self._turn:
            self._ordered = state, message
            self._turn.notify_all()
        self.kill()

    def close(self) -> None:
        self.end("ERROR", "the emulator was closed")
        self._thread.join()

    def output(self) -> str:
        files = [self._folder / "stdout", self._folder / "stderr"]
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def as_dict(self) -> dict[str, Any]:
        with self._turn:
            seconds = (
                self._seconds if self._completed_on or self._began is None else time.monotonic() - self._began
            )
            shown = {
                "Id": self.job_run_id,
                "Attempt": 0,
                "JobName": self.job_name,
                "StartedOn": self._started_on,
                "LastModifiedOn": self._modified_on,
                "CompletedOn": self._completed_on,
                "JobRunState": self.state,
                "Arguments": self._given,
                "ErrorMessage": self._message,
                "PredecessorRuns": [],
                "ExecutionTime": math.ceil(seconds),
                "MaxCapacity": self._dpus,
                "LogGroupName": "/aws-glue/jobs",
                **{
                    name: self._definition[name]
                    for name in ("Timeout", "WorkerType", "NumberOfWorkers", "GlueVersion", "ExecutionClass")
                },
            }
            if self._is_metered and self._completed_on:
                shown["DPUSeconds"] = self._seconds * self._dpus
        return {name: value for name, value in shown.items() if value is not None}

    @property
    def _dpus(self) -> float:
        return _DPU[self._definition["WorkerType"]] * self._definition["NumberOfWorkers"]

    @property
    def _is_metered(self) -> bool:
        # botocore 1.44's model: DPUSeconds "can be set" for FLEX and for auto scaling only.
        scales = self._definition["Arguments"].get("--enable-auto-scaling") == "true"
        return scales or self._definition["ExecutionClass"] == "FLEX"

    def _work(self) -> None:
        try:
            if self._is_admitted():
                self._execute()
        except Exception as error:
            self._finish("ERROR", f"the emulator failed: {type(error).__name__}: {error}")
            raise

    def _is_admitted(self) -> bool:
        """Waits for its turn; False where the run ended before."""
        with self._turn:
            self._turn.wait_for(
                lambda: (
                    self._ordered
                    or self.state == "STOPPING"
                    or (self._polls == 0 and (self.takes_room or self._has_room()))
                )
            )
            if self.state != "STOPPING" and not self._ordered:
                if self._plan.ends is None:
                    self._set("STARTING")
                    return True
                self._ordered = self._plan.ends, self._plan.message
        self._finish("STOPPED", None)
        return False

    def _execute(self) -> None:
        try:
            command, environment = self._command()
        except ClientError as error:
            self._finish("FAILED", f"S3 answered {error.response['Error']['Code']} for the job's files")
            return
        with (self._folder / "stdout").open("wb") as out, (self._folder / "stderr").open("wb") as err:
            with self._turn:
                if self._ordered or self.state == "STOPPING":
                    process = None
                else:
                    process = self._process = subprocess.Popen(  # noqa: S603 - the test's own script
                        command,
                        env=environment,
                        cwd=self._folder,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=err,
                        start_new_session=True,
                    )
                    self._began = time.monotonic()
                    self._set("RUNNING")
            if process is None:
                self._finish("STOPPED", None)
                return
            self._wait(process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        try:
            code = process.wait(self._definition["Timeout"] * self._control.seconds_a_minute)
        except subprocess.TimeoutExpired:
            self.end("TIMEOUT", None)
            code = process.wait()
        # What the script started ends with it.
        _signal_group(process, signal.SIGKILL)
        if self.state == "STOPPING":
            self._finish("STOPPED", None)
        else:
            self._finish("FAILED" if code else "SUCCEEDED", self._last_words(code) if code else None)

    def _finish(self, state: str, message: str | None) -> None:
        with self._turn:
            state, message = self._ordered or (state, message)
            self._seconds = time.monotonic() - self._began if self._began is not None else 0.0
            self._message, self._completed_on = message, _now()
            self._set(state)

    def _set(self, state: str) -> None:
        self.state, self._modified_on = state, _now()
        self._turn.notify_all()

    def _terminate(self, process: subprocess.Popen[bytes]) -> None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(self._control.seconds_to_stop)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)

    def _last_words(self, code: int) -> str:
        """Glue's ErrorMessage: the last line of the traceback."""
        if code < 0:
            return f"Command failed with exit code {128 - code}"
        said = (self._folder / "stderr").read_text("utf-8", "replace")
        return said.strip().splitlines()[-1] if _TRACEBACK in said else f"SystemExit: {code}"

    def _command(self) -> tuple[list[str], dict[str, str]]:
        s3 = boto3.client(
            "s3",
            endpoint_url=self._control.endpoint,
            region_name=self._region,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto's
        )
        arguments: dict[str, str] = self._definition["Arguments"]
        script = _fetched(s3, self._definition["Command"]["ScriptLocation"], self._folder)
        extra = [uri.strip() for uri in arguments.get("--extra-py-files", "").split(",") if uri.strip()]
        path = [str(_fetched(s3, uri, self._folder)) for uri in extra]
        s3.close()
        own = {"--JOB_NAME": self.job_name, "--JOB_RUN_ID": self.job_run_id, "--JOB_ID": self.job_run_id}
        command = [self._control.python, str(script)]
        for name, value in {**arguments, **own}.items():
            command += [name, value]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)},
            **self._control.spark_environment,
            **self._control.environment(self._region),
            "PYTHONPATH": os.pathsep.join(path),
        }
        return command, environment


def _fetched(s3: Any, uri: str, folder: Path) -> Path:
    address = urlsplit(uri)
    target = folder / Path(address.path).name
    s3.download_file(address.netloc, address.path.lstrip("/"), str(target))
    return target


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Signals what is left of a process and its children, if anything is."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
