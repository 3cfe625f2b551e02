"""The demo's drops in every table, twice: as DuckDB made them in a folder, and the same rows in Iceberg
tables of moto's Glue and S3."""

from __future__ import annotations

import shutil
from pathlib import Path

from healthlake.contracts.model import Layer
from healthlake.contracts.registry import TABLES
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path, make_folder
from healthlake.lake.raw import land
from healthlake.lake.s3 import S3Path
from healthlake.lake.table_version import Version
from tests.conftest import REPOSITORY
from tests.world import World, day

DAYS = (day(1), day(2), day(3))
BUCKET = "trino-lakes"


def glue_lake(database: str = "healthlake") -> LakeCatalog:
    """A lake of its own on the emulator's S3, which this process takes for AWS."""
    place = lake_path(f"s3://{BUCKET}/{database}")
    catalog = LakeCatalog(LakeLayout(place), database)
    make_folder(catalog.layout.raw())
    return catalog


def land_demo(catalog: LakeCatalog) -> None:
    """Lands the demo's raw drops."""
    for on in DAYS:
        land(catalog.layout, [REPOSITORY / "demo" / "drops" / f"dt={on}"], on)


def fill_demo(root: Path) -> World:
    """The demo's three days in every table of a lake in `root`."""
    world = World(root)
    shutil.copytree(REPOSITORY / "demo" / "drops", world.layout.drop(DAYS[0]).parent, dirs_exist_ok=True)
    world.run(*DAYS)
    report = world.gold(*DAYS)
    assert not report.faults, report.faults
    return world


def copy_tables(world: World, to: LakeCatalog, gold: bool = True) -> None:
    """Every table with its files as they are, and what days were computed from; those of gold are left out
    where they aren't wanted."""
    for contract in TABLES.values():
        if contract.layer is Layer.GOLD and not gold:
            continue
        to.create(contract)
        version = world.catalog.version(contract)
        placed = []
        for file in version.files if version else ():
            path = to.layout.partition(contract, file.day) / Path(file.path).name
            assert isinstance(path, S3Path)
            path.write_bytes(Path(file.path).read_bytes())
            placed.append((str(path), file.rows))
        if placed:
            to.commit(contract, Version(None, {}, ()), (), placed, {})
        told = world.catalog.properties(contract)
        to.set_properties(
            contract, {name: text for name, text in told.items() if name.startswith("healthlake.")}
        )
