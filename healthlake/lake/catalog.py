"""The Iceberg tables of a lake: made from contracts, read as lists of data files, changed by one snapshot at
a time.

Refuses to decide what is written: callers bring Parquet files that are complete and checked.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.errors import HealthlakeError, LakeMoved, LakeNotFound, LakeOutdated, StructuralViolation
from healthlake.lake.catalog_store import catalog_store
from healthlake.lake.layout import LakeLayout
from healthlake.lake.table_making import make_table
from healthlake.lake.table_version import TableFile, Version, file_uri, listed_files, local_path

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile, ManifestFile
    from pyiceberg.table import Table

_CHANGES = ("added-data-files", "deleted-data-files", "added-delete-files", "removed-delete-files")


class CommitConflict(HealthlakeError):
    """Another writer committed to the table since it was read: recompute from the new base."""


@contextlib.contextmanager
def _conflicts(contract: Contract) -> Iterator[None]:
    """PyIceberg's word for a lost race becomes a `CommitConflict`; what it raises quotes paths."""
    from pyiceberg.exceptions import CommitFailedException, ValidationException

    try:
        yield
    except (CommitFailedException, ValidationException):
        raise CommitConflict(f"committing {contract.name}: another writer was first") from None


class LakeCatalog:
    """The tables of one lake. Cheap to make; opens the catalog on first use."""

    def __init__(self, layout: LakeLayout, database: str) -> None:
        self.layout = layout
        self.database = database
        self._store = catalog_store(layout, database)
        self._tables: dict[str, Table] = {}
        self._files: dict[tuple[str, int], tuple[TableFile, ...]] = {}
        self._manifests: dict[str, frozenset[str]] = {}

    def require_database(self) -> None:
        """`LakeNotFound` where the catalog has no such database: a mistyped one must not look like an empty
        lake."""
        if not self._store.has_database():
            raise LakeNotFound(
                f"opening the tables of {self.layout.root}: the Glue Data Catalog has no database"
                f" {self.database}. Correct HEALTHLAKE_DATABASE or AWS_REGION, or make the tables with"
                " `healthlake materialize`."
            )

    def clear(self) -> None:
        """Takes all tables out of the catalog, and touches none of their files. `LakeMoved` where a database
        of the account holds another lake's tables; nothing was taken then. A folder's catalog is its own,
        also where the folder was moved."""
        if self.layout.is_remote:
            for contract in TABLES.values():
                self._own_location(contract)
        self._store.clear()

    def version(self, contract: Contract, snapshot_id: int | None = None) -> Version | None:
        """The table as of its current snapshot, or of `snapshot_id`; None where that snapshot is no longer
        kept."""
        table = self._load(contract)
        if table is None:
            return None if snapshot_id else Version(None, {}, ())
        snapshot = table.snapshot_by_id(snapshot_id) if snapshot_id else table.current_snapshot()
        if snapshot is None:
            return None if snapshot_id else Version(None, {}, ())
        properties = dict(snapshot.summary.additional_properties) if snapshot.summary else {}
        return Version(snapshot.snapshot_id, properties, self._list(table, contract, snapshot.snapshot_id))

    def counts(
        self, contract: Contract, day: datetime.date | None, columns: Sequence[str]
    ) -> tuple[int, Mapping[str, int]] | None:
        """Rows of the table (of `day`, or whole) and the NULLs of each of `columns`, from the manifests:
        nothing is scanned. None where one of them doesn't say, or rows are deleted in files."""
        version = self.version(contract)
        files = [file for file in version.files if day in (None, file.day)] if version else []
        if any(file.deletes for file in files):
            return None
        nulls = dict.fromkeys(columns, 0)
        for file in files:
            if any(name not in (file.nulls or {}) for name in columns):
                return None
            for name in columns:
                nulls[name] += (file.nulls or {})[name]
        return sum(file.rows for file in files), nulls

    def commit(
        self,
        contract: Contract,
        base: Version,
        remove: Iterable[str],
        add: Sequence[tuple[str, int]],
        properties: Mapping[str, str],
    ) -> Version:
        """Swaps files in one snapshot: `remove` are paths of `base`, `add` are pairs of path and rows.

        Raises `CommitConflict` where the table is no longer at `base`, and `StructuralViolation` where an
        added file spans several days or has other than the stated number of rows.
        """
        table = self._load(contract) or self._create(contract)
        current = table.current_snapshot()
        if (current.snapshot_id if current else None) != base.snapshot_id:
            raise CommitConflict(f"committing {contract.name}: the table changed since it was read")
        with _conflicts(contract):
            self._swap(table, contract, set(remove), add, properties)
        done = self.version(contract)
        if done is None or done.snapshot_id is None:
            raise HealthlakeError(f"committing {contract.name}: the catalog does not show the commit")
        return done

    def create(self, contract: Contract) -> None:
        """Makes the table where there is none; it has no snapshot then."""
        if self._load(contract) is None:
            self._create(contract)

    def properties(self, contract: Contract) -> Mapping[str, str]:
        """The table's own properties; none before it is made."""
        table = self._load(contract)
        return dict(table.properties) if table else {}

    def set_properties(self, contract: Contract, changes: Mapping[str, str]) -> None:
        """Sets properties of the table, and makes no snapshot. `CommitConflict` where another writer was
        first."""
        table = self._load(contract) or self._create(contract)
        with _conflicts(contract), table.transaction() as transaction:
            transaction.set_properties(dict(changes))

    def snapshots(self, contract: Contract) -> list[tuple[int, datetime.datetime]]:
        """Ids and times of the snapshots that are kept, the oldest first."""
        table = self._load(contract)
        kept = sorted(table.snapshots(), key=lambda each: each.sequence_number or 0) if table else []
        return [
            (each.snapshot_id, datetime.datetime.fromtimestamp(each.timestamp_ms / 1000, datetime.UTC))
            for each in kept
        ]

    def record_only(self, contract: Contract) -> set[int]:
        """The kept snapshots that added and removed no file: they tell what a table was derived from anew,
        and show the rows of the one before."""
        table = self._load(contract)
        return {
            each.snapshot_id
            for each in (table.snapshots() if table else ())
            if each.summary is not None
            and not any(int(each.summary.additional_properties.get(name, "0")) for name in _CHANGES)
        }

    def expire(self, contract: Contract, snapshot_ids: Collection[int]) -> int:
        """Takes snapshots out of the table's metadata, those that are tagged left out; removes no file. How
        many went."""
        table = self._load(contract)
        if table is None:
            return 0
        tagged = {reference.snapshot_id for reference in table.metadata.refs.values()}
        going = [number for number in snapshot_ids if number not in tagged]
        if going:
            with _conflicts(contract):
                table.maintenance.expire_snapshots().by_ids(going).commit()
        return len(going)

    def tag(
        self, contract: Contract, snapshot_id: int, names: Sequence[str], age: datetime.timedelta
    ) -> None:
        """Tags a snapshot, or moves the tags there; tags whose snapshot is older than their age go."""
        table = self._load(contract)
        if table is None:
            return
        made = dict(self.snapshots(contract))
        now = datetime.datetime.now(datetime.UTC)
        past = [
            name
            for name, reference in table.refs().items()
            if reference.max_ref_age_ms is not None
            and name not in names
            and made[reference.snapshot_id] + datetime.timedelta(milliseconds=reference.max_ref_age_ms) < now
        ]
        to_tag = [n for n in names if n not in table.refs() or table.refs()[n].snapshot_id != snapshot_id]
        if not past and not to_tag:
            return
        with _conflicts(contract), table.manage_snapshots() as references:
            for name in past:
                references.remove_tag(name)
            for name in to_tag:
                references.create_tag(snapshot_id, name, max_ref_age_ms=int(age.total_seconds() * 1000))

    def named_files(self, contract: Contract) -> set[str]:
        """Paths of all files that the table's metadata names: data, manifests, their lists, metadata."""
        table = self._load(contract)
        if table is None:
            return set()
        named = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
        manifests: dict[str, ManifestFile] = {}
        for snapshot in table.snapshots():
            named.add(snapshot.manifest_list)
            manifests |= {each.manifest_path: each for each in snapshot.manifests(table.io)}
        for path, manifest in manifests.items():
            if path not in self._manifests:
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                self._manifests[path] = frozenset(entry.data_file.file_path for entry in entries)
            named |= {path, *self._manifests[path]}
        return {local_path(path) for path in named}

    def _swap(
        self,
        table: Table,
        contract: Contract,
        remove: set[str],
        add: Sequence[tuple[str, int]],
        properties: Mapping[str, str],
    ) -> None:
        from pyiceberg.io.pyarrow import parquet_files_to_data_files

        # One overwrite, not delete + add_files: that leaves a snapshot with 0 rows in between.
        with (
            table.transaction() as transaction,
            transaction.update_snapshot(snapshot_properties=dict(properties)).overwrite() as update,
        ):
            for file in self._data_files(table):
                if local_path(file.file_path) in remove:
                    update.delete_data_file(file)
            paths = iter([file_uri(path) for path, _ in add])
            made = parquet_files_to_data_files(table.io, transaction.table_metadata, paths)
            for (_, rows), file in zip(add, made, strict=True):
                if file.record_count != rows:
                    raise StructuralViolation(
                        f"committing {contract.name}: a file has {file.record_count} rows, expected "
                        f"{rows}; nothing was "
                        "committed"
                    )
                update.append_data_file(file)

    def _require_columns(self, table: Table, contract: Contract) -> None:
        """An engine's own refusal, of a commit or of a column that isn't there, names no remedy."""
        found = [(field.name, str(field.field_type)) for field in table.schema().fields]
        expected = [(column.name, column.type.value) for column in contract]
        if found != expected:
            changed = sorted({name for name, _ in {*found} ^ {*expected}})
            raise LakeOutdated(
                f"opening {contract.name}: the table has other columns than this version of healthlake"
                f" writes ({', '.join(changed)}). Nothing was changed. Run `healthlake rebuild` to make the"
                " tables again from raw, or go back to the version that made them."
            )

    def _data_files(self, table: Table) -> list[DataFile]:
        if table.current_snapshot() is None:
            return []
        return [task.file for task in table.scan().plan_files()]

    def _list(self, table: Table, contract: Contract, snapshot_id: int) -> tuple[TableFile, ...]:
        key = (contract.name, snapshot_id)
        if key not in self._files:
            self._files[key] = listed_files(table, snapshot_id)
        return self._files[key]

    def _load(self, contract: Contract) -> Table | None:
        """The table as the catalog has it now. Its metadata is parsed once: the catalog's row says whether it
        is new."""
        row = self._own_location(contract)
        if row is None:
            return None
        cached = self._tables.get(contract.name)
        if cached is None or cached.metadata_location != row:
            cached = self._store.open().load_table((self.database, contract.name))
            self._tables[contract.name] = cached
        self._require_columns(cached, contract)
        return cached

    def _own_location(self, contract: Contract) -> str | None:
        """Where the table's current metadata lies; `LakeMoved` where that is outside of this lake."""
        row = self._store.metadata_location(contract)
        if row is not None and not local_path(row).startswith(f"{self.layout.table(contract)}/"):
            raise self._lies_elsewhere(contract, local_path(row))
        return row

    def _lies_elsewhere(self, contract: Contract, found: str) -> LakeMoved:
        doing = f"opening {contract.name}: the catalog of the lake {self.layout.root} names {found}"
        if self.layout.is_remote:
            return LakeMoved(
                f"{doing}, which lies elsewhere: the database {self.database} is another lake's. Give this"
                " one a database of its own (HEALTHLAKE_DATABASE; of a script --database)."
            )
        return LakeMoved(
            f"{doing}, which lies elsewhere: the lake was moved or copied, and Iceberg keeps whole paths."
            " Move it back, or run `healthlake rebuild` to make its tables again from raw."
        )

    def _create(self, contract: Contract) -> Table:
        self._store.make_database()
        name = (self.database, contract.name)
        return make_table(self._store.open(), name, contract, file_uri(str(self.layout.table(contract))))
