"""Generated histories: what a feed delivers over some steps, as files and their corrections. A history is a
function of its seed and its prefix, which all its ids carry, so that many histories fit into one lake.

Knows what JSON a file holds and what a time's text means; knows nothing of tables.
"""

from __future__ import annotations

import datetime
import functools
import gzip
import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec

DAYS = (1, 2, 3, 4)
KINDS = ("Patient", "Encounter", "Observation")

TIMES: dict[str | None, datetime.datetime | None] = {
    None: None,
    "2025-12-31T23:00:00Z": datetime.datetime(2025, 12, 31, 23),
    "2026-01-01T01:00:00+02:00": datetime.datetime(2025, 12, 31, 23),
    "2026-01-02T12:00:00.5Z": datetime.datetime(2026, 1, 2, 12, 0, 0, 500_000),
    "2026-01-02T07:00:00.5000009-05:00": datetime.datetime(2026, 1, 2, 12, 0, 0, 500_000),
    "2026-01-02T12:00:00.500001Z": datetime.datetime(2026, 1, 2, 12, 0, 0, 500_001),
    "2026-01-03T00:00:00Z": datetime.datetime(2026, 1, 3),
    "2026-01-09T00:00:00+14:00": datetime.datetime(2026, 1, 8, 10),
    "2026-01-02": None,
    "2026-01-02T24:00:00Z": None,
    "2026-01-02T12:00:00": None,
    "yesterday": None,
}
"""Text -> the instant in UTC; None where it is no FHIR instant."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_NUMBERS = ("1.0", "1.00", "1", "2.5")


@dataclass(frozen=True, slots=True)
class Delete:
    """A Bundle entry that deletes; `modified` is response.lastModified."""

    kind: str
    key: str
    modified: str | None = None


Entry = dict[str, Any] | Delete


@dataclass(frozen=True)
class File:
    """What a file holds and how it is written: NDJSON, where a deletion is a Bundle of its own, or one
    Bundle."""

    entries: tuple[Entry, ...]
    is_bundle: bool = False
    is_pretty: bool = False
    is_reversed: bool = False
    is_packed: bool = False
    timestamp: str | None = None

    @property
    def ending(self) -> str:
        return (".json" if self.is_bundle else ".ndjson") + (".gz" if self.is_packed else "")

    @functools.cached_property
    def content(self) -> bytes:
        """The file's bytes, uncompressed."""
        if self.is_bundle:
            return self._written(self._bundle(self.entries))
        lines = [self._bundle([each]) if isinstance(each, Delete) else each for each in self.entries]
        return b"".join(self._written(line) + b"\n" for line in lines)

    @property
    def stored(self) -> bytes:
        """The bytes as they lie in the drop."""
        return gzip.compress(self.content, mtime=0) if self.is_packed else self.content

    @functools.cached_property
    def file_id(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def placed(self) -> Iterator[tuple[int, int, Entry]]:
        """Line, entry and what is there."""
        for number, each in enumerate(self.entries):
            in_line = (number + 1, 0 if isinstance(each, Delete) else -1, each)
            yield (1, number, each) if self.is_bundle else in_line

    def _bundle(self, entries: Any) -> dict[str, Any]:
        stated = {} if self.timestamp is None else {"timestamp": self.timestamp}
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            **stated,
            "entry": [_deletion(e) if isinstance(e, Delete) else {"resource": e} for e in entries],
        }

    def _written(self, value: Any) -> bytes:
        compact = _encode(_ordered(value, self.is_reversed))
        return msgspec.json.format(compact, indent=2) if self.is_pretty else compact


def _deletion(entry: Delete) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": "DELETE", "url": f"{entry.kind}/{entry.key}"}}
    return made if entry.modified is None else {**made, "response": {"lastModified": entry.modified}}


