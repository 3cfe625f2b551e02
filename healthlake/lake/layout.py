"""Where things lie in a lake. Paths only: nothing here reads or writes a file.

<root>/raw/synthea_fhir/dt=2026-01-01/…   drops as delivered
<root>/raw/_revisions/synthea_fhir/dt=…/1/…   what a correction took out of a drop
<root>/bronze/patient/dt=2026-01-01/…     data files of bronze_patient; metadata/ lies beside dt=…
<root>/reports/data_quality.html          the data-quality page

Of a lake in a folder, beside them:
<root>/catalog.db                         the Iceberg catalog (SQLite)
<root>/.locks  .scratch  .dagster         writers' locks, spill of running engines, Dagster's own storage

A lake on S3 has its catalog in the Glue Data Catalog; its locks, scratch and .dagster lie on this machine, in
the work folder, and hold for this machine alone.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from healthlake.contracts.model import DT, Contract
from healthlake.errors import LakeNotFound
from healthlake.lake.paths import LakePath
from healthlake.lake.s3 import S3Path

DEFAULT_SOURCE = "synthea_fhir"

HOME_VARIABLE = "HEALTHLAKE_HOME"
"""Names the folder on this machine for what is not data of lakes on S3."""


@dataclass(frozen=True, slots=True)
class LakeLayout:
    """The paths of the lake at `root`: a folder (a relative one is taken from the current folder), or a
    prefix on S3."""

    root: LakePath

    def __post_init__(self) -> None:
        # Iceberg keeps whole paths, and the next process may start elsewhere.
        if isinstance(self.root, Path):
            object.__setattr__(self, "root", self.root.absolute())

    @property
    def is_remote(self) -> bool:
        """Whether the lake is on S3, where other machines may write it at the same time."""
        return isinstance(self.root, S3Path)

    def require(self) -> None:
        """`LakeNotFound` where there is no lake: an unmounted one must not look like an empty one."""
        if not self.root.is_dir():
            what = "has no objects" if self.is_remote else "is no folder"
            raise LakeNotFound(
                f"opening the lake: {self.root} {what}. Run `healthlake demo`, or make a lake with"
                " `healthlake land PATH --dt YYYY-MM-DD`, or name one that exists (HEALTHLAKE_LAKE, --lake)."
            )

    def raw(self, source: str = DEFAULT_SOURCE) -> LakePath:
        return self.root / "raw" / source

    def drop(self, day: datetime.date, source: str = DEFAULT_SOURCE) -> LakePath:
        return self.raw(source) / f"{DT}={day.isoformat()}"

    def revisions(self, day: datetime.date | None = None, source: str = DEFAULT_SOURCE) -> LakePath:
        """What corrections took out of the drops, or out of the one of `day`."""
        folder = self.root / "raw" / "_revisions" / source
        return folder / f"{DT}={day.isoformat()}" if day else folder

    def table(self, contract: Contract) -> LakePath:
        return self.root / contract.folder

    def partition(self, contract: Contract, day: datetime.date) -> LakePath:
        return self.table(contract) / f"{DT}={day.isoformat()}"

    @property
    def work(self) -> Path:
        """The folder on this machine for what is not data: the lake's own, or of a lake on S3 one below
        HEALTHLAKE_HOME (~/.healthlake)."""
        if isinstance(self.root, Path):
            return self.root
        home = os.environ.get(HOME_VARIABLE) or "~/.healthlake"
        return Path(home).expanduser().absolute() / self.root.bucket / self.root.key

    @property
    def catalog(self) -> Path:
        """The catalog's file, of a lake in a folder."""
        return self.work / "catalog.db"

    @property
    def locks(self) -> Path:
        return self.work / ".locks"

    @property
    def scratch(self) -> Path:
        return self.work / ".scratch"

    @property
    def dagster_home(self) -> Path:
        return self.work / ".dagster"
