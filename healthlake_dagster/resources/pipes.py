"""A Dagster Pipes session whose custom messages are a job's progress and report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.pipes.context import PipesMessageHandler, build_external_execution_context_data

from healthlake.messages import hear
from healthlake.report import Listener
from healthlake_dagster.listening import Step


@contextmanager
def pipes_session(
    context: Step,
    listener: Listener,
    injector: dg.PipesContextInjector | None = None,
    reader: dg.PipesMessageReader | None = None,
) -> Iterator[dg.PipesSession]:
    """A session with a process on this machine, or with one elsewhere that `injector` and `reader` reach.
    Progress goes to `listener` as it comes.

    As `dg.open_pipes_session` (1.13.27), but for its demand that the step yields a result for each check:
    this project reports checks for each day as events.
    """
    # Dagster (1.13.27) asks an asset's context for what it deprecated there.
    op = context.op_execution_context if isinstance(context, dg.AssetExecutionContext) else context
    data = build_external_execution_context_data(op, None)
    injector = injector or dg.PipesEnvContextInjector()
    handler = _Handler(context, reader or _Reader(), listener)
    with injector.inject_context(data) as injected, handler.handle_messages() as reading:
        yield dg.PipesSession(
            context_data=data,
            message_handler=handler,
            context_injector_params=injected,
            message_reader_params=reading,
            context=context,
        )


class _Handler(PipesMessageHandler):
    """Keeps all messages, and lets the listener hear those of progress."""

    def __init__(self, context: Step, reader: dg.PipesMessageReader, listener: Listener) -> None:
        super().__init__(context, reader)
        self._listener = listener

    def handle_message(self, message: Any) -> None:
        payload = (message.get("params") or {}).get("payload")
        if message.get("method") == "report_custom_message" and isinstance(payload, dict):
            hear(payload, self._listener)
        super().handle_message(message)


class _Reader(dg.PipesTempFileMessageReader):
    @property
    def expected_writer_count(self) -> int:
        """As the base says it, which warns whoever asks that it is in preview."""
        return 1