def _ordered(value: Any, is_reversed: bool) -> Any:
    """The value with the members of every object in reverse order."""
    if isinstance(value, dict):
        members = [(name, _ordered(each, is_reversed)) for name, each in value.items()]
        return dict(reversed(members) if is_reversed else members)
    return [_ordered(each, is_reversed) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Delivery:
    """Before the materialization of `step`, the drop of `day` has `file` under `name`; None withdraws it."""

    step: int
    day: int
    name: str
    file: File | None


History = tuple[Delivery, ...]


def generated(seed: str, prefix: str, steps: int, most: int) -> History:
    """A history of few ids, contents and times, so that versions meet; at most `most` deliveries a step."""
    return tuple(_Feed(random.Random(seed), prefix).deliveries(steps, most))  # noqa: S311 - not for security


class _Feed:
    """Draws deliveries; remembers what it sent, what lies in the drops and what was withdrawn."""

    def __init__(self, rng: random.Random, prefix: str) -> None:
        self.rng, self.prefix = rng, prefix
        self.sent: list[File] = []
        self.lying: dict[tuple[int, str], File] = {}
        self.gone: list[tuple[int, str, File]] = []

    def deliveries(self, steps: int, most: int) -> Iterator[Delivery]:
        for step in range(steps):
            done: set[tuple[int, str]] = set()
            for _ in range(self.rng.randint(0, most)):
                day, name, file = self._draw()
                if (day, name) not in done:
                    done.add((day, name))
                    self._remember(day, name, file)
                    yield Delivery(step, day, name, file)

    def _remember(self, day: int, name: str, file: File | None) -> None:
        before = self.lying.pop((day, name), None)
        if file is None and before is not None:
            self.gone.append((day, name, before))
        if file is not None:
            self.lying[day, name] = file
            self.sent.append(file)

    def _draw(self) -> tuple[int, str, File | None]:
        ways: dict[Callable[[], tuple[int, str, File | None]], int] = {
            self._fresh: 6,
            self._again: 4 if self.sent else 0,
            self._part: 1 if self.sent else 0,
            self._merged: 1 if self.sent else 0,
            self._corrected: 2 if self.lying else 0,
            self._withdrawn: 2 if self.lying else 0,
            self._restored: 1 if self.gone else 0,
        }
        return self.rng.choices(list(ways), list(ways.values()))[0]()

    def _named(self, file: File) -> tuple[int, str, File]:
        """Under a new name, in any day."""
        return self.rng.choice(DAYS), f"{self.prefix}-{self.rng.randrange(10**6)}{file.ending}", file

    def _fresh(self) -> tuple[int, str, File]:
        return self._named(self._formed(self._entries()))

    def _again(self) -> tuple[int, str, File]:
        """A re-delivery: byte for byte, or written in another way."""
        file = self.rng.choice(self.sent)
        return self._named(file if self.rng.random() < 0.4 else self._formed(file.entries))

    def _part(self) -> tuple[int, str, File]:
        entries = self.rng.choice(self.sent).entries
        return self._named(self._formed(entries[: self.rng.randint(1, len(entries))]))

    def _merged(self) -> tuple[int, str, File]:
        return self._named(
            self._formed(self.rng.choice(self.sent).entries + self.rng.choice(self.sent).entries)
        )

    def _corrected(self) -> tuple[int, str, File]:
        (day, name), file = self.rng.choice(list(self.lying.items()))
        kept = file.entries[: self.rng.randint(0, len(file.entries))]
        return day, name, replace(file, entries=kept + self._entries())

    def _withdrawn(self) -> tuple[int, str, None]:
        return *self.rng.choice(list(self.lying)), None

    def _restored(self) -> tuple[int, str, File]:
        day, name, file = self.rng.choice(self.gone)
        return day, name, file if self.rng.random() < 0.5 else replace(file, entries=self._entries())

    def _formed(self, entries: tuple[Entry, ...]) -> File:
        bundle, pretty, flipped, packed = (self.rng.random() < 0.5 for _ in range(4))
        return File(entries, bundle, pretty and bundle, flipped, packed, self._time())

    def _entries(self) -> tuple[Entry, ...]:
        return tuple(self._entry() for _ in range(self.rng.choice((1, 1, 2, 3, 4))))

    def _entry(self) -> Entry:
        if self.sent and self.rng.random() < 0.25:
            return self.rng.choice(self.rng.choice(self.sent).entries)
        kind = self.rng.choice((*KINDS, "Observation"))
        key = f"{self.prefix}-{kind[0].lower()}{self.rng.choice((1, 1, 1, 2))}"
        if self.rng.random() < 0.15:
            return Delete(kind, key, self._time())
        made: dict[str, Any] = {"resourceType": kind, "id": key, **_BODIES[kind](self)}
        if (time := self._time()) is not None:
            made["meta"] = {"lastUpdated": time}
        if self.rng.random() < 0.04:
            made["contained"] = "not a list"
        return made

    def _time(self) -> str | None:
        return self.rng.choice(list(TIMES)) if self.rng.random() < 0.5 else None

    def _patient(self) -> dict[str, Any]:
        return self.rng.choice(({}, {"active": True}, {"active": False}))

    def _subject(self) -> dict[str, Any]:
        """Of one patient or another, rarely of none."""
        number = self.rng.choice((1, 1, 1, 1, 2, 2, 2, None))
        return {} if number is None else {"subject": {"reference": f"Patient/{self.prefix}-p{number}"}}

    def _encounter(self) -> dict[str, Any]:
        return {"status": self.rng.choice(("planned", "finished")), **self._subject()}

    def _observation(self) -> dict[str, Any]:
        made = {"status": "final", "code": _code(self.rng.choice("AB")), **self._subject(), **self._value()}
        when = self.rng.choice((*list(TIMES)[1:3], *list(TIMES)[1:3], "2026-01-02", None))
        if when is not None:
            made["effectiveDateTime"] = when
        if parts := self.rng.choice((0, 0, 0, 1, 2)):
            made["component"] = [
                {"code": _code(self.rng.choice("ABC")), **self._value()} for _ in range(parts)
            ]
        return made

    def _value(self) -> dict[str, Any]:
        number = self.rng.choice((*_NUMBERS, None))
        return {} if number is None else {"valueQuantity": {"value": Decimal(number), "unit": "kg"}}


def _code(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


_BODIES: dict[str, Callable[[_Feed], dict[str, Any]]] = {
    "Patient": _Feed._patient,
    "Encounter": _Feed._encounter,
    "Observation": _Feed._observation,
}
