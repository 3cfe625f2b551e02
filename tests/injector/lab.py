"""What a kind of defect is, and how records are chosen for it: each at most once a run, always the same."""

from __future__ import annotations

import copy
import datetime
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.injector.drops import LAST, DropFile, Record

SHARE = 0.01
"""So many of a type's records of a day get a kind, but at least LEAST."""

LEAST = 5

Resource = dict[str, Any]
Injected = Sequence[Record | DropFile | datetime.date]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect. Kinds of one `run` are put into the same three days.

    `found_by` are rules, quarantine reasons and counts, as measure.py names them, that should find it; each
    injected defect is looked up by its file and position, or, where a kind is `counted`, the counts of the
    injected drop are compared with those of the clean one. A `structural` kind must be found every time.
    """

    name: str
    does: str
    run: str
    inject: Callable[[Lab], Injected]
    found_by: tuple[str, ...]
    structural: bool = False
    counted: bool = False
    note: str = ""


class Lab:
    """The drops of one run, and what kinds need to spoil them. Gold is computed for the days `asked`."""

    def __init__(
        self,
        files: list[DropFile],
        days: Sequence[datetime.date],
        asked: Sequence[datetime.date] | None = None,
    ) -> None:
        self.files = files
        self.days = list(days)
        self.asked = self.days if asked is None else list(asked)
        self.random = random.Random()  # noqa: S311 - the same choice each time is what is wanted

    def inject(self, kind: Kind) -> Injected:
        """Puts the kind in, with a choice that depends on its name alone."""
        self.random.seed(kind.name)
        return kind.inject(self)

    def records(self, resource_type: str, on: datetime.date = LAST) -> Iterator[Record]:
        return (r for file in self.files if file.day == on for r in file.records if r.type == resource_type)

    def take(
        self,
        resource_type: str,
        applies: Callable[[Record], bool] = lambda record: True,
        on: datetime.date = LAST,
    ) -> list[Record]:
        """Records that no other kind has, and none will."""
        free = [r for r in self.records(resource_type, on) if not r.is_taken and applies(r)]
        number = max(LEAST, round(SHARE * len(list(self.records(resource_type, on)))))
        assert len(free) >= number, f"{len(free)} {resource_type} left, {number} wanted"
        chosen = self.random.sample(free, number)
        for record in chosen:
            record.is_taken = True
        return chosen

    def take_files(self, applies: Callable[[DropFile], bool]) -> list[DropFile]:
        """Files of the last day that nothing else was done to."""
        free = [
            file
            for file in self.files
            if file.day == LAST
            and file.records
            and applies(file)
            and not any(record.is_taken for record in file.records)
        ]
        assert len(free) >= LEAST, f"{len(free)} files left"
        chosen = self.random.sample(free, LEAST)
        for file in chosen:
            for record in file.records:
                record.is_taken = True
        return chosen

    def add(self, beside: Record, resource: Resource) -> Record:
        """A further record at the end of the file of another one."""
        added = Record(beside.file, resource, copy.deepcopy(beside.envelope), is_taken=True)
        beside.file.records.append(added)
        return added

    def patient_of(self, record: Record) -> Record:
        """The Patient that a record of the last day is about."""
        named = patient_id(record.resource)
        return next(each for each in self.records("Patient") if each.resource.get("id") == named)


def patient_id(resource: Resource) -> str:
    return str(resource["subject"]["reference"]).removeprefix("urn:uuid:").removeprefix("Patient/")


def each(
    types: str, change: Callable[[Resource], object], applies: Callable[[Resource], bool] = lambda r: True
) -> Callable[[Lab], Injected]:
    """Changes some resources of each of `types` (joined by a blank) in place."""

    def inject(lab: Lab) -> Injected:
        chosen = [
            record for name in types.split() for record in lab.take(name, lambda r: applies(r.resource))
        ]
        for record in chosen:
            change(record.resource)
        return chosen

    return inject
