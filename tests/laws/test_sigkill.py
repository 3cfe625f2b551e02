"""Law 6 at any moment: a process that fills all layers is killed, readers meanwhile never see half a day, and
runs of the days in any order end in the tables of a process that was not killed.

`make test-kills` does it a hundred times on the demo's drops.
"""

from __future__ import annotations

import datetime
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from healthlake.contracts.model import Kind
from healthlake.contracts.registry import TABLES
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from tests.conftest import REPOSITORY
from tests.laws.test_killed import fill
from tests.world import World, day

KILLS = int(os.environ.get("KILLS", "5"))
DEMO = os.environ.get("KILL_DROPS") == "demo"
DAYS = [day(1), day(2), day(3)]

Counts = dict[str, dict[datetime.date, int]]


def land(root: Path) -> None:
    """The drops of three days: the demo's, or a few resources whose versions follow each other."""
    with World(root) as world:
        if not DEMO:
            fill(world)
            return
    for drop in (REPOSITORY / "demo" / "drops").iterdir():
        shutil.copytree(drop, LakeLayout(root).raw() / drop.name)


def work(root: Path, at_work: Connection) -> None:
    """In a process of its own: all layers of all days. Tells when it starts."""
    with World(root) as world:
        at_work.send("started")
        world.run(*DAYS)
        assert not world.gold(*DAYS).faults
        at_work.send("done")


class Worker:
    """A process that fills the lake at `root`."""

    def __init__(self, root: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.messages, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(root, theirs))
        self.process.start()
        theirs.close()
        assert self.messages.recv() == "started"
        self.started = time.monotonic()

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


def counts(root: Path) -> Counts:
    """Rows of each table and day, as a reader finds them now."""
    catalog, found = LakeCatalog(LakeLayout(root), "healthlake"), {}
    for name, contract in TABLES.items():
        version = catalog.version(contract)
        of_table: Counter[datetime.date] = Counter()
        for file in version.files if version else ():
            assert Path(file.path).exists(), name
            of_table[file.day] += file.rows
        found[name] = dict(of_table)
    return found


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Counts, dict[str, object]]:
    """Seconds of a run to its end, what it came to by day, and every row."""
    root = tmp_path_factory.mktemp("unkilled") / "lake"
    land(root)
    worker = Worker(root)
    assert worker.messages.recv() == "done"
    seconds = time.monotonic() - worker.started
    worker.process.join()
    with World(root) as world:
        return seconds, counts(root), dict(world.tables())


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_that_is_killed_at_any_moment_is_made_good(
    tmp_path: Path, unkilled: tuple[float, Counts, dict[str, object]], seed: int
) -> None:
    seconds, whole, expected = unkilled
    chance = random.Random(seed)  # noqa: S311 - not for security
    root = tmp_path / "lake"
    land(root)
    worker = Worker(root)
    moment = worker.started + chance.random() * seconds
    while time.monotonic() < moment and worker.process.is_alive():
        seen = counts(root)
        for name, contract in TABLES.items():
            if contract.kind is Kind.DAILY:
                assert seen[name].items() <= whole[name].items(), name
    worker.kill()
    for number in chance.sample(range(3), 3):
        with World(root) as world:
            world.run(DAYS[number])
    with World(root) as world:
        assert not world.gold(*DAYS).faults
        assert world.tables() == expected
        named = {name: world.catalog.named_files(contract) for name, contract in TABLES.items()}
        for name, contract in TABLES.items():
            lying = (path for path in world.layout.table(contract).rglob("*") if path.is_file())
            assert [path.name for path in lying if str(path) not in named[name]] == [], name
