"""What the emulator's Athena hands to a SQL backend and gets back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

SYSTEM, USER, OTHER = 1, 2, 3
"""Athena's ErrorCategory."""


class Stop(threading.Event):
    """Set when somebody stops a query; calls what was registered then."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Callable[[], None]] = []

    def then(self, call: Callable[[], None]) -> None:
        """Registers what ends the work under way."""
        self._calls.append(call)
        if self.is_set():
            call()

    def set(self) -> None:
        super().set()
        for call in self._calls:
            call()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as submitted. `before_commit` is called between the computation of a DML statement and
    its commit; it may raise `QueryFailed`."""

    sql: str
    parameters: tuple[str, ...]
    database: str
    stop: Stop
    before_commit: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result, its type as Athena's ResultSetMetadata spells it."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A result: its values as Athena's text, None for NULL. `scanned` is in bytes; `update_count` is None but
    for DML."""

    columns: tuple[Column, ...] = ()
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    scanned: int = 0
    update_count: int | None = None


class QueryFailed(Exception):
    """A statement that Athena ends as FAILED; its text is the StateChangeReason.

    The numbers of `type` are the emulator's: what AWS gives was not compared.
    """

    def __init__(self, reason: str, category: int = USER, type: int = 1, retryable: bool = False) -> None:
        super().__init__(reason)
        self.error = {
            "ErrorCategory": category,
            "ErrorType": type,
            "Retryable": retryable,
            "ErrorMessage": reason,
        }


class Refused(Exception):
    """A statement that StartQueryExecution itself refuses."""


class SqlBackend(Protocol):
    """Runs SQL in Athena's dialect on the tables of the emulator's Glue catalog."""

    def run(self, statement: Statement, endpoint: str) -> Answer:
        """The statement's result; raises `QueryFailed`. Ends early when the statement is stopped."""
