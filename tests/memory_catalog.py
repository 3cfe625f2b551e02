"""A catalog without Iceberg, for property tests that make thousands of commits: the same calls, the same
refusals, the file lists in a dictionary. The files themselves are real. tests/lake/test_catalog.py holds both
catalogs to the same behaviour.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from healthlake.contracts.model import Contract
from healthlake.errors import StructuralViolation
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.table_version import TableFile, Version


class MemoryCatalog(LakeCatalog):
    """Keeps every version of every table in memory."""

    def __init__(self, layout, database: str = "healthlake") -> None:  # type: ignore[no-untyped-def]
        super().__init__(layout, database)
        self._versions: dict[str, list[Version]] = {}
        self._numbers = itertools.count(1)
        self._properties: dict[str, dict[str, str]] = {}

    def snapshots(self, contract: Contract) -> list[tuple[int, datetime.datetime]]:
        # Without expiry: every version is kept, and no file goes.
        return []

    def tag(
        self, contract: Contract, snapshot_id: int, names: Sequence[str], age: datetime.timedelta
    ) -> None:
        pass

    def properties(self, contract: Contract) -> Mapping[str, str]:
        return dict(self._properties.get(contract.name, {}))

    def set_properties(self, contract: Contract, changes: Mapping[str, str]) -> None:
        self._properties.setdefault(contract.name, {}).update(changes)

    def version(self, contract: Contract, snapshot_id: int | None = None) -> Version | None:
        kept = self._versions.get(contract.name, [])
        if snapshot_id:
            return next((version for version in kept if version.snapshot_id == snapshot_id), None)
        return kept[-1] if kept else Version(None, {}, ())

    def commit(
        self,
        contract: Contract,
        base: Version,
        remove: Iterable[str],
        add: Sequence[tuple[str, int]],
        properties: Mapping[str, str],
    ) -> Version:
        current = self.version(contract)
        if current is None or current.snapshot_id != base.snapshot_id:
            raise CommitConflict(f"committing {contract.name}: the table changed since it was read")
        gone = set(remove)
        files = [file for file in current.files if file.path not in gone]
        for path, rows in add:
            days = set(pq.read_table(path, columns=["dt"]).column("dt").to_pylist())
            if len(days) != 1 or pq.read_metadata(path).num_rows != rows:
                raise StructuralViolation(f"committing {contract.name}: a file spans {len(days)} days")
            files.append(TableFile(str(Path(path)), days.pop(), rows))
        ordered = tuple(sorted(files, key=lambda file: (file.day, file.path)))
        made = Version(next(self._numbers), dict(properties), ordered)
        self._versions.setdefault(contract.name, []).append(made)
        return made

    def forget(self) -> None:
        """Keeps the latest version of every table."""
        for name, kept in self._versions.items():
            self._versions[name] = kept[-1:]
