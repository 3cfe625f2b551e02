"""A session of Athena for a step of Dagster, or for a command: what it did is on the step's materializations
and in its log."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import dagster as dg

from healthlake_dagster.listening import Step
from healthlake_dagster.resources.athena import AthenaSession
from healthlake_dagster.resources.athena_facts import SessionFacts
from healthlake_dagster.resources.aws_options import athena_options
from healthlake_dagster.settings import Settings

_log = logging.getLogger(__name__)


class AthenaStep:
    """Use as a context manager."""

    def __init__(self, settings: Settings, context: Step | None) -> None:
        self._context = context
        say = context.log.info if context else _log.info
        self.session = AthenaSession(athena_options(settings), _identity(context), say)

    def __enter__(self) -> AthenaStep:
        return self

    def __exit__(self, *exc: object) -> None:
        self.session.close()
        context = self._context
        if isinstance(context, dg.AssetExecutionContext) and self.session.facts.queries:
            for key in context.selected_asset_keys:
                context.add_asset_metadata(metadata(self.session.facts), asset_key=key)


def _identity(context: Step | None) -> str:
    """The step, by the first run of a chain of re-executions: a retry finds what was started before."""
    if context is None:
        return uuid.uuid4().hex
    root = context.run.root_run_id or context.run.run_id
    return f"{root}/{context.get_step_execution_context().step.key}"


def metadata(facts: SessionFacts) -> dict[str, Any]:
    """What the queries of a step took and cost, an estimate in US dollars."""
    return {
        "athena/queries": len(facts.queries),
        "athena/bytes_scanned": facts.bytes_scanned,
        "athena/seconds_queued": round(facts.queue_ms / 1000, 3),
        "athena/seconds_run": round(facts.run_ms / 1000, 3),
        "athena/estimated_cost_usd": round(facts.cost, 6),
        "athena/query_ids": ", ".join(each.query_id for each in facts.queries[-20:]),
    }
