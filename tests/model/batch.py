"""Many histories in one lake: runs them step by step and compares every row with the reference model."""

from __future__ import annotations

import datetime
import random
import shutil
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from healthlake.checks.policy import Policy
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import EngineError
from healthlake.gold import materialize_gold
from healthlake.gold_source import gold_source
from healthlake.lake.revisions import replace, withdraw
from healthlake.report import JobReport, Listener
from tests.memory_catalog import MemoryCatalog
from tests.model.dashboard import dashboard
from tests.model.histories import DAYS, KINDS, Delivery, History, generated
from tests.model.reference import COLLAPSED, COLUMNS, CURRENT, DASHBOARD, Model, Row
from tests.world import SQL, World, day

Worlds = Callable[[], AbstractContextManager[World]]


@dataclass(frozen=True, slots=True)
class Step:
    """Materializes bronze of `days`, and silver of them for the resource types `kinds`.

    The current table `cut` can't be written, as if the run was killed between two commits. Afterwards all but
    the latest snapshot of each table are gone where it `expires`.
    """

    days: tuple[int, ...]
    kinds: tuple[str, ...] = KINDS
    cut: str | None = None
    expires: bool = False


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
    """`number` histories, and a schedule that ends with all days, in any order."""
    rng = random.Random(seed)  # noqa: S311 - not for security
    schedule = [_step(rng) for _ in range(steps - 1)]
    last = Step(tuple(rng.sample(DAYS, len(DAYS))))
    return Batch((*schedule, last), histories(str(seed), number, steps, 2))


def histories(seed: str, number: int, steps: int, most: int) -> tuple[History, ...]:
    """`number` histories of at most `most` deliveries a step."""
    return tuple(generated(f"{seed}.{n}", f"x{n}", steps, most) for n in range(number))


def _step(rng: random.Random) -> Step:
    """Mostly a day or two; mostly all types."""
    days = rng.sample(DAYS, rng.choice((1, 1, 2, 3)))
    kinds = rng.sample(KINDS, rng.choice((0, 1, 2))) if rng.random() < 0.2 else KINDS
    cut = rng.choice((*CURRENT.values(), COLLAPSED)) if rng.random() < 0.25 else None
    return Step(tuple(days), tuple(kinds), cut, rng.random() < 0.25)


def difference(tried: Batch, worlds: Worlds) -> str | None:
    """The first step whose tables are not the model's, and how they differ; None where all are."""
    with worlds() as world:
        model = Model()
        last = len(tried.schedule) - 1
        for number, step in enumerate(tried.schedule):
            deliveries = [each for history in tried.histories for each in history if each.step == number]
            for on in sorted({each.day for each in deliveries}):
                _deliver(world, model, day(on), [each for each in deliveries if each.day == on])
            found = _materialize(world, model, step) if step.days else None
            found = found or _silver_difference(world, model, _behind(tried.schedule[: number + 1]))
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
    reports = [world.bronze(*days)]
    if types:
        with cut(world, step.cut):
            reports.append(world.silver(*days, types=types))
    if step.expires:
        assert isinstance(world.catalog, MemoryCatalog)
        world.catalog.forget()
    return _faults(reports, step.cut)


@contextmanager
def cut(world: World, table: str | None) -> Iterator[None]:
    """The engine fails when it comes to writing the current table `table`; earlier commits stay."""
    merge = world.engine.merge

    def failing(contract: Contract, *args: Any) -> Any:
        if contract.name == table:
            raise EngineError(f"writing {table}: cut by the test")
        return merge(contract, *args)

    world.engine.merge = failing  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.engine.merge = merge  # type: ignore[method-assign]


def _behind(steps: Sequence[Step]) -> set[str]:
    """The current tables that a cut has left behind their history."""
    behind: set[str] = set()
    for step in steps:
        for kind in step.kinds:
            tables = [CURRENT[kind], *([COLLAPSED] if kind == "Observation" else [])]
            done = tables.index(step.cut) if step.cut in tables else len(tables)
            behind = (behind - set(tables[:done])) | set(tables[done:])
    return behind


def _faults(reports: Iterable[JobReport], cut: str | None = None) -> str | None:
    faults = [fault for report in reports for fault in report.faults if fault.table != cut]
    return f"{faults[0].table} of {faults[0].day}: {faults[0].error}" if faults else None


def _silver_difference(world: World, model: Model, behind: Container[str]) -> str | None:
    expected = [(table, rows) for table, rows in model.rows().items() if table not in behind]
    found = (_compared(table, rows, _rows(world, table)) for table, rows in expected)
    return next(filter(None, found), None)


def _gold_difference(world: World, model: Model) -> str | None:
    """Gold is DuckDB's, also of what Spark wrote."""
    contract = TABLES[DASHBOARD]
    days = [day(number) for number in DAYS]
    with DuckDBEngine(world.catalog) as engine:
        source = gold_source(SQL, contract, Policy())
        report = materialize_gold(engine, world.catalog, contract, source, days, Listener())
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
