"""Where a lake's Iceberg catalog is kept: a SQLite file in the lake's folder, or the Glue Data Catalog of a
lake on S3. Which of them decides nothing else."""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from healthlake.aws import aws_endpoint, aws_region
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.errors import UsageError
from healthlake.lake.layout import LakeLayout

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

CATALOG_NAME = "glue_catalog"
"""One name on every engine: it is a key column in the catalog's SQLite file."""


class CatalogStore(Protocol):
    """A catalog of tables; nothing is opened before it is asked."""

    def open(self) -> Catalog:
        """PyIceberg's catalog."""

    def has_database(self) -> bool:
        """Whether the lake's database is there; reading makes none."""

    def make_database(self) -> None:
        """Makes the lake's database where it isn't there yet."""

    def metadata_location(self, contract: Contract) -> str | None:
        """Where the table's current metadata lies, asked anew; None where there is no such table."""

    def clear(self) -> None:
        """Takes all of the lake's tables out of the catalog, and touches none of their files."""


def catalog_store(layout: LakeLayout, database: str) -> CatalogStore:
    """The store of a lake's catalog."""
    return GlueStore(layout, database) if layout.is_remote else SqliteStore(layout, database)


class SqliteStore:
    """A SQLite file."""

    def __init__(self, layout: LakeLayout, database: str) -> None:
        self._layout = layout
        self._database = database
        self._catalog: Catalog | None = None

    def open(self) -> Catalog:
        if self._catalog is None:
            from pyiceberg.catalog.sql import SqlCatalog

            self._layout.require()
            catalog = SqlCatalog(
                CATALOG_NAME,
                uri=f"sqlite:///{self._layout.catalog}?timeout=60",
                warehouse=f"file://{self._layout.root}",
                schema_version="v1",
            )
            # Left to the garbage collector, its pool's connections are closed late, and Python 3.13 warns.
            weakref.finalize(self, catalog.engine.dispose)
            catalog.create_namespace_if_not_exists(self._database)
            self._catalog = catalog
        return self._catalog

    def has_database(self) -> bool:
        return True

    def make_database(self) -> None:
        """`open` made it."""

    def metadata_location(self, contract: Contract) -> str | None:
        """By the JDBC catalog's table, whose layout Iceberg specifies."""
        self.open()
        query = (
            "SELECT metadata_location FROM iceberg_tables "
            "WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?"
        )
        with contextlib.closing(sqlite3.connect(self._layout.catalog, timeout=60)) as connection:
            found = connection.execute(query, (CATALOG_NAME, self._database, contract.name)).fetchone()
        return found[0] if found else None

    def clear(self) -> None:
        self._catalog = None
        for path in (self._layout.catalog, *self._layout.work.glob(f"{self._layout.catalog.name}-*")):
            path.unlink(missing_ok=True)


class GlueStore:
    """The Glue Data Catalog of the account and region that boto3 finds."""

    def __init__(self, layout: LakeLayout, database: str) -> None:
        self._layout = layout
        self._database = database
        self._catalog: Any = None

    def open(self) -> Catalog:
        if self._catalog is None:
            try:
                from pyiceberg.catalog.glue import GlueCatalog
            except ImportError:
                raise UsageError(
                    "opening the Glue Data Catalog: boto3 is missing. Run pip install 'healthlake[aws]'."
                ) from None

            self._layout.require()
            self._catalog = GlueCatalog(CATALOG_NAME, **self._properties())
        found: Catalog = self._catalog
        return found

    def has_database(self) -> bool:
        return bool(self.open().namespace_exists(self._database))

    def make_database(self) -> None:
        # Asked first: a role may write tables, and make no database.
        if not self.has_database():
            self.open().create_namespace_if_not_exists(self._database)

    def metadata_location(self, contract: Contract) -> str | None:
        self.open()
        glue = self._catalog.glue
        try:
            found = glue.get_table(DatabaseName=self._database, Name=contract.name)
        except glue.exceptions.EntityNotFoundException:
            return None
        location: str | None = found["Table"].get("Parameters", {}).get("metadata_location")
        return location

    def clear(self) -> None:
        catalog = self.open()
        for name in TABLES:
            if catalog.table_exists((self._database, name)):
                catalog.drop_table((self._database, name))

    def _properties(self) -> dict[str, str]:
        found = {
            "warehouse": str(self._layout.root),
            "client.region": aws_region(),
            "s3.endpoint": aws_endpoint("s3"),
            "glue.endpoint": aws_endpoint("glue"),
        }
        return {name: value for name, value in found.items() if value}
