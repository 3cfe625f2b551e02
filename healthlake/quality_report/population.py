"""Who is in the tables: the population pyramid and the encounters of the last months."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healthlake.checks.encounter_codes import ENCOUNTER_CLASSES
from healthlake.quality_report.model import PopulationCount, ReportData
from healthlake.quality_report.vega_lite import COLOURS
from healthlake.words import listed, plural

MONTHS = 36
SEXES = ("female", "male")
OTHER_SEXES = ("other", "unknown")
CLASSES = (*ENCOUNTER_CLASSES, "unknown")
OTHER = "all others"
"""The smallest classes, where there are more than colours, and what is no class of the value set: what else
stands there is a text of the source's own, and the page shows no value of a record."""


@dataclass(frozen=True, slots=True)
class PyramidBar:
    """Living patients of an age band and sex."""

    band: str
    sex: str
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """Encounters of a month and class."""

    month: str
    category: str
    count: int


@dataclass(frozen=True, slots=True)
class Population:
    """What the two charts draw, and in `told` and `left_out` what they don't."""

    bars: tuple[PyramidBar, ...]
    bands: tuple[str, ...]
    told: str
    months: tuple[Month, ...]
    domain: tuple[str, ...]
    classes: tuple[str, ...]
    left_out: str


def population(data: ReportData) -> Population:
    """The population as known on the newest day."""
    counts = data.population
    living = [each for each in counts if each.measure == "living_patients"]
    bars = tuple(
        PyramidBar(each.subcategory, each.category, each.value) for each in living if each.category in SEXES
    )
    bands = tuple(
        sorted({bar.band for bar in bars}, key=lambda band: (band == "unknown", band), reverse=True)
    )
    domain = tuple(_months_to(data.day)) if data.day else ()
    months, classes = _encounters(counts, set(domain))
    return Population(
        bars,
        bands,
        _told(counts, living),
        months,
        domain if months else (),
        classes,
        _left_out(counts, domain),
    )


def _told(counts: Sequence[PopulationCount], living: Sequence[PopulationCount]) -> str:
    by_status = {each.category: each.value for each in counts if each.measure == "patients"}
    others: dict[str, int] = {}
    for each in living:
        if each.category not in SEXES:
            name = each.category if each.category in OTHER_SEXES else "of no FHIR code"
            others[name] = others.get(name, 0) + each.value
    text = f"{by_status.get('living', 0):,} living, {by_status.get('dead', 0):,} dead."
    if others:
        named = listed([f"{count:,} with sex {name}" for name, count in sorted(others.items())])
        text += f" Not drawn: {named}."
    return text


def _encounters(
    counts: Sequence[PopulationCount], domain: set[str]
) -> tuple[tuple[Month, ...], tuple[str, ...]]:
    drawn = [each for each in counts if each.measure == "encounters" and each.time_bucket in domain]
    totals: dict[str, int] = {}
    for each in drawn:
        if each.category in CLASSES:
            totals[each.category] = totals.get(each.category, 0) + each.value
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    has_room = len(ranked) < COLOURS or (len(ranked) == COLOURS and all(e.category in totals for e in drawn))
    own = ranked if has_room else ranked[: COLOURS - 1]
    sums: dict[tuple[str, str], int] = {}
    for each in drawn:
        key = (each.time_bucket, each.category if each.category in own else OTHER)
        sums[key] = sums.get(key, 0) + each.value
    months = tuple(Month(month, name, count) for (month, name), count in sorted(sums.items()))
    return months, (*own, *((OTHER,) if any(name == OTHER for _, name in sums) else ()))


def _left_out(counts: Sequence[PopulationCount], domain: Sequence[str]) -> str:
    encounters = [each for each in counts if each.measure == "encounters"]
    if not encounters or not domain:
        return ""
    parts = []
    for count, what in (
        (sum(e.value for e in encounters if e.time_bucket < domain[0]), f"before {domain[0]}"),
        (sum(e.value for e in encounters if domain[-1] < e.time_bucket != "unknown"), f"after {domain[-1]}"),
        (sum(e.value for e in encounters if e.time_bucket == "unknown"), "without a time"),
    ):
        if count:
            parts.append(f"{plural(count, 'encounter')} {what}")
    return f"Not drawn: {listed(parts)}." if parts else ""


def _months_to(day: datetime.date) -> Iterator[str]:
    last = day.year * 12 + day.month - 1
    for number in range(last - MONTHS + 1, last + 1):
        yield f"{number // 12:04}-{number % 12 + 1:02}"
