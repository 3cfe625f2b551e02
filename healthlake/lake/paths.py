"""Paths of a lake, in a folder or on S3, and what is done with either alike."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from healthlake.aws import aws_endpoint, aws_region
from healthlake.errors import UsageError
from healthlake.lake.s3 import SCHEME, S3Path

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow.fs import FileSystem

LakePath = Path | S3Path
"""Where a lake or a part of it lies."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a folder: its path below that, with `/`; bytes, and the seconds since 1970 of its last
    change."""

    path: LakePath
    relative: str
    size: int
    modified: float


def lake_path(text: str) -> LakePath:
    """`s3://BUCKET/PREFIX`, or a folder or file on this machine as an absolute path. `UsageError` for other
    schemes: taken for a folder, they would put patients' data where nobody looks."""
    if "://" in text and not text.startswith(SCHEME):
        raise UsageError(f"reading the path {text}: expected a folder, or {SCHEME}BUCKET/PREFIX.")
    return S3Path.parse(text) if text.startswith(SCHEME) else Path(text).expanduser().absolute()


def walk(folder: LakePath) -> Iterator[Listed]:
    """All files below `folder` in the order of their paths, part by part; none where it isn't there.

    `UsageError` where a folder below can't be read, or a link leads to a folder or nowhere: what lies
    behind would be left out without a word.
    """
    if isinstance(folder, S3Path):
        # S3 orders keys by their bytes: a-b before a/b.
        for each in sorted(folder.walk(), key=lambda found: found.path.key.split("/")):
            yield Listed(each.path, each.path.key[len(folder.prefix) :], each.size, each.modified)
        return
    for path in sorted(_paths(folder)):
        if path.is_file():
            found = path.stat()
            yield Listed(path, path.relative_to(folder).as_posix(), found.st_size, found.st_mtime)


def is_hidden(relative: str) -> bool:
    """Whether a path, or a folder that it leads through, begins with a dot."""
    return any(part.startswith(".") for part in relative.split("/"))


def _paths(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        # The name of what can't be read may be a patient's.
        if not isinstance(error, FileNotFoundError):
            raise UsageError(
                f"listing {folder}: a folder in it can't be read ({error.strerror}). Give it the rights to be"
                " read, then run the command again."
            ) from None

    for parent, below, names in os.walk(folder, onerror=refuse):
        for path in (Path(parent, name) for name in (*below, *names)):
            leads_on = path.is_symlink() and not path.is_file()
            if leads_on and not is_hidden(path.relative_to(folder).as_posix()):
                raise UsageError(
                    f"listing {folder}: a link in it leads to a folder, or nowhere (`find {folder} -type l`"
                    " shows it). Links to folders are not followed: put what is meant in its place, then run"
                    " the command again."
                )
        yield from (Path(parent, name) for name in names)


def folders(folder: LakePath) -> list[LakePath]:
    """The folders just below `folder`; none where it isn't there."""
    if isinstance(folder, S3Path):
        return list(folder.folders())
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def make_folder(folder: LakePath) -> None:
    """Makes a folder that is seen also while nothing is in it: on S3 as consoles make one."""
    if isinstance(folder, S3Path):
        if not folder.is_dir():
            S3Path(folder.bucket, folder.prefix).write_bytes(b"")
    else:
        folder.mkdir(parents=True, exist_ok=True)


def parquet_writer(path: LakePath, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
    """A writer of a new Parquet file, whose folder is made."""
    import pyarrow.parquet as pq

    if isinstance(path, S3Path):
        where = f"{path.bucket}/{path.key}"
        return pq.ParquetWriter(where, schema, filesystem=arrow_filesystem(path.bucket), **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, schema, **options)


@functools.cache
def arrow_filesystem(bucket: str) -> FileSystem:
    """Arrow's file system for a bucket, at the place that boto3 would ask."""
    from pyarrow.fs import S3FileSystem, resolve_s3_region

    return S3FileSystem(
        region=aws_region() or resolve_s3_region(bucket),
        endpoint_override=aws_endpoint("s3"),
        background_writes=True,
    )
