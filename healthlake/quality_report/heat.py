"""The heat map of rules by day. It shows those that did not pass on some day; the others are named beside
it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from healthlake.quality_report.model import ReportData, RuleDay
from healthlake.quality_report.rules import BAD, LETTERS, PASS, STATUSES, WORDS, terms
from healthlake.quality_report.vega_lite import PLAIN, Spec, chart, dates, day_axis, tooltip
from healthlake.words import DASH, long_day, percent

_ROW = 22
"""Height of a row in pixels."""


@dataclass(frozen=True, slots=True)
class HeatTable:
    """The rules of one table that did not always pass, in the order of their rows."""

    table: str
    rules: tuple[RuleDay, ...]
    order: tuple[str, ...]


def heat_tables(data: ReportData) -> list[HeatTable]:
    """The tables with a rule that did not pass on some day, the worst first."""
    weights = _weights(data)
    tables: dict[str, dict[str, int]] = {}
    for (table, rule), weight in weights.items():
        if weight:
            tables.setdefault(table, {})[rule] = weight
    ranked = sorted(tables, key=lambda table: (-max(tables[table].values()), table))
    return [
        HeatTable(
            table,
            tuple(
                rule for rule in data.rules if rule.table_name == table and rule.rule_name in tables[table]
            ),
            tuple(sorted(tables[table], key=lambda rule: (-tables[table][rule], rule))),
        )
        for table in ranked
    ]


def steady_rules(data: ReportData) -> dict[str, list[str]]:
    """By table the rules that passed, or had nothing to apply to, on every day."""
    found: dict[str, list[str]] = {}
    for (table, rule), weight in sorted(_weights(data).items()):
        if not weight:
            found.setdefault(table, []).append(rule)
    return found


def _weights(data: ReportData) -> Counter[tuple[str, str]]:
    """How bad each rule was over all days: one day of a worse status outweighs any number of a better one."""
    days = len(data.gold_days) + 1
    weights: Counter[tuple[str, str]] = Counter()
    for rule in data.rules:
        severity = len(BAD) - STATUSES.index(rule.status) if rule.status in BAD else 0
        weights[rule.table_name, rule.rule_name] += days**severity if severity else 0
    return weights


def heat_map(each: HeatTable, days: Sequence[datetime.date], is_first: bool) -> Spec:
    """Rule x day of one table: a cell a day, its letter in it. The maps are of one width, and stand under the
    days of the first."""
    y = {
        "field": "rule",
        "type": "nominal",
        "scale": {"domain": list(each.order), "paddingInner": 0.12, "paddingOuter": 0.06},
        "axis": {
            **PLAIN,
            "labelPadding": 8,
            "labelLimit": {"expr": "narrow ? 112 : 252"},
            "minExtent": {"expr": "narrow ? 120 : 260"},
            "maxExtent": {"expr": "narrow ? 120 : 260"},
            "labelFontSize": {"expr": "narrow ? 10 : 11.5"},
        },
    }
    return chart(
        f"Status of the rules of {each.table} by day",
        _ROW * len(each.order),
        [_cell(rule) for rule in each.rules],
        encoding={"x": day_axis(days, orient="top", labels=is_first, **dates()), "y": y},
        layer=[_cells(), _letters()],
        resolve={"scale": {"color": "independent"}},
    )


def _cells() -> Spec:
    shown = tooltip(
        {
            "rule": "rule",
            "long_day": "day",
            "said": "verdict",
            "violated": "violated",
            "share": "share",
            "terms": "terms",
        }
    )
    return {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {"color": _status_colour("heat"), "tooltip": shown},
    }


def _letters() -> Spec:
    """What passes has no letter: most cells pass. Where a day is too narrow the tooltip says it."""
    mark = {
        "type": "text",
        "fontSize": 10,
        "fontWeight": 600,
        "tooltip": None,
        "opacity": {"expr": "bandwidth('x') < 9 ? 0 : 1"},
    }
    return {
        "transform": [{"filter": f"datum.status != '{PASS}'"}],
        "mark": mark,
        "encoding": {"text": {"field": "letter"}, "color": _status_colour("on")},
    }


def _status_colour(prefix: str) -> Spec:
    colours = [f"var(--{prefix}-{status})" for status in STATUSES]
    scale = {"domain": list(STATUSES), "range": colours}
    return {"field": "status", "type": "nominal", "scale": scale, "legend": None}


def _cell(rule: RuleDay) -> dict[str, object]:
    counted = rule.violated is not None and rule.applicable is not None
    return {
        "day": str(rule.dt),
        "long_day": long_day(rule.dt),
        "rule": rule.rule_name,
        "status": rule.status,
        "letter": LETTERS.get(rule.status, "?"),
        "said": WORDS.get(rule.status, rule.status),
        "violated": f"{rule.violated:,} of {rule.applicable:,}" if counted else rule.reason or DASH,
        "share": percent(rule.violated_percent),
        "terms": terms(rule),
    }
