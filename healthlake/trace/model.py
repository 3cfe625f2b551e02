"""What a trace is made of: the deliveries of an id, and what became of each."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass

from healthlake.engine.protocol import Row
from healthlake.evidence import Position, RawFile


class Fate(enum.StrEnum):
    """What became of a delivered version."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Fate:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    WINS = "wins", "the version that the current row is made of"
    DELETES = "deletes", "the latest version, and a deletion: there is no current row"
    SUPERSEDED = "superseded", "a later version replaced it"
    CONFLICT = "conflict", "another content is as new, and won by the order of versions"
    RE_SENT = "re-sent", "the content of an earlier drop again; that one counts"
    EXACT_IN_DROP = "exact copy in drop", "the drop has the same content twice; the other one is in history"
    SUPERSEDED_IN_DROP = "superseded in drop", "the drop has a later version, which is in history"
    CONFLICT_IN_DROP = "conflict in drop", "the drop has another content that is as new, which is in history"
    QUARANTINED = "quarantined", "set aside, for the reason beside it"
    NOT_IN_SILVER = "not in silver", "silver of the day is older than its bronze: materialize the day"
    NOT_IN_BRONZE = "not in bronze", "bronze of the day is newer than its silver: materialize the day"


HISTORY = (Fate.WINS, Fate.DELETES, Fate.SUPERSEDED, Fate.CONFLICT, Fate.RE_SENT, Fate.NOT_IN_BRONZE)
"""Fates of what history has: the one version of a day."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One delivery of the id. `version_time` is when the order of versions takes it to be of, None where its
    content isn't ranked there; `detail` is the reason and FHIR path of what is quarantined."""

    at: Position
    fate: Fate
    version_time: datetime.datetime | None
    last_updated: datetime.datetime | None
    content_hash: str
    is_deleted: bool
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of an id. `rows` are the days and positions of its rows in the current table `current`
    (one version, so one position, unless that table is behind); `sharing` are the row keys that a collapsed
    row stands for, its own first."""

    current: str
    rows: tuple[Position, ...]
    sightings: tuple[Sighting, ...]
    files: tuple[RawFile, ...]
    sharing: tuple[Row, ...] = ()

    @property
    def newest(self) -> Sighting:
        """The sighting that wins or deletes; where silver has none, the last delivered."""
        decided = [each for each in self.sightings if each.fate in (Fate.WINS, Fate.DELETES)]
        return (decided or list(self.sightings))[-1]

    def on(self, day: datetime.date) -> Sighting | None:
        """What history has of the day, else what came of it first."""
        of_day = [each for each in self.sightings if each.at.dt == day]
        return next((each for each in of_day if each.fate in HISTORY), next(iter(of_day), None))
