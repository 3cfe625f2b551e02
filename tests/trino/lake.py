"""The demo's drops in every table, twice: as DuckDB made them in a folder, and the same rows in Iceberg
tables of moto's Glue and S3."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog

from healthlake.contracts.model import Contract, Layer
from healthlake.contracts.registry import TABLES
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from tests.aws_emulator import AwsEmulator
from tests.conftest import REPOSITORY
from tests.world import World, day

if TYPE_CHECKING:
    from pyiceberg.table import Table

DAYS = (day(1), day(2), day(3))
BUCKET = "lake"


class GlueLakeCatalog(LakeCatalog):
    """A lake whose raw drops lie in a folder, and whose tables lie in moto."""

    def __init__(self, root: Path, emulator: AwsEmulator, database: str = "healthlake") -> None:
        super().__init__(LakeLayout(root), database)
        self._emulator = emulator

    def _open(self) -> Any:
        if self._catalog is None:
            glue = _S3Glue(self._emulator, f"s3://{BUCKET}/{self.database}")
            glue.create_namespace_if_not_exists(self.database)
            self._catalog = glue  # type: ignore[assignment]
        return self._catalog

    def _load(self, contract: Contract) -> Table | None:
        if not self._open().table_exists((self.database, contract.name)):
            return None
        table: Table = self._open().load_table((self.database, contract.name))
        self._require_columns(table, contract)
        return table


class _S3Glue(GlueCatalog):
    """Makes tables on S3 where the layout says a folder."""

    def __init__(self, emulator: AwsEmulator, warehouse: str) -> None:
        keys = {"access-key-id": "testing", "secret-access-key": "testing", "region": "eu-central-1"}
        places = {f"{service}.endpoint": emulator.endpoint for service in ("s3", "glue")}
        named = {f"{service}.{name}": value for service in ("s3", "glue") for name, value in keys.items()}
        super().__init__("glue_catalog", warehouse=warehouse, **places, **named)
        self._warehouse = warehouse

    def create_table(self, identifier: Any, schema: Any, location: Any = None, **options: Any) -> Table:
        place = f"{self._warehouse}/{identifier[-1]}"
        properties = {**options.pop("properties"), "write.data.path": place}
        return super().create_table(identifier, schema, location=place, properties=properties, **options)


def fill_demo(root: Path) -> World:
    """The demo's three days in every table of a lake in `root`."""
    world = World(root)
    shutil.copytree(REPOSITORY / "demo" / "drops", world.layout.drop(DAYS[0]).parent, dirs_exist_ok=True)
    world.run(*DAYS)
    report = world.gold(*DAYS)
    assert not report.faults, report.faults
    return world


def copy_tables(world: World, to: GlueLakeCatalog, gold: bool = True) -> None:
    """Every table with its files as they are; those of gold are left out where they aren't wanted."""
    s3 = to._emulator.client("s3")
    for name, contract in TABLES.items():
        if contract.layer is Layer.GOLD and not gold:
            continue
        put_files(to, s3, contract, [file.path for file in _files(world.catalog, contract)], name)


def put_files(to: GlueLakeCatalog, s3: Any, contract: Contract, paths: list[str], prefix: str) -> None:
    """Appends Parquet files to a table of `to`, which is made where there is none."""
    to.create(contract)
    table = to._load(contract)
    assert table is not None
    placed = []
    for path in paths:
        key = f"{to.database}/{prefix}/{Path(path).parent.name}/{Path(path).name}"
        s3.upload_file(path, BUCKET, key)
        placed.append(f"s3://{BUCKET}/{key}")
    if placed:
        table.add_files(placed)


def put_rows(to: GlueLakeCatalog, contract: Contract, rows: pa.Table) -> None:
    """Appends rows."""
    to.create(contract)
    table = to._load(contract)
    assert table is not None
    table.append(rows)


def _files(catalog: LakeCatalog, contract: Contract) -> Any:
    version = catalog.version(contract)
    return version.files if version else ()
