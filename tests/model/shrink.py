"""The smallest batch that still fails, for a person to read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.model.batch import Batch, Step
from tests.model.histories import Entry

T = TypeVar("T")
Fails = Callable[[Batch], bool]


def smallest(failing: Batch, fails: Fails) -> Batch:
    """Leaves out what can be left out: histories, deliveries, entries of files, steps."""
    schedule = failing.schedule
    histories = fewest(failing.histories, lambda some: fails(Batch(schedule, tuple(some))))
    deliveries = [delivery for history in histories for delivery in history]
    few = fewest(deliveries, lambda some: fails(Batch(schedule, (tuple(some),))))
    return _fewer_steps(_fewer_entries(Batch(schedule, (tuple(few),)), fails), fails)


def fewest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Few of `items` that still fail: leaves out halves, quarters, …, single ones."""
    size = len(items) // 2
    while size:
        start = 0
        while start < len(items):
            rest = [*items[:start], *items[start + size :]]
            if fails(rest):
                items = rest
            else:
                start += size
        size //= 2
    return items


def _fewer_entries(failing: Batch, fails: Fails) -> Batch:
    for number, delivery in enumerate(failing.histories[0]):
        if delivery.file is None:
            continue

        def tried(some: Sequence[Entry], number: int = number, batch: Batch = failing) -> bool:
            return bool(some) and fails(_with(batch, number, some))

        failing = _with(failing, number, fewest(delivery.file.entries, tried))
    return failing


def _with(batch: Batch, number: int, entries: Sequence[Entry]) -> Batch:
    """The batch of one history whose delivery of that number has `entries`."""
    (history,) = batch.histories
    file = history[number].file
    assert file is not None
    made = dataclasses.replace(history[number], file=dataclasses.replace(file, entries=tuple(entries)))
    return Batch(batch.schedule, ((*history[:number], made, *history[number + 1 :]),))


def _fewer_steps(failing: Batch, fails: Fails) -> Batch:
    """Steps that aren't needed materialize nothing; the last one stays."""
    for number in range(len(failing.schedule) - 1):
        schedule = (*failing.schedule[:number], Step((), ()), *failing.schedule[number + 1 :])
        fewer = Batch(schedule, failing.histories)
        failing = fewer if fails(fewer) else failing
    return failing
