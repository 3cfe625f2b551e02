"""The data files of a lake on S3 on this machine, for an engine that reads and writes local files only.

Data files never change under their name, so each is fetched once. They lie in the engine's scratch folder and
go with it. DuckDB's own S3 is an extension that is fetched from elsewhere; its reading through Python took
ten times as long as fetching first (2.0.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from healthlake.lake.paths import LakePath, lake_path
from healthlake.lake.s3 import S3Path, s3_client

_AT_ONCE = 8


class FetchedFiles:
    """Paths of a lake -> paths on this machine. A lake in a folder has its files here already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._local: dict[str, str] = {}
        self._given: dict[str, str] = {}

    def local(self, paths: Sequence[str]) -> list[str]:
        """Where the files lie on this machine, in order."""
        missing = [path for path in dict.fromkeys(paths) if path not in self._local]
        remote = [(path, found) for path in missing if isinstance(found := lake_path(path), S3Path)]
        if remote:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for path, copied in zip(
                    remote, pool.map(self._fetch, (found for _, found in remote)), strict=True
                ):
                    self._know(path[0], str(copied))
        return [self._local.get(path, path) for path in paths]

    def given(self, local: str) -> str:
        """The path in the lake of a file on this machine."""
        return self._given.get(local, local)

    def place_for(self, path: LakePath) -> Path:
        """Where a file is written before `sent` brings it to `path`."""
        if not isinstance(path, S3Path):
            return path
        # Files of several tables have one name.
        here = self._folder / path.bucket / path.key
        here.parent.mkdir(parents=True, exist_ok=True)
        return here

    def sent(self, path: LakePath) -> None:
        """Brings a file that was written to its place in the lake."""
        if isinstance(path, S3Path):
            here = self.place_for(path)
            s3_client().upload_file(str(here), path.bucket, path.key)
            self._know(str(path), str(here))

    def _fetch(self, path: S3Path) -> Path:
        here = self.place_for(path)
        s3_client().download_file(path.bucket, path.key, str(here))
        return here

    def _know(self, path: str, local: str) -> None:
        self._local[path] = local
        self._given[local] = path
