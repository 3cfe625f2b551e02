"""Runs made by the command: in this process, in the lake's Dagster instance, with an origin so that the UI
shows them and can re-execute them.

`dg.materialize` and `execute_in_process` leave the origin out: re-executing such a run from the UI fails.
What is used here instead is private to Dagster, so it stands in this one module; tests/dagster/test_runs.py
tells when an upgrade moves it.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.snap import snapshot_from_execution_plan
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import make_new_run_id
from filelock import FileLock, Timeout

from healthlake_dagster.instance import make_instance
from healthlake_dagster.storage import held_open

LOCATION = "healthlake_dagster.definitions"
"""The code location's name in workspace.yaml and `[tool.dg]`; an origin holds it."""

_RUN_CONFIG = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The terminal is the command's own; the events are in the instance."""

_LOCKS = "commands"
"""Folder in DAGSTER_HOME with a lock for each run of a command that is under way."""


@contextmanager
def lake_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of a lake, made on first use. DAGSTER_HOME of the shell is not asked.

    Runs of commands that were killed are ended first.
    """
    make_instance(home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        _end_abandoned(instance, home)
        yield instance


def _end_abandoned(instance: dg.DagsterInstance, home: Path) -> None:
    """A killed process can't say that its run is over, and with one run at a time the queue of the UI would
    wait for it for ever. A run of the command lives as long as its lock, which the operating system frees."""
    for file in sorted((home / _LOCKS).glob("*.lock")):
        lock = FileLock(file)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        try:
            run = instance.get_run_by_id(file.stem)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, "The process of the command that made this run is gone.")
            if run is not None and instance.event_log_storage.supports_global_concurrency_limits:
                instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            file.unlink(missing_ok=True)
        finally:
            lock.release()


def run_events(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    keys: Collection[dg.AssetKey],
    days: Sequence[datetime.date],
    checks: Collection[dg.AssetCheckKey] | None = None,
    run_id: str | None = None,
) -> Iterator[dg.DagsterEvent]:
    """Executes one run of the assets `keys` with their checks, or with `checks`, for the range from the first
    of `days` to the last; yields events as they come.

    They are for showing progress: what a step logged after its last result isn't among them when the step
    then fails. `recorded_events` has all.
    """
    run_id = run_id or new_run_id()
    locks = Path(instance.root_directory) / _LOCKS
    locks.mkdir(exist_ok=True)
    job = definitions.resolve_implicit_global_asset_job_def()
    subset = job.get_subset(
        asset_selection=set(keys), asset_check_selection=None if checks is None else set(checks)
    )
    with FileLock(locks / f"{run_id}.lock") as lock, held_open(instance, run_id):
        run = _create_run(instance, subset, run_id, keys, checks, days)
        yield from execute_run_iterator(InMemoryJob(subset), run, instance)
    Path(lock.lock_file).unlink(missing_ok=True)


def new_run_id() -> str:
    """An id for a run that is yet to be made."""
    return make_new_run_id()


def recorded_events(instance: dg.DagsterInstance, run_id: str) -> Iterator[dg.DagsterEvent]:
    """Every event of a run, as the UI shows them."""
    for entry in instance.all_logs(run_id):
        if entry.dagster_event is not None:
            yield entry.dagster_event


def _create_run(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition,
    run_id: str,
    keys: Collection[dg.AssetKey],
    checks: Collection[dg.AssetCheckKey] | None,
    days: Sequence[datetime.date],
) -> dg.DagsterRun:
    """`instance.create_run_for_job` with a selection of checks, which that one can't pass on."""
    tags = {"dagster/code_location": LOCATION, **_partition_tags(days)}
    plan = create_execution_plan(job, run_config=_RUN_CONFIG, instance_ref=instance.get_ref(), tags=tags)
    return instance.create_run(
        job_name=job.name,
        run_id=run_id,
        run_config=_RUN_CONFIG,
        status=None,
        tags=tags,
        root_run_id=None,
        parent_run_id=None,
        step_keys_to_execute=plan.step_keys_to_execute,
        execution_plan_snapshot=snapshot_from_execution_plan(plan, job.get_job_snapshot_id()),
        job_snapshot=job.get_job_snapshot(),
        parent_job_snapshot=job.get_parent_job_snapshot(),
        asset_selection=frozenset(keys),
        asset_check_selection=None if checks is None else frozenset(checks),
        resolved_op_selection=None,
        op_selection=None,
        remote_job_origin=_origin(job.name),
        job_code_origin=None,
        asset_graph=job.asset_layer.asset_graph,
    )


def _partition_tags(days: Sequence[datetime.date]) -> dict[str, str]:
    if len(days) == 1:
        return {PARTITION_NAME_TAG: days[0].isoformat()}
    return {
        ASSET_PARTITION_RANGE_START_TAG: days[0].isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: days[-1].isoformat(),
    }


def _origin(job_name: str) -> RemoteJobOrigin:
    target = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=LOCATION, working_directory=str(Path.cwd())
    )
    location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job_name)
