"""A running `dagster dev` on a lake, asked through GraphQL as the browser asks it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from healthlake_dagster.runs import LOCATION
from tests.conftest import REPOSITORY

REPOSITORY_NAME = "__repository__"
JOB = "__ASSET_JOB"
_POLL = 0.5
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def wait_until(what: str, condition: Callable[[], Any], seconds: float) -> Any:
    """What `condition` gives as soon as it is true; an AssertionError that names `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(_POLL)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class LiveDagster:
    """The GraphQL side of one server."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query; GraphQL errors are AssertionErrors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 (loopback)
            f"{self.url}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def is_loaded(self) -> bool:
        """Whether the server answers and has the code location."""
        try:
            data = self.ask(
                "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus"
                " locationOrLoadError { __typename ... on PythonError { message } } } } } }"
            )
        except OSError:
            return False
        entries = data["workspaceOrError"].get("locationEntries", [])
        for entry in entries:
            found = entry["locationOrLoadError"]
            assert found is None or found["__typename"] != "PythonError", found
        return any(e["loadStatus"] == "LOADED" and e["name"] == LOCATION for e in entries)

    def launch_day(
        self, day: str | None, tables: Sequence[str], checks: Sequence[tuple[str, str]] | None = None
    ) -> str:
        """Launches one day of `tables` with their checks, or with `checks` (table, name), as the buttons in
        the browser do; the run's id. "Execute all" on the checks page names no day."""
        handles = [{"assetKey": {"path": [table]}, "name": name} for table, name in checks or ()]
        data = self.ask(
            """
            mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
              __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
            """,
            params={
                "selector": {
                    "repositoryName": REPOSITORY_NAME,
                    "repositoryLocationName": LOCATION,
                    "pipelineName": JOB,
                    "assetSelection": [{"path": [table]} for table in tables],
                    **({} if checks is None else {"assetCheckSelection": handles}),
                },
                "mode": "default",
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": day}] if day else []},
            },
        )["launchPipelineExecution"]
        assert data["__typename"] == "LaunchRunSuccess", data
        run_id: str = data["run"]["runId"]
        return run_id

    def re_execute(self, run_id: str) -> str:
        """Re-executes a run with all its steps as the button in the browser does; the new run's id."""
        data = self.ask(
            """
            mutation($params: ReexecutionParams!) { launchPipelineReexecution(reexecutionParams: $params) {
              __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
            """,
            params={"parentRunId": run_id, "strategy": "ALL_STEPS"},
        )["launchPipelineReexecution"]
        assert data["__typename"] == "LaunchRunSuccess", data
        new_id: str = data["run"]["runId"]
        return new_id

    def backfill(self, days: Sequence[str], tables: Sequence[str]) -> str:
        """Launches a backfill as the dialog in the browser does; its id."""
        data = self.ask(
            """
            mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
              __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
            """,
            params={
                "partitionNames": list(days),
                "assetSelection": [{"path": [table]} for table in tables],
            },
        )["launchPartitionBackfill"]
        assert data["__typename"] == "LaunchBackfillSuccess", data
        backfill_id: str = data["backfillId"]
        return backfill_id

    def backfill_end(self, backfill_id: str, seconds: float) -> dict[str, Any]:
        """The backfill when it is over: its status, runs, and counts by asset."""
        query = """
            query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
              status runs { runId status tags { key value } } error { message }
              assetBackfillData { assetBackfillStatuses { ... on AssetPartitionsStatusCounts {
                assetKey { path }
                numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed } } } } } }
        """

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.ask(query, id=backfill_id)["partitionBackfillOrError"]
            return None if found["status"] in ("REQUESTED", "CANCELING", "FAILING") else found

        result: dict[str, Any] = wait_until(f"backfill {backfill_id}", ended, seconds)
        return result

    def run_end(self, run_id: str, seconds: float = 60) -> str:
        """The status of a run when it is over."""
        query = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"

        def ended() -> str | None:
            status: str = self.ask(query, id=run_id)["runOrError"]["status"]
            return status if status in _ENDED else None

        result: str = wait_until(f"run {run_id}", ended, seconds)
        return result

    def first_run(self, seconds: float) -> str:
        """The id of the first run of the instance, when there is one."""
        query = "{ runsOrError { ... on Runs { results { runId } } } }"

        def started() -> str | None:
            runs = self.ask(query)["runsOrError"]["results"]
            return runs[-1]["runId"] if runs else None

        result: str = wait_until("a run to start", started, seconds)
        return result

    def run(self, run_id: str) -> dict[str, Any]:
        """What the run page shows of a run: its tags and origin, and its step failures."""
        found: dict[str, Any] = self.ask(
            """
            query($id: ID!) { runOrError(runId: $id) { ... on Run {
              status hasReExecutePermission tags { key value }
              repositoryOrigin { repositoryLocationName repositoryName }
              eventConnection(limit: 1000) { events { __typename
                ... on ExecutionStepFailureEvent { stepKey error { message stack }
                  failureMetadata { description } } } } } } }
            """,
            id=run_id,
        )["runOrError"]
        return found

    def failures(self, run_id: str) -> list[str]:
        """What the run page shows for each step that failed."""
        events = self.run(run_id)["eventConnection"]["events"]
        return [
            f"{event['stepKey']}:"
            f" {(event['failureMetadata'] or {}).get('description') or event['error']['message']}"
            for event in events
            if event["__typename"] == "ExecutionStepFailureEvent"
        ]

    def rows(self, table: str, day: str) -> int | None:
        """The row count of a table's day as the partition page shows it."""
        events = self.ask(
            """
            query($key: AssetKeyInput!, $day: String!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
              assetMaterializations(partitions: [$day], limit: 1) { partition
                metadataEntries { label ... on IntMetadataEntry { intValue } } } } } }
            """,
            key={"path": [table]},
            day=day,
        )["assetNodeOrError"]["assetMaterializations"]
        for event in events:
            for entry in event["metadataEntries"]:
                if entry["label"] == "dagster/partition_row_count":
                    count: int = entry["intValue"]
                    return count
        return None

    def partitions(self, table: str) -> dict[str, str]:
        """Status by day of a table as the partitions bar shows it; days without one are left out."""
        statuses = self.ask(
            """
            query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
              assetPartitionStatuses {
                ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }
            """,
            key={"path": [table]},
        )["assetNodeOrError"]["assetPartitionStatuses"]
        return _by_day(statuses["ranges"])

    def checks(self, table: str) -> dict[str, dict[str, str]]:
        """Status by check and day of a table as the checks page shows it."""
        found = self.ask(
            """
            query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
              assetChecksOrError { ... on AssetChecks { checks { name partitionStatuses {
                ... on AssetCheckTimePartitionStatuses { ranges { startKey endKey status } } } } } } } } }
            """,
            key={"path": [table]},
        )["assetNodeOrError"]["assetChecksOrError"]["checks"]
        return {check["name"]: _by_day(check["partitionStatuses"]["ranges"]) for check in found}

    def evaluation(self, table: str, check: str, day: str) -> dict[str, Any]:
        """The latest evaluation of a check for a day."""
        executions = self.ask(
            """
            query($key: AssetKeyInput!, $check: String!, $day: String!) {
              assetCheckExecutions(assetKey: $key, checkName: $check, partition: $day, limit: 1) {
                status runId evaluation { severity success description partition
                  metadataEntries { label ... on IntMetadataEntry { intValue } } } } }
            """,
            key={"path": [table]},
            check=check,
            day=day,
        )["assetCheckExecutions"]
        found: dict[str, Any] = executions[0]
        return found


def _by_day(ranges: Sequence[Mapping[str, str]]) -> dict[str, str]:
    import datetime

    found = {}
    for each in ranges:
        day, last = (datetime.date.fromisoformat(each[end]) for end in ("startKey", "endKey"))
        while day <= last:
            found[day.isoformat()] = each["status"]
            day += datetime.timedelta(days=1)
    return dict(sorted(found.items()))


@contextmanager
def dagster_dev(lake: Path, folder: Path, **variables: str) -> Iterator[LiveDagster]:
    """A bare `dagster dev` on the lake, in a folder with the clone's pyproject.toml, as a session of its own.

    Not in the clone itself: `.env` there, written by `make demo`, would win over this environment and point
    at the user's lake. `variables` are further ones of its environment.
    """
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    log = folder / "dagster-dev.log"
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(lake / ".dagster"),
        "HEALTHLAKE_LAKE": str(lake),
        "PYTHONUNBUFFERED": "1",
        **variables,
    }
    port = _free_port()
    script = Path(__file__).with_name("dev_server.py")
    command = [sys.executable, str(script), "dev", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    live = LiveDagster(f"http://127.0.0.1:{port}", log)
    try:
        wait_until("dagster dev to load the code location", live.is_loaded, 60)
        yield live
    finally:
        _end_session(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """Ends every process of the session: `dagster dev` leaves some up when only it is told to end."""
    for how in (signal.SIGINT, signal.SIGKILL):
        for pid in session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        try:
            wait_until(
                "the processes to end", lambda: process.poll() is not None and not session(process.pid), 5
            )
        except AssertionError:
            continue
        return


def session(leader: int) -> list[int]:
    """The living processes of the session that `leader` began."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        state, session = fields[0], int(fields[3])
        if session == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found
