"""`healthlake materialize`: a range of days in one run of this process, shown while it goes."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.execution.plan.objects import ErrorSource
from rich.console import Console
from rich.markup import escape

from healthlake.errors import UsageError
from healthlake_dagster import previews
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.progress import run_progress
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.runs import lake_instance, new_run_id, recorded_events, run_events
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stderr, stdout

DONE, FAILED = 0, 1

_DAYS_LISTED = 7
"""A table's rows are listed by day up to this many days, then summed up."""


@dataclass(slots=True)
class RunSummary:
    """What the events of a run said: rows by table and day, check results, faults."""

    succeeded: bool = False
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    checks: list[dg.AssetCheckEvaluation] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, instance: dg.DagsterInstance, run_id: str) -> RunSummary:
        """The summary of a run that is over."""
        summary = cls()
        for event in recorded_events(instance, run_id):
            summary._note(event)
        return summary

    def _note(self, event: dg.DagsterEvent) -> None:
        kind = dg.DagsterEventType
        if event.event_type == kind.ASSET_MATERIALIZATION:
            self._note_materialization(event)
        elif event.event_type == kind.ASSET_CHECK_EVALUATION:
            self.checks.append(event.asset_check_evaluation_data)
        elif event.event_type == kind.STEP_FAILURE:
            self.faults.append(_fault(event))
        elif event.event_type == kind.RUN_SUCCESS:
            self.succeeded = True
        elif event.event_type == kind.RUN_FAILURE and not self.faults:
            self.faults.append("the run failed before a step ran; see the run in the UI (make ui)")

    def _note_materialization(self, event: dg.DagsterEvent) -> None:
        made = event.step_materialization_data.materialization
        rows = made.metadata.get("dagster/partition_row_count")
        if made.partition and rows is not None:
            table = made.asset_key.to_user_string()
            self.rows.setdefault(table, {})[made.partition] = int(str(rows.value))
            if made.metadata["changed"].value:
                self.changed.add(table)


def _fault(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    if data.error_source is ErrorSource.INTERRUPT:
        return f"{event.step_key} was interrupted; what was published stays. Run the command again to go on."
    return f"{event.step_key} failed; see the run in the UI (make ui)."


def run_days(
    settings: Settings,
    days: Sequence[datetime.date],
    selection: str = "*",
    resources: Mapping[str, object] | None = None,
) -> RunSummary:
    """Materializes `selection` for the range of `days` in one run, drawing progress. `resources` replace
    those of the same name."""
    lake = LakeResource(settings)
    lake.require()
    with run_progress() as progress:
        definitions = build_definitions(settings, {"listen": progress.listener, **(resources or {})})
        keys = select(definitions, selection)
        with lake_instance(lake.layout.dagster_home) as instance:
            run_id = new_run_id()
            for event in run_events(definitions, instance, keys, days, run_id=run_id):
                progress.event(event)
            return RunSummary.of(instance, run_id)


def select(definitions: dg.Definitions, selection: str) -> Set[dg.AssetKey]:
    """The assets that `selection` names; `UsageError` where it can't be read or names none."""
    graph = definitions.resolve_asset_graph()
    try:
        with previews.accepted():
            keys = dg.AssetSelection.from_string(selection).resolve(graph)
    except Exception as error:
        # Dagster's parser and resolver raise several kinds; all of them speak of what was just typed.
        raise UsageError(
            f"reading --select: {selection!r} can't be read ({type(error).__name__}). Examples:"
            ' group:silver, key:silver_dim_patient, +key:gold_population_summary, "group:silver or'
            ' group:gold".'
        ) from None
    if not keys:
        names = [key.to_user_string() for key in graph.get_all_asset_keys()]
        near = difflib.get_close_matches(selection.strip("+*").removeprefix("key:").strip('"'), names, n=1)
        hint = f" Did you mean key:{near[0]}?" if near else " Example: group:silver."
        raise UsageError(f"reading --select: {selection!r} matches no asset.{hint}")
    return keys


def materialize_days(settings: Settings, days: Sequence[datetime.date], selection: str) -> int:
    """Runs, tells what came of it, gives the exit code."""
    summary = run_days(settings, days, selection)
    tell(summary)
    return DONE if summary.succeeded else FAILED


def tell(summary: RunSummary) -> None:
    """Rows by table on stdout; failed checks and faults on stderr."""
    for table, days in summary.rows.items():
        listed = ", ".join(f"{day} {rows:,}" for day, rows in days.items())
        if len(days) > _DAYS_LISTED:
            listed = f"{len(days)} days, {sum(days.values()):,} rows"
        mark = "" if table in summary.changed else "  (unchanged)"
        stdout.print(f"{table:<30} {listed}{mark}", markup=False)
    tell_failed(summary)
    for fault in summary.faults:
        stderr.print(f"[red]healthlake:[/red] {escape(fault)}")


def tell_failed(summary: RunSummary, console: Console = stderr) -> None:
    """The checks that didn't pass, a line each; those that one refusal left without an answer share one."""
    lines: dict[object, list[dg.AssetCheckEvaluation]] = {}
    for check in summary.checks:
        if not check.passed:
            alone = check.check_name if "error" not in check.metadata else None
            same = (check.asset_key, check.partition, check.description, alone)
            lines.setdefault(same, []).append(check)
    for first, *others in lines.values():
        is_warning = first.severity is dg.AssetCheckSeverity.WARN
        word = "[yellow]WARN[/yellow]" if is_warning else "[red]FAIL[/red]"
        named = f"{first.check_name} and {len(others)} more checks" if others else first.check_name
        console.print(
            f"{word} {first.asset_key.to_user_string()} {named} {first.partition}:"
            f" {escape(first.description or '')}"
        )
