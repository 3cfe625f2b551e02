"""What engines share: rows become Parquet files beside their table, are audited as files, and one snapshot
swaps them. An engine adds how SQL is run and how files are written.

Refuses to look at rows: what is compared or chosen, an engine computes.
"""

from __future__ import annotations

import datetime
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from healthlake.contracts.model import Contract
from healthlake.contracts.views import load_view
from healthlake.engine.protocol import Published, Row, Staged
from healthlake.errors import HealthlakeError, StructuralViolation
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.paths import lake_path
from healthlake.lake.table_version import TableFile, Version
from healthlake.sql_on_fhir import CompiledView, compile_view


class MergePlan(Protocol):
    """The files that a merge writes and replaces: only files that hold a row to be removed are written
    again."""

    replaced: list[TableFile]
    added: int
    removed: int
    rewritten: int

    def write(self) -> list[tuple[str, int]]:
        """Writes the files of the days that gain or lose rows; returns paths and rows."""

    @property
    def written(self) -> Sequence[str]:
        """The paths of what was written so far, also where `write` didn't come to its end."""


class FileEngine(ABC):
    """Publishes files through PyIceberg, on every engine alike."""

    def __init__(self, catalog: LakeCatalog) -> None:
        self.catalog = catalog
        self._what = "starting the engine"

    def doing(self, what: str) -> None:
        self._what = what

    def version(self, contract: Contract, snapshot_id: int | None = None) -> Version | None:
        """The catalog's version of a table; refused where it deletes rows in files, which are read whole."""
        version = self.catalog.version(contract, snapshot_id)
        if version and version.has_deletes:
            raise HealthlakeError(
                f"reading {contract.name}: another writer deleted rows merge-on-read, and healthlake's"
                " tables are copy-on-write. Rewrite its data files with that writer (OPTIMIZE,"
                " rewrite_data_files), then run the command again."
            )
        return version

    @abstractmethod
    def store(self, name: str, sql: str) -> None:
        """Makes `name` a relation that is computed once."""

    @abstractmethod
    def rows(self, sql: str, dialect: str = "spark") -> list[Row]:
        """A small result."""

    def counts(
        self, contract: Contract, day: datetime.date | None, columns: Sequence[str]
    ) -> tuple[int, Mapping[str, int]] | None:
        return self.catalog.counts(contract, day, columns)

    def store_few(self, name: str, sql: str) -> int:
        self.store(name, sql)
        # Spark knows from now on how large it is, and sends it to the tasks instead of sorting both sides.
        return int(self.rows(f"SELECT count(*) FROM {name}")[0][0])

    @abstractmethod
    def relate(self, name: str, contract: Contract, paths: Sequence[str]) -> None:
        """Makes `name` the rows of Parquet files, with exactly the contract's columns and types, also where
        there is no file."""

    @abstractmethod
    def same_rows(self, contract: Contract, before: Sequence[str], after: Sequence[str]) -> bool:
        """Whether two sets of files, neither empty, hold the same rows, in whatever order."""

    @abstractmethod
    def plan_merge(
        self, contract: Contract, base: Version, keys: Sequence[str], touched: str, rows: str
    ) -> MergePlan:
        """What `merge` writes and replaces on the table as of `base`."""

    def relate_staged(self, staged: Staged) -> Staged:
        """Makes the relation of what is staged."""
        self.relate(staged.relation, staged.contract, [path for path, _ in staged.files])
        return staged

    def wrong_schema(self, contract: Contract, wrong: Sequence[str]) -> StructuralViolation:
        """The error for columns that are not the contract's."""
        return StructuralViolation(
            f"{self._what}: the columns of {contract.name} are not its contract's ({', '.join(wrong)});"
            " expected names, order and types as in docs/tables.md. Nothing was committed."
        )

    def discard(self, staged: Iterable[Staged]) -> None:
        for each in staged:
            self._remove(each.contract, [path for path, _ in each.files])

    def _remove(self, contract: Contract, paths: Sequence[str]) -> None:
        """Removes files, but for those that the table names: an interrupt may come when the commit is made
        and not yet told of."""
        version = self.catalog.version(contract)
        named = {file.path for file in version.files} if version else set()
        for path in paths:
            if path not in named:
                lake_path(path).unlink(missing_ok=True)

    def publish(
        self, contract: Contract, staged: Sequence[Staged], properties: Mapping[str, str]
    ) -> Published:
        base = self.version(contract) or Version(None, {}, ())
        remove: list[TableFile] = []
        add: list[tuple[str, int]] = []
        for each in staged:
            before = [file for file in base.files if file.day == each.day]
            if self._is_as_before(contract, before, each):
                self.discard([each])
                self.relate(each.relation, contract, [file.path for file in before])
                continue
            remove.extend(before)
            add.extend(each.files)
        if not remove and not add:
            return Published(base, changed=False)
        version = self.catalog.commit(contract, base, [file.path for file in remove], add, properties)
        return Published(version, True, sum(rows for _, rows in add), sum(file.rows for file in remove))

    def _is_as_before(self, contract: Contract, before: Sequence[TableFile], staged: Staged) -> bool:
        if sum(file.rows for file in before) != staged.rows:
            return False
        return not staged.rows or self.same_rows(
            contract, [file.path for file in before], [path for path, _ in staged.files]
        )

    def merge(
        self,
        contract: Contract,
        keys: Sequence[str],
        touched: str,
        rows: str,
        properties: Mapping[str, str],
        audit: Callable[[str], None],
    ) -> Published:
        base = self.version(contract) or Version(None, {}, ())
        plan = self.plan_merge(contract, base, keys, touched, rows)
        try:
            add = plan.write()
            gone = {file.path for file in plan.replaced}
            kept = [file.path for file in base.files if file.path not in gone]
            self.relate(f"{contract.name}_to_be", contract, kept + [path for path, _ in add])
            audit(f"{contract.name}_to_be")
            if not add and not plan.replaced and _same_properties(base.properties, properties):
                return Published(base, changed=False)
            version = self.catalog.commit(
                contract, base, [file.path for file in plan.replaced], add, properties
            )
        except BaseException:
            self._remove(contract, plan.written)
            raise
        return Published(version, bool(add or plan.replaced), plan.added, plan.removed, plan.rewritten)


def _same_properties(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    return all(before.get(name) == value for name, value in after.items())


@functools.cache
def compiled(view: str, dialect: str) -> CompiledView:
    """One of our views in an engine's dialect."""
    return compile_view(load_view(view).definition, dialect)
