"""The lake of the deployment: its layout and its Iceberg catalog."""

from __future__ import annotations

from healthlake.errors import UsageError
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
        try:
            self.layout.work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if not self.layout.is_remote:
                raise
            raise UsageError(
                f"making the folder {self.layout.work}: {error.strerror}. HEALTHLAKE_HOME names the folder on"
                " this machine for locks, scratch and Dagster's storage; correct it."
            ) from None

    def catalog(self) -> LakeCatalog:
        """The tables of the lake, which must be there."""
        self.require()
        return LakeCatalog(self.layout, self.settings.database)
