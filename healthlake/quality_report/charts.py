"""The charts as Vega-Lite specifications. Colours are the page's own CSS variables, so that light, dark and
paper need no second drawing; a colour is never the only mark of a status.

`width: container` fits a chart to its column. The parameter `narrow` is set by the page before it draws.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from healthlake.quality_report.heat import HeatTable
from healthlake.quality_report.model import ReportData, RuleDay
from healthlake.quality_report.population import Month, PyramidBar
from healthlake.quality_report.rules import LETTERS, NOT_APPLICABLE, PASS, STATUSES, WORDS, terms
from healthlake.quality_report.tables import Series
from healthlake.quality_report.words import DASH, long_day, percent

Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_ROW = 22
"""Height of a row of the heat map."""

DUPLICATES = (
    ("exact", "exact copies"),
    ("superseded", "older versions"),
    ("conflicts", "conflicts"),
    ("re_sent", "re-sent ids"),
    ("late", "late ids"),
)
"""What `duplicates by day` stacks: columns that count apart. `reverted` is a part of `re_sent`."""

_NUMBER = "format(abs(datum.value), abs(datum.value) < 10000 ? ',' : '~s')"

_NARROW = {"name": "narrow", "value": False}


def _chart(description: str, height: int, values: Sequence[Mapping[str, object]], **rest: Any) -> Spec:
    return {
        "$schema": _SCHEMA,
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "params": [_NARROW],
        "data": {"values": list(values)},
        **rest,
    }


def _day_axis(days: Sequence[datetime.date], **axis: Any) -> Spec:
    """A band for each day, also where nothing is drawn."""
    return {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": [str(day) for day in days], "paddingInner": 0.15, "paddingOuter": 0.05},
        "axis": {"title": None, "domain": False, "ticks": False, "labelAngle": 0, **axis},
    }


def _spark_days(days: Sequence[datetime.date]) -> Spec:
    """Only the ends are labelled: the charts of a grid share them."""
    ends = [str(days[0]), str(days[-1])] if len(days) > 1 else [str(day) for day in days]
    return _day_axis(
        days,
        values=ends,
        labelExpr="timeFormat(utcParse(datum.value, '%Y-%m-%d'), '%-d %b')",
        labelBound=True,
        labelFlush=True,
        labelPadding=3,
    )


def rows_chart(series: Series, days: Sequence[datetime.date]) -> Spec:
    """Bars: rows of the day; line: rows as known, on a scale of its own."""
    tooltip = [
        {"field": "day", "title": "day"},
        {"field": "day_rows", "title": "rows of the day", "type": "quantitative", "format": ","},
        {"field": "all_rows", "title": "rows as known", "type": "quantitative", "format": ","},
    ]
    hidden = {"axis": None, "type": "quantitative"}
    bars = {
        "mark": {"type": "bar", "color": "var(--bar)", "cornerRadiusEnd": 1},
        "encoding": {"y": {"field": "day_rows", **hidden, "scale": {"domainMin": 0}}},
    }
    line = {
        "mark": {"type": "line", "color": "var(--line)", "strokeWidth": 1.5},
        "encoding": {"y": {"field": "all_rows", **hidden, "scale": {"zero": True}}},
    }
    has_bars = any(point["day_rows"] is not None for point in series.points)
    return _chart(
        f"Rows of {series.table} by day",
        58,
        series.points,
        encoding={"x": _spark_days(days), "tooltip": tooltip},
        layer=[*([bars] if has_bars else []), line, _hover_rule()],
        resolve={"scale": {"y": "independent"}},
    )


def _hover_rule() -> Spec:
    """A clear band over each day, so that the tooltip needs no aim."""
    return {"mark": {"type": "rect", "opacity": 0}, "encoding": {}}


def nulls_chart(series: Series, days: Sequence[datetime.date]) -> Spec:
    """The null rate of a key column by day, from zero."""
    return _chart(
        f"Share of rows of {series.table} with NULL in {series.name} by day, in percent",
        58,
        series.points,
        encoding={
            "x": _spark_days(days),
            "tooltip": [
                {"field": "day", "title": "day"},
                {"field": "nulls", "title": "rows with NULL", "type": "quantitative", "format": ","},
                {"field": "rows", "title": "rows as known", "type": "quantitative", "format": ","},
                {"field": "percent", "title": "%", "type": "quantitative", "format": ".3~g"},
            ],
        },
        layer=[
            {
                "mark": {"type": "bar", "color": "var(--null)", "cornerRadiusEnd": 1},
                "encoding": {
                    "y": {"field": "percent", "type": "quantitative", "axis": None, "scale": {"zero": True}}
                },
            },
            _hover_rule(),
        ],
    )


def duplicates_chart(data: ReportData, days: Sequence[datetime.date]) -> Spec:
    """Duplicates by day and kind, stacked. A click on the legend leaves one kind."""
    names = [name for _, name in DUPLICATES]
    totals: dict[tuple[str, str], int] = {}
    for row in data.tables:
        for column, name in DUPLICATES:
            key = (str(row.dt), name)
            totals[key] = totals.get(key, 0) + int(getattr(row, column))
    values = [
        {"day": day, "kind": name, "count": count, "order": names.index(name)}
        for (day, name), count in totals.items()
        if count
    ]
    return _chart(
        "Duplicates by day and kind",
        190,
        values,
        params=[_NARROW, _legend_choice("kind")],
        mark={"type": "bar"},
        encoding={
            "x": _day_axis(days, **_dates()),
            "y": _counts(),
            "order": {"field": "order"},
            **_by_colour("kind", names, 5),
            "tooltip": [
                {"field": "day", "title": "day"},
                {"field": "kind", "title": "kind"},
                {"field": "count", "title": "ids", "type": "quantitative", "format": ","},
            ],
        },
    )


def _legend_choice(field: str) -> Spec:
    return {"name": "chosen", "select": {"type": "point", "fields": [field]}, "bind": "legend"}


def _by_colour(field: str, domain: Sequence[str], colours: int) -> Spec:
    return {
        "color": {
            "field": field,
            "type": "nominal",
            "scale": {
                "domain": list(domain),
                "range": [f"var(--c{index % colours + 1})" for index, _ in enumerate(domain)],
            },
            "legend": {
                "title": None,
                "orient": "top",
                "direction": "horizontal",
                "symbolType": "square",
                "columns": {"expr": "narrow ? 3 : 0"},
                "symbolSize": 80,
                "labelLimit": 140,
            },
        },
        "opacity": {"condition": {"param": "chosen", "value": 1}, "value": 0.12},
    }


def _dates() -> Spec:
    return {
        "labelExpr": "timeFormat(utcParse(datum.value, '%Y-%m-%d'), '%-d %b')",
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "labelPadding": 5,
    }


def _counts() -> Spec:
    return {
        "field": "count",
        "type": "quantitative",
        "axis": {
            "title": None,
            "labelExpr": _NUMBER,
            "tickCount": 4,
            "domain": False,
            "ticks": False,
            "tickMinStep": 1,
        },
    }


def heat_map(each: HeatTable, days: Sequence[datetime.date], is_first: bool) -> Spec:
    """Rule x day of one table: a cell a day, its letter in it. The maps are of one width, and stand under the
    days of the first."""
    values = [_cell(rule) for rule in each.rules]
    shown = [*STATUSES[:3], NOT_APPLICABLE, PASS]
    y = {
        "field": "rule",
        "type": "nominal",
        "scale": {"domain": list(each.order), "paddingInner": 0.12, "paddingOuter": 0.06},
        "axis": {
            "title": None,
            "domain": False,
            "ticks": False,
            "labelPadding": 8,
            "labelLimit": {"expr": "narrow ? 112 : 252"},
            "minExtent": {"expr": "narrow ? 120 : 260"},
            "maxExtent": {"expr": "narrow ? 120 : 260"},
            "labelFontSize": {"expr": "narrow ? 10 : 11.5"},
        },
    }
    return _chart(
        f"Status of the rules of {each.table} by day",
        _ROW * len(each.order),
        values,
        encoding={"x": _day_axis(days, orient="top", labels=is_first, **_dates()), "y": y},
        layer=[
            {
                "mark": {"type": "rect", "cornerRadius": 2},
                "encoding": {
                    "color": _status_colour("heat", shown),
                    "tooltip": [
                        {"field": name, "title": title}
                        for name, title in (
                            ("rule", "rule"),
                            ("long_day", "day"),
                            ("said", "verdict"),
                            ("violated", "violated"),
                            ("share", "share"),
                            ("terms", "terms"),
                        )
                    ],
                },
            },
            {
                "transform": [{"filter": f"datum.status != '{PASS}'"}],
                "mark": {
                    "type": "text",
                    "fontSize": 10,
                    "fontWeight": 600,
                    "tooltip": None,
                    "opacity": {"expr": "bandwidth('x') < 9 ? 0 : 1"},
                },
                "encoding": {
                    "text": {"field": "letter"},
                    "color": _status_colour("on", shown),
                },
            },
        ],
        resolve={"scale": {"color": "independent"}},
    )


def _status_colour(prefix: str, statuses: Sequence[str]) -> Spec:
    colours = [f"var(--{prefix}-{status})" for status in statuses]
    scale = {"domain": list(statuses), "range": colours}
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


def pyramid(bars: Sequence[PyramidBar], bands: Sequence[str]) -> Spec:
    """Living patients by age band: female to the left, male to the right."""
    values = [
        {
            "band": bar.band,
            "sex": bar.sex,
            "count": bar.count,
            "signed": -bar.count if bar.sex == "female" else bar.count,
        }
        for bar in bars
    ]
    top = max((bar.count for bar in bars), default=1)
    return _chart(
        "Living patients by age band and sex",
        20 * max(len(bands), 1),
        values,
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "y": {
                "field": "band",
                "type": "ordinal",
                "scale": {"domain": list(bands), "paddingInner": 0.18},
                "axis": {"title": None, "domain": False, "ticks": False, "labelPadding": 8},
            },
            "x": {
                "field": "signed",
                "type": "quantitative",
                "scale": {"domain": [-top, top], "nice": True},
                "axis": {
                    "title": None,
                    "labelExpr": _NUMBER,
                    "tickCount": 6,
                    "domain": False,
                    "ticks": False,
                    "tickMinStep": 1,
                },
            },
            "color": {
                "field": "sex",
                "type": "nominal",
                "scale": {"domain": ["female", "male"], "range": ["var(--c2)", "var(--c1)"]},
                "legend": {"title": None, "orient": "top", "symbolType": "square", "symbolSize": 80},
            },
            "tooltip": [
                {"field": "sex", "title": "sex"},
                {"field": "band", "title": "age"},
                {"field": "count", "title": "patients", "type": "quantitative", "format": ","},
            ],
        },
    )


def encounters(months: Sequence[Month], domain: Sequence[str], classes: Sequence[str]) -> Spec:
    """Encounters by month and class, stacked."""
    values = [
        {
            "month": each.month,
            "class": each.category,
            "count": each.count,
            "order": classes.index(each.category),
        }
        for each in months
    ]
    return _chart(
        "Encounters by month and class",
        210,
        values,
        params=[_NARROW, _legend_choice("class")],
        mark={"type": "bar"},
        encoding={
            "x": {
                "field": "month",
                "type": "ordinal",
                "scale": {"domain": list(domain), "paddingInner": 0.15},
                "axis": {
                    "title": None,
                    "domain": False,
                    "ticks": False,
                    "labelAngle": 0,
                    "labelOverlap": "greedy",
                    "labelSeparation": 8,
                    "labelPadding": 5,
                    "labelExpr": "timeFormat(utcParse(datum.value, '%Y-%m'), '%b %Y')",
                },
            },
            "y": _counts(),
            "order": {"field": "order"},
            **_by_colour("class", classes, 6),
            "tooltip": [
                {"field": "month", "title": "month"},
                {"field": "class", "title": "class"},
                {"field": "count", "title": "encounters", "type": "quantitative", "format": ","},
            ],
        },
    )
