"""The Iceberg tables of the emulator's Glue catalog as Arrow, at any snapshot, and one commit on one."""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from tests.aws_emulator.athena_model import SYSTEM, QueryFailed
from tests.aws_emulator.athena_statements import TableRead

if TYPE_CHECKING:
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.table import Table

REGION = "eu-central-1"
_KEPT = 64
_COMMITTING = threading.Lock()
"""Between two statements of the emulator; other writers are held off by Glue's VersionId."""

_METADATA_TABLES = ("snapshots", "files", "history", "partitions", "manifests", "refs")


def glue_catalog(endpoint: str) -> GlueCatalog:
    """PyIceberg's catalog on the emulator at `endpoint`."""
    from pyiceberg.catalog.glue import GlueCatalog

    keys = {"access-key-id": "testing", "secret-access-key": "testing", "region": REGION}
    return GlueCatalog(
        "glue_catalog",
        **{"glue.endpoint": endpoint, "s3.endpoint": endpoint},
        **{f"{service}.{name}": value for service in ("glue", "s3") for name, value in keys.items()},
    )


class Tables:
    """The tables at one endpoint. Rows once read are kept: a snapshot never changes."""

    def __init__(self, endpoint: str) -> None:
        self.catalog = glue_catalog(endpoint)
        self._kept: OrderedDict[tuple[str, int | None], tuple[pa.Table, int]] = OrderedDict()

    def load(self, database: str, name: str) -> Table:
        """The table as it is now; `QueryFailed` where there is none."""
        from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchTableError

        try:
            return self.catalog.load_table((database, name))
        except (NoSuchTableError, NoSuchIcebergTableError):
            raise QueryFailed(
                f"TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{database}.{name}' does not exist"
            ) from None

    def read(self, wanted: TableRead) -> tuple[pa.Table, int]:
        """The rows that are asked for, and the bytes of the data files read for them."""
        table = self.load(wanted.database, wanted.name)
        if wanted.suffix:
            return self._metadata(table, wanted.suffix), 0
        return self.rows(table, self._snapshot(table, wanted))

    def rows(self, table: Table, snapshot: int | None = None) -> tuple[pa.Table, int]:
        """The table's rows as of `snapshot` (now, for None), and the bytes of its data files."""
        key = (table.metadata_location, snapshot)
        if key not in self._kept:
            scan = table.scan(snapshot_id=snapshot)
            scanned = sum(task.file.file_size_in_bytes for task in scan.plan_files())
            self._kept[key] = (scan.to_arrow(), scanned)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _snapshot(self, table: Table, wanted: TableRead) -> int | None:
        if wanted.snapshot is not None:
            if table.snapshot_by_id(wanted.snapshot) is None:
                raise QueryFailed(
                    f"INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: {wanted.snapshot}"
                )
            return wanted.snapshot
        if wanted.timestamp is not None:
            moment = datetime.datetime.fromisoformat(wanted.timestamp.removesuffix(" UTC"))
            found = table.snapshot_as_of_timestamp(
                int(moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() * 1000)
            )
            if found is None:
                raise QueryFailed(f"INVALID_ARGUMENTS: No version history table at or before {moment}")
            return found.snapshot_id
        return None

    @staticmethod
    def _metadata(table: Table, suffix: str) -> pa.Table:
        if suffix not in _METADATA_TABLES:
            raise QueryFailed(
                f"TABLE_NOT_FOUND: line 1:15: Table '{table.name()[-1]}${suffix}' does not exist"
            )
        return getattr(table.inspect, suffix)()


def commit(
    tables: Tables,
    base: Table,
    changed: Callable[[Sequence[object]], bool],
    rows: pa.Table,
) -> None:
    """Swaps the files of `base` whose partition values `changed` picks for files of `rows`, in one snapshot.

    Raises `QueryFailed` as Athena does where another writer was first.
    """
    with _COMMITTING:
        _commit(tables, base, changed, rows)


def _commit(tables: Tables, base: Table, changed: Callable[[Sequence[object]], bool], rows: pa.Table) -> None:
    from pyiceberg.exceptions import CommitFailedException, ValidationException
    from pyiceberg.io.pyarrow import _dataframe_to_data_files

    now = tables.load(*base.name())
    if now.current_snapshot() != base.current_snapshot():
        raise commit_error(base)
    try:
        with now.transaction() as transaction, transaction.update_snapshot().overwrite() as update:
            if now.current_snapshot():
                for task in now.scan().plan_files():
                    if changed(list(task.file.partition)):
                        update.delete_data_file(task.file)
            if rows.num_rows:
                made = _dataframe_to_data_files(transaction.table_metadata, rows, now.io, update.commit_uuid)
                for file in made:
                    update.append_data_file(file)
    except (CommitFailedException, ValidationException):
        raise commit_error(base) from None


def commit_error(table: Table) -> QueryFailed:
    """What Athena says where another writer was first."""
    name = ".".join(table.name())
    return QueryFailed(
        f"ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: {name}. If a data manifest file was"
        " generated at the output location, you may need to manually clean it.",
        SYSTEM,
        type=233,
    )
