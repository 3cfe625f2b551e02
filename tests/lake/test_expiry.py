"""Old snapshots and unnamed files go at the end of a run; what is needed stays."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.contracts.gold import GOLD_POPULATION_SUMMARY
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.lake import expiry
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.expiry import expire, tag_days
from healthlake.lake.scratch import oldest_start, scratch_folder
from tests.world import World, day, patient

KEPT = 2
"""In place of ten: a run takes a second."""

HISTORY, CURRENT = TABLES["silver_patient_history"], TABLES["silver_dim_patient"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(expiry, "KEPT_SNAPSHOTS", KEPT)
    with World(tmp_path / "lake") as made:
        yield made


def change(world: World, times: int) -> None:
    """Runs the first day so often, each time with one file more. Each run has an engine of its own, as a
    step has."""
    for number in range(times):
        world.put_resources(day(1), f"{time.monotonic_ns()}.ndjson", [patient(f"p{number}", active=True)])
        with World(world.layout.root) as run:
            run.run(day(1))


def to_and_fro(catalog: LakeCatalog, contract: Contract, times: int) -> None:
    """Empties the table and fills it again so often: two snapshots that change rows each time."""
    for _ in range(times):
        base = catalog.version(contract)
        assert base is not None
        files = [(file.path, file.rows) for file in base.files]
        emptied = catalog.commit(contract, base, [path for path, _ in files], [], {})
        catalog.commit(contract, emptied, [], files, {})


def unnamed(world: World, table: str = "silver_patient_history") -> list[Path]:
    contract = TABLES[table]
    named = LakeCatalog(world.layout, "healthlake").named_files(contract)
    return [p for p in world.layout.table(contract).rglob("*") if p.is_file() and str(p) not in named]


def test_the_last_snapshots_are_kept_and_no_file_is_left_that_none_names(world: World) -> None:
    world.engine.close()
    change(world, KEPT + 3)
    for name in ("bronze_patient", "silver_patient_history", "silver_dim_patient", "silver_reconciliation"):
        # One more is kept: it was current when the last engine started.
        assert len(world.catalog.snapshots(TABLES[name])) in (KEPT, KEPT + 1), name
        assert unnamed(world, name) == []
    with World(world.layout.root) as read:
        assert len(read.rows("silver_dim_patient")) == KEPT + 3


def test_a_file_that_a_killed_run_left_goes_with_the_next_run(world: World) -> None:
    change(world, 1)
    left = world.layout.partition(HISTORY, day(1)) / "left.parquet"
    left.write_bytes(b"half")
    change(world, 1)
    assert not left.exists()


def test_a_snapshot_that_a_current_table_was_derived_from_is_kept(world: World) -> None:
    world.engine.close()
    change(world, 1)
    derived = world.catalog.version(CURRENT)
    assert derived is not None
    recorded = int(derived.properties["healthlake.derived-from.silver_patient_history"])
    with World(world.layout.root) as run:
        to_and_fro(run.catalog, HISTORY, KEPT + 2)
    expire(world.catalog, HISTORY, [CURRENT])
    kept = [number for number, _ in world.catalog.snapshots(HISTORY)]
    assert recorded in kept
    assert len(kept) == KEPT + 1


def test_what_an_engine_at_work_may_read_is_kept(world: World) -> None:
    change(world, 1)
    with World(world.layout.root) as reader:
        reader.engine.read(CURRENT, name="opened")
        before = reader.engine.rows("SELECT * FROM opened")
        change(world, KEPT + 3)
        assert reader.engine.rows("SELECT * FROM opened") == before


def test_since_when_the_lake_is_at_work(tmp_path: Path) -> None:
    assert oldest_start(tmp_path) is None
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    with scratch_folder(tmp_path):
        found = oldest_start(tmp_path)
        assert found is not None
        assert started < found < started + datetime.timedelta(seconds=60)
    assert oldest_start(tmp_path) is None


def test_a_gold_day_stays_readable_by_its_tag_until_that_is_too_old(world: World) -> None:
    world.engine.close()
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    with World(world.layout.root) as run:
        run.run(day(1))
        assert not run.gold(day(1)).faults
    tagged = world.catalog.version(GOLD_POPULATION_SUMMARY)
    assert tagged is not None
    assert tagged.snapshot_id is not None
    to_and_fro(world.catalog, GOLD_POPULATION_SUMMARY, KEPT + 2)
    expire(world.catalog, GOLD_POPULATION_SUMMARY)
    assert world.catalog.version(GOLD_POPULATION_SUMMARY, tagged.snapshot_id) == tagged
    tag_days(world.catalog, GOLD_POPULATION_SUMMARY, [day(1)], datetime.timedelta(milliseconds=1))
    tag_days(world.catalog, GOLD_POPULATION_SUMMARY, [day(2)], datetime.timedelta(days=1))
    expire(world.catalog, GOLD_POPULATION_SUMMARY)
    assert world.catalog.version(GOLD_POPULATION_SUMMARY, tagged.snapshot_id) is None


def test_re_deliveries_push_no_earlier_state_out(world: World) -> None:
    world.engine.close()
    change(world, KEPT)
    states = {number for number, _ in world.catalog.snapshots(CURRENT)[-KEPT:]}
    for number in range(2, KEPT + 4):
        world.put_resources(day(number), "again.ndjson", [patient("p0", active=True)])
        with World(world.layout.root) as run:
            run.run(day(number))
    kept = [number for number, _ in LakeCatalog(world.layout, "healthlake").snapshots(CURRENT)]
    assert states <= set(kept)
    # The current one says what the table is derived from; one more was current when the last engine started.
    assert len(kept) <= KEPT + 2
