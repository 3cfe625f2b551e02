"""Law 6 at any moment, on Spark: the scripts that fill bronze and silver are killed with their JVM, readers
meanwhile never see half a day, and a rerun ends in the tables of scripts that were not killed.

A quarter of an hour long, so only `make test-kills` does it, ten times.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthlake.contracts.model import Kind
from healthlake.contracts.registry import TABLES
from healthlake.lake.layout import LakeLayout
from tests.dagster.live import session, wait_until
from tests.glue_scripts.test_scripts import BRONZE, SILVER, command
from tests.laws.test_killed import fill
from tests.laws.test_sigkill import DAYS, Counts, counts
from tests.world import Rows, World

KILLS = int(os.environ.get("SPARK_KILLS", "0"))

LAST_LOCK = {BRONZE: "bronze_quarantine.lock", SILVER: "silver_reconciliation.lock"}
"""Of the locks that a script takes before it works, the last."""

LAYER = {BRONZE: "bronze_", SILVER: "silver_"}

pytestmark = pytest.mark.skipif(not KILLS, reason="make test-kills")


class Script:
    """A script at work on all days of the lake at `root`, its JVM and Python workers in its session."""

    def __init__(self, name: str, root: Path) -> None:
        days = ("--partition-start", DAYS[0].isoformat(), "--partition-end", DAYS[-1].isoformat())
        self.log = root.with_name(f"{name}.log")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603
                command(name, "--lake", str(root), *days), start_new_session=True, stdout=out, stderr=out
            )
        self.started = time.monotonic()

    def seen(self, root: Path, until: float) -> list[Counts]:
        """What a reader saw of the lake, look after look, until the script ended or `until` came."""
        looks = []
        while time.monotonic() < until and self.process.poll() is None:
            looks.append(counts(root))
        return looks

    def end(self) -> None:
        """Waits until all of it has ended by itself; the JVM may write its archive of classes when Python is
        gone, and to be killed there makes each start slow."""
        assert self.process.wait() == 0, self.log.read_text()
        wait_until("the JVM to end", lambda: not session(self.process.pid), 60)

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *exc: object) -> None:
        """Kills the whole process group. Spark's Python daemon has one of its own, and ends with the JVM."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until("Java and all else to be gone", lambda: not session(self.process.pid), 20)


def finish(name: str, root: Path) -> None:
    with Script(name, root) as script:
        script.end()


@dataclass(frozen=True)
class Unkilled:
    """What the scripts came to, and the seconds after its start when a script began to work and ended."""

    seconds: dict[str, tuple[float, float]]
    counts: Counts
    tables: dict[str, Rows]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> Unkilled:
    root = tmp_path_factory.mktemp("unkilled") / "lake"
    with World(root) as world:
        fill(world)
    seconds = {}
    for name in (BRONZE, SILVER):
        with Script(name, root) as script:
            lock = LakeLayout(root).locks / LAST_LOCK[name]
            wait_until("the script to work", lock.exists, 120)
            began = time.monotonic() - script.started
            # As below: a reader takes part of a processor.
            script.seen(root, math.inf)
            ended = time.monotonic() - script.started
            script.end()
        seconds[name] = (began, ended)
    with World(root) as world:
        assert not world.gold(*DAYS).faults
        return Unkilled(seconds, counts(root), dict(world.tables()))


@pytest.mark.parametrize("seed", range(KILLS))
def test_scripts_that_are_killed_at_any_moment_are_made_good_by_a_rerun(
    tmp_path: Path, unkilled: Unkilled, seed: int, record_property: pytest.RecordProperty
) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for security
    root = tmp_path / "lake"
    with World(root) as world:
        fill(world)
    killed = (BRONZE, SILVER)[seed % 2]
    if killed == SILVER:
        finish(BRONZE, root)
    began, ended = unkilled.seconds[killed]
    with Script(killed, root) as script:
        moment = script.started + chance.uniform(began, ended)
        looks = script.seen(root, moment)
    left = counts(root)
    for seen in [*looks, left]:
        for name, contract in TABLES.items():
            if contract.kind is Kind.DAILY:
                assert seen[name].items() <= unkilled.counts[name].items(), name
    changed = sum(1 for name in TABLES if left[name] and name.startswith(LAYER[killed]))
    seconds = moment - script.started
    record_property("killed", f"{killed} after {seconds:.1f} s, {len(looks)} looks, {changed} tables changed")
    for name in (BRONZE, SILVER):
        finish(name, root)
    with World(root) as world:
        assert not world.gold(*DAYS).faults
        assert world.tables() == unkilled.tables
        for name, contract in TABLES.items():
            named = world.catalog.named_files(contract)
            lying = (path for path in world.layout.table(contract).rglob("*") if path.is_file())
            assert [path.name for path in lying if str(path) not in named] == [], name
    assert list((root / ".scratch").iterdir()) == []
