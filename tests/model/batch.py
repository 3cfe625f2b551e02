"""Many histories in one lake: runs them step by step and compares every row with the reference model."""

from __future__ import annotations

import datetime
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.gold import gold_sql, materialize_gold
from healthlake.lake.revisions import replace, withdraw
from healthlake.report import JobReport, Listener
from tests.model.dashboard import dashboard
from tests.model.histories import DAYS, KINDS, Delivery, History, generated
from tests.model.reference import COLUMNS, DASHBOARD, Model, Row
from tests.world import SQL, World, day

Worlds = Callable[[], AbstractContextManager[World]]


@dataclass(frozen=True, slots=True)
class Step:
    """Materializes bronze of `days`, and silver of them for the resource types `kinds`."""

    days: tuple[int, ...]
    kinds: tuple[str, ...] = KINDS


@dataclass(frozen=True, slots=True)
class Batch:
    """Histories of disjoint ids that share a schedule."""

    schedule: tuple[Step, ...]
    histories: tuple[History, ...]

    def __str__(self) -> str:
        lines = [f"  {number}: {step}" for number, step in enumerate(self.schedule)]
        lines += [f"  {each}" for history in self.histories for each in history]
        return "\n".join(lines)


def batch(seed: int, number: int, steps: int) -> Batch:
    """`number` histories and a schedule; its last step materializes all days, in any order."""
    rng = random.Random(seed)  # noqa: S311 - not for security
    schedule = [_step(rng) for _ in range(steps - 1)]
    last = Step(tuple(rng.sample(DAYS, len(DAYS))))
    return Batch((*schedule, last), tuple(generated(f"{seed}.{n}", f"x{n}", steps) for n in range(number)))


def _step(rng: random.Random) -> Step:
    """Mostly a day or two; mostly all types."""
    days = rng.sample(DAYS, rng.choice((1, 1, 2, 3)))
    kinds = rng.sample(KINDS, rng.choice((0, 1, 2))) if rng.random() < 0.2 else KINDS
    return Step(tuple(days), tuple(kinds))


def difference(tried: Batch, worlds: Worlds) -> str | None:
    """The first step whose tables are not the model's, and how they differ; None where all are."""
    with worlds() as world:
        model = Model()
        last = len(tried.schedule) - 1
        for number, step in enumerate(tried.schedule):
            deliveries = [each for history in tried.histories for each in history if each.step == number]
            for on in sorted({each.day for each in deliveries}):
                _deliver(world, model, day(on), [each for each in deliveries if each.day == on])
            found = _materialize(world, model, step) or _silver_difference(world, model)
            if number == last:
                found = found or _gold_difference(world, model)
            if found:
                return f"after step {number}: {found}"
    return None


def _deliver(world: World, model: Model, on: datetime.date, deliveries: Sequence[Delivery]) -> None:
    drop, folder = model.drops[on], world.layout.root / f"corrected-{on}"
    gone = [each.name for each in deliveries if each.file is None and each.name in drop]
    for name in gone:
        del drop[name]
    if gone:
        withdraw(world.layout, gone, on)
    for each in deliveries:
        if each.file is None:
            continue
        if each.name in drop:
            path = folder / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each.file.stored)
        else:
            world.put(on, each.name, each.file.stored)
        drop[each.name] = each.file
    if folder.is_dir():
        replace(world.layout, [folder], on)
        shutil.rmtree(folder)


def _materialize(world: World, model: Model, step: Step) -> str | None:
    days = [day(number) for number in step.days]
    types = [kind for kind in RESOURCE_TYPES if kind.name in step.kinds]
    model.materialize(days, step.kinds)
    reports = [world.bronze(*days)] + ([world.silver(*days, types=types)] if types else [])
    return _faults(reports)


def _faults(reports: Iterable[JobReport]) -> str | None:
    faults = [f"{fault.table} of {fault.day}: {fault.error}" for report in reports for fault in report.faults]
    return faults[0] if faults else None


def _silver_difference(world: World, model: Model) -> str | None:
    found = (_compared(table, rows, _rows(world, table)) for table, rows in model.rows().items())
    return next(filter(None, found), None)


def _gold_difference(world: World, model: Model) -> str | None:
    contract = TABLES[DASHBOARD]
    days = [day(number) for number in DAYS]
    report = materialize_gold(
        world.engine, world.catalog, contract, gold_sql(SQL, contract), days, Listener()
    )
    expected = [row for on in days for row in dashboard(model, on)]
    return _faults([report]) or _compared(DASHBOARD, expected, _rows(world, DASHBOARD))


def _rows(world: World, table: str) -> list[Row]:
    world.engine.read(TABLES[table], name="found_rows")
    return [tuple(row) for row in world.engine.rows(f"SELECT {', '.join(COLUMNS[table])} FROM found_rows")]


def _compared(table: str, expected: Sequence[Row], found: Sequence[Row]) -> str | None:
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if not missing and not extra:
        return None
    lines = [f"- {row}" for row in list(missing)[:3]] + [f"+ {row}" for row in list(extra)[:3]]
    return "\n".join([f"{table} {COLUMNS[table]}: - expected, + found", *lines])
