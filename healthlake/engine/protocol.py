"""The few things that engines do differently, behind one small protocol. Jobs talk to an engine only through
it.

SQL given to an engine is Spark's dialect in the portable subset. Relations live as long as the engine.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from healthlake.contracts.model import Contract
from healthlake.contracts.silver import ResourceType
from healthlake.lake.table_version import Version
from healthlake.split import SourceFile

Row = tuple[Any, ...]

Progress = Callable[[int, int], None]
"""Gets bytes (as they lie in raw) and entries that are done."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows of one table and day that are written but not published: `relation` can be queried, `files` are
    the engine's own (path and rows)."""

    contract: Contract
    day: datetime.date
    relation: str
    rows: int
    files: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, contract: Contract, day: datetime.date, files: Iterable[tuple[str, int]]) -> Staged:
        """What is in `files`, under the relation's name that a table and day have."""
        listed = tuple(files)
        relation = f"staged_{contract.name}_{day:%Y%m%d}"
        return cls(contract, day, relation, sum(rows for _, rows in listed), listed)


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did. `version` is what readers see now; `rewritten` counts rows written again to
    remove others from their files."""

    version: Version
    changed: bool
    added: int = 0
    removed: int = 0
    rewritten: int = 0


class Engine(Protocol):
    """A session of one engine on one lake."""

    def doing(self, what: str) -> None:
        """Names what the next statements do, for the message of an `EngineError`."""

    def read(
        self, contract: Contract, days: Iterable[datetime.date] | None = None, name: str | None = None
    ) -> Version:
        """Makes the published table (of `days`, or whole) a relation under its own name or `name`."""

    def read_changes(self, contract: Contract, since: int | None, name: str) -> bool:
        """Makes `name` the rows of files added to or removed from the table since snapshot `since`, on both
        sides. False where that snapshot is no longer kept (or None): then `name` is the whole table."""

    def define(self, name: str, sql: str) -> None:
        """Makes `name` a relation that is computed when it is read."""

    def store(self, name: str, sql: str) -> None:
        """Makes `name` a relation that is computed now, once."""

    def store_few(self, name: str, sql: str) -> int:
        """As `store`, for few rows that many are then joined with; how many they are."""

    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        """A small result. `dialect` is the one that `sql` is written in."""

    def counts(
        self, contract: Contract, day: datetime.date | None, columns: Sequence[str]
    ) -> tuple[int, Mapping[str, int]] | None:
        """Rows of the published table (of `day`, or whole) and the NULLs of each of `columns`, told by the
        table's metadata without a scan; None where that doesn't say."""

    def apply_view(self, name: str, kind: ResourceType, source: str, carry: Sequence[str]) -> None:
        """Makes `name` the rows of the type's view over `source.resource`, with the columns `carry` of their
        source row."""

    def split(
        self, day: datetime.date, files: Sequence[SourceFile], progress: Progress
    ) -> Mapping[str, Staged]:
        """Splits a drop into staged rows of every bronze table."""

    def stage(self, contract: Contract, day: datetime.date, sql: str, dialect: str = "spark") -> Staged:
        """Writes the rows of one day, without publishing them. `dialect` is the one that `sql` is written in.

        Raises `StructuralViolation` where columns or types are not the contract's.
        """

    def discard(self, staged: Iterable[Staged]) -> None:
        """Removes what was staged and won't be published."""

    def publish(
        self, contract: Contract, staged: Sequence[Staged], properties: Mapping[str, str]
    ) -> Published:
        """Replaces the staged days in one snapshot. A day whose rows are the same already is left as it
        is."""

    def merge(
        self,
        contract: Contract,
        keys: Sequence[str],
        touched: str,
        rows: str,
        properties: Mapping[str, str],
        audit: Callable[[str], None],
    ) -> Published:
        """Replaces the rows of a CURRENT table whose `keys` are in relation `touched` by relation `rows`, in
        one snapshot.

        `audit` gets a relation of the table as it would be, before anything is committed; what it raises
        stops the merge.
        """

    def close(self) -> None:
        """Ends the session and removes its scratch files."""
