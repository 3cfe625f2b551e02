"""The page: one HTML file that holds its charts, its script and its style, and fetches nothing."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from healthlake.quality_report import charts
from healthlake.quality_report.heat import HeatTable, heat_map, heat_tables, steady_rules
from healthlake.quality_report.model import ReportData
from healthlake.quality_report.population import MONTHS, population
from healthlake.quality_report.rules import LETTERS, STATUSES, WORDS, findings, of_day, terms
from healthlake.quality_report.tables import (
    Series,
    axis_days,
    columns_without_null,
    grade_counts,
    null_series,
    row_series,
    table_lines,
)
from healthlake.quality_report.vega_lite import Spec
from healthlake.quality_report.verdict import behind_of, next_steps, verdict
from healthlake.words import day_list, long_day, percent, plural, ranges, short_day

GRADE_MEANINGS = (
    ("A", "no rule warns or fails"),
    ("B", "some rules warn"),
    ("C", "one or two rules fail"),
    ("D", "more rules fail"),
    ("F", "a structural or blocking rule fails, or a rule could not be evaluated"),
)
_CODE = re.compile(r"`([^`]+)`")
_TEMPLATES = "templates"


def render(data: ReportData) -> str:
    """The page as text: the same for the same data."""
    drawn: dict[str, Spec] = {}
    page = _environment().get_template("page.html.j2")
    return page.render(**_context(data, drawn), charts=_inert(drawn), library=_part("vega.js"))


def _context(data: ReportData, drawn: dict[str, Spec]) -> dict[str, Any]:
    days, found, lines = axis_days(data), findings(data), table_lines(data)
    today = of_day(data.rules, data.day)
    return {
        "data": data,
        "day_count": len(days),
        "verdict": verdict(data, found),
        "steps": next_steps(data, found),
        "behind": behind_of(data.days),
        "lines": lines,
        "grades": grade_counts(lines),
        "findings": found,
        "today": today,
        "statuses": [(status, sum(r.status == status for r in today)) for status in STATUSES],
        "heat": _with_heat(heat_tables(data), days, drawn),
        "steady": steady_rules(data),
        "rows": _with_series("rows", row_series(data), days, drawn),
        "nulls": _with_series("nulls", null_series(data), days, drawn),
        "clean_columns": columns_without_null(data),
        "duplicates": _duplicates(data, days, drawn),
        "people": _population(data, drawn),
        "months": MONTHS,
        "grade_meanings": GRADE_MEANINGS,
        "rule_set": next((rule.rule_set_hash for rule in today if rule.rule_set_hash), None),
    }


def _with_heat(
    tables: Sequence[HeatTable], days: Sequence[Any], drawn: dict[str, Spec]
) -> list[tuple[str, HeatTable]]:
    for number, each in enumerate(tables):
        drawn[f"heat-{number}"] = heat_map(each, days, is_first=number == 0)
    return [(f"heat-{number}", each) for number, each in enumerate(tables)]


def _with_series(
    kind: str, series: Sequence[Series], days: Sequence[Any], drawn: dict[str, Spec]
) -> list[tuple[str, Series]]:
    draw = charts.rows_chart if kind == "rows" else charts.nulls_chart
    for number, each in enumerate(series):
        drawn[f"{kind}-{number}"] = draw(each, days)
    return [(f"{kind}-{number}", each) for number, each in enumerate(series)]


def _duplicates(data: ReportData, days: Sequence[Any], drawn: dict[str, Spec]) -> Mapping[str, int]:
    """Totals over all days by kind; the chart where there are any."""
    totals = {
        name: sum(int(getattr(row, column)) for row in data.tables) for column, name in charts.DUPLICATES
    }
    if any(totals.values()):
        drawn["duplicates"] = charts.duplicates_chart(data, days)
    return totals


def _population(data: ReportData, drawn: dict[str, Spec]) -> Any:
    people = population(data)
    if people.bars:
        drawn["pyramid"] = charts.pyramid(people.bars, people.bands)
    if people.months:
        drawn["encounters"] = charts.encounters(people.months, people.domain, people.classes)
    return people


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("healthlake.quality_report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        coded=_coded,
        percent=percent,
        long=long_day,
        short=short_day,
        days=day_list,
        ranges=lambda days: list(ranges(days)),
    )
    environment.globals.update(
        plural=plural,
        terms=terms,
        words=WORDS,
        letters=LETTERS,
        style=_part("page.css"),
        script=_part("page.js"),
    )
    return environment


@functools.cache
def _part(name: str) -> Markup:
    """A file of ours that goes into the page as it is."""
    text = (resources.files(__package__) / _TEMPLATES / name).read_text("utf-8")
    return Markup(text)  # noqa: S704  a file of ours


def _coded(text: str) -> Markup:
    """`text`, escaped, with what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped


def _inert(value: object) -> Markup:
    """JSON that can't end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  no tag can begin in it
