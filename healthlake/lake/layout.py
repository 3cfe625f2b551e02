"""Where things lie in a lake. Paths only: nothing here reads or writes a file.

<root>/raw/synthea_fhir/dt=2026-01-01/…   drops as delivered
<root>/raw/_revisions/synthea_fhir/dt=…/1/…   what a correction took out of a drop
<root>/bronze/patient/dt=2026-01-01/…     data files of bronze_patient; metadata/ lies beside dt=…
<root>/reports/data_quality.html          the data-quality page
<root>/catalog.db                         the Iceberg catalog (SQLite)
<root>/.locks  .scratch  .dagster         writers' locks, spill of running engines, Dagster's own storage
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from healthlake.contracts.model import DT, Contract
from healthlake.errors import LakeNotFound

DEFAULT_SOURCE = "synthea_fhir"


@dataclass(frozen=True, slots=True)
class LakeLayout:
    """The paths of the lake at `root`, a local folder; a relative one is taken from the current folder."""

    root: Path

    def __post_init__(self) -> None:
        # Iceberg keeps whole paths, and the next process may start elsewhere.
        object.__setattr__(self, "root", self.root.absolute())

    def require(self) -> None:
        """`LakeNotFound` where there is no lake: an unmounted one must not look like an empty one."""
        if not self.root.is_dir():
            raise LakeNotFound(
                f"opening the lake: {self.root} is no folder. Run `healthlake demo`, or make a lake with"
                " `healthlake land PATH --dt YYYY-MM-DD`, or name one that exists (HEALTHLAKE_LAKE, --lake)."
            )

    def raw(self, source: str = DEFAULT_SOURCE) -> Path:
        return self.root / "raw" / source

    def drop(self, day: datetime.date, source: str = DEFAULT_SOURCE) -> Path:
        return self.raw(source) / f"{DT}={day.isoformat()}"

    def revisions(self, day: datetime.date | None = None, source: str = DEFAULT_SOURCE) -> Path:
        """What corrections took out of the drops, or out of the one of `day`."""
        folder = self.root / "raw" / "_revisions" / source
        return folder / f"{DT}={day.isoformat()}" if day else folder

    def table(self, contract: Contract) -> Path:
        return self.root / contract.folder

    def partition(self, contract: Contract, day: datetime.date) -> Path:
        return self.table(contract) / f"{DT}={day.isoformat()}"

    @property
    def catalog(self) -> Path:
        return self.root / "catalog.db"

    @property
    def locks(self) -> Path:
        return self.root / ".locks"

    @property
    def scratch(self) -> Path:
        return self.root / ".scratch"

    @property
    def dagster_home(self) -> Path:
        return self.root / ".dagster"
