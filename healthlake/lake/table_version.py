"""A table as of one snapshot: its data files, what the manifests say of each, and the snapshot's properties.

Refuses to open a file: whatever stands here is from Iceberg's metadata.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from healthlake.lake.s3 import SCHEME

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table


@dataclass(frozen=True, slots=True)
class TableFile:
    """One data file of a snapshot: its path (on S3 its URI), the day of its partition, its rows, and how many
    NULLs each of its columns has where the manifest says.

    `deletes` are the files that delete rows of it (Athena's MERGE writes them): where there are any, `rows`
    and `nulls` count deleted rows too.
    """

    path: str
    day: datetime.date
    rows: int
    deletes: tuple[str, ...] = ()
    nulls: Mapping[str, int] | None = field(default=None, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Version:
    """A table as of one snapshot. `snapshot_id` is None while nothing was ever committed."""

    snapshot_id: int | None
    properties: Mapping[str, str]
    files: tuple[TableFile, ...]

    @property
    def has_deletes(self) -> bool:
        """Whether a file holds rows that are deleted: only an engine that reads Iceberg itself may read
        it."""
        return any(file.deletes for file in self.files)


def listed_files(table: Table, snapshot_id: int) -> tuple[TableFile, ...]:
    """The data files of a snapshot, by day and path."""
    files = [
        TableFile(
            local_path(each.file.file_path),
            _day(each.file),
            each.file.record_count,
            tuple(sorted(local_path(delete.file_path) for delete in each.delete_files)),
            _nulls(table, each.file),
        )
        for each in table.scan(snapshot_id=snapshot_id).plan_files()
    ]
    return tuple(sorted(files, key=lambda file: (file.day, file.path)))


def file_uri(path: str) -> str:
    """The URI by which the catalog names a file; one on S3 is its own."""
    return path if path.startswith(SCHEME) else f"file://{path}"


def local_path(uri: str) -> str:
    """The path of a file that the catalog names by its URI: `file:///a` as PyIceberg and `file:/a` as Spark
    write it. A URI on S3 is its own path."""
    return f"/{uri.removeprefix('file:').lstrip('/')}" if uri.startswith("file:") else uri


def _nulls(table: Table, file: DataFile) -> Mapping[str, int]:
    names = {field.field_id: field.name for field in table.schema().fields}
    return {
        names[number]: nulls for number, nulls in (file.null_value_counts or {}).items() if number in names
    }


def _day(file: DataFile) -> datetime.date:
    days: int = file.partition[0]
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
