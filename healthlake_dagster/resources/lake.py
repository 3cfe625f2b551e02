"""The lake of the deployment: its layout and its Iceberg catalog."""

from __future__ import annotations

from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake_dagster.settings import Settings


class LakeResource:
    """Where the lake is. Opens nothing until it is asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.layout = LakeLayout(settings.lake)

    def require(self) -> None:
        """`LakeNotFound` where there is no lake: an unmounted one must not look like an empty one."""
        self.layout.require()

    def catalog(self) -> LakeCatalog:
        """The tables of the lake, which must be there."""
        self.require()
        return LakeCatalog(self.layout, self.settings.database)
