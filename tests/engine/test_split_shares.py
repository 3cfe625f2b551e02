"""A drop split by several processes gives what one gives; nothing is left behind where one of them fails."""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.engine import split_shares
from healthlake.errors import EngineError, HealthlakeError
from healthlake.lake.raw import drop_files
from tests.world import World, day, observation, patient


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(split_shares, "WORTH_A_PROCESS", 1)
    with World(tmp_path / "lake", in_memory=True) as made:
        for number in range(5):
            people = [patient(f"p{number}"), observation(f"o{number}", f"p{number}", float(number))]
            made.put_resources(day(1), f"{number}.ndjson", people)
        made.put(day(1), "broken.ndjson", b"{\n")
        yield made


def split(world: World, processes: int, said: list[tuple[int, int]] | None = None) -> dict[str, list[str]]:
    """Rows of every bronze table as text, in an order of their own; the files are removed."""
    said = [] if said is None else said
    found = split_shares.split_drop(
        world.layout, day(1), drop_files(world.layout, day(1)), processes, lambda *done: said.append(done)
    )
    rows = {}
    for name, staged in found.items():
        world.engine.relate(staged.relation, staged.contract, [path for path, _ in staged.files])
        rows[name] = sorted(map(repr, world.engine.rows(f"SELECT * FROM {staged.relation}")))
        assert len(rows[name]) == staged.rows
    world.engine.discard(found.values())
    return rows


def left(world: World) -> list[Path]:
    return [path for table in BRONZE_TABLES for path in world.layout.table(table).rglob("*.parquet")]


@pytest.mark.parametrize("processes", [2, 3])
def test_shares_give_the_rows_of_one_process_and_the_sum_of_their_progress(
    world: World, processes: int
) -> None:
    said: list[tuple[int, int]] = []
    assert split(world, processes, said) == split(world, 1)
    assert said[-1] == (sum(file.size_bytes for file in drop_files(world.layout, day(1))), 11)


def test_one_content_in_two_shares_is_split_once(world: World) -> None:
    world.put(day(1), "again/0.ndjson", (world.layout.drop(day(1)) / "0.ndjson").read_bytes())
    found = split(world, 4)
    assert found == split(world, 1)
    assert sum("True" in row for row in found["bronze_file"]) == 1


def test_shares_know_what_a_manifest_in_another_share_says(world: World) -> None:
    told = {"transactionTime": "2026-01-01T00:00:00Z", "output": [{"url": "https://a/0.ndjson", "count": 3}]}
    deletion = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "Patient/p1"}}]}
    world.put_resources(day(1), "deleted/1.ndjson", [deletion])
    world.put(day(1), "manifest.json", json.dumps(told).encode())
    found = split(world, 8)
    assert found == split(world, 1)
    assert "2026, 1, 1, 0, 0" in found["bronze_deletion"][0]
    assert sum(row.endswith(", 3, 0)") for row in found["bronze_file"]) == 1


@pytest.mark.parametrize("name", [f"{number}.ndjson" for number in range(5)])
def test_a_share_that_fails_ends_the_others_and_leaves_nothing(
    world: World, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    files = drop_files(world.layout, day(1))
    (world.layout.drop(day(1)) / name).unlink()
    with pytest.raises(HealthlakeError, match=r"failed|can.t be read"):
        split_shares.split_drop(world.layout, day(1), files, 3, lambda *done: None)
    assert left(world) == []
    # A worker's own word would have the file's name, which may be a patient's.
    assert capfd.readouterr().err == ""


def test_a_process_that_cannot_be_started_ends_those_that_were(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []

    class Popen(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            if started:
                raise OSError(errno.ENOMEM, "no memory")
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(split_shares.subprocess, "Popen", Popen)
    with pytest.raises(OSError, match="no memory"):
        split_shares.split_drop(world.layout, day(1), drop_files(world.layout, day(1)), 3, lambda *done: None)
    assert [process.poll() is not None for process in started] == [True]
    assert left(world) == []


def test_a_worker_tells_the_class_of_a_failure_and_nothing_else(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    blocked = world.layout.partition(BRONZE_TABLES[0], day(1))
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("no folder", "utf-8")
    worker = split_shares._Worker(lambda *done: None)
    worker.begin(world.layout, day(1), drop_files(world.layout, day(1)), {})
    with pytest.raises(EngineError, match=r"failed \(FileExistsError\)"):
        worker.result()
    worker.stop(world.layout, day(1))
    assert capfd.readouterr().err == ""
