"""The charts of trends and population."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.quality_report.model import ReportData
from healthlake.quality_report.population import Month, PyramidBar
from healthlake.quality_report.tables import Series
from healthlake.quality_report.vega_lite import (
    DAY,
    NARROW,
    NUMBER,
    PLAIN,
    Spec,
    by_colour,
    chart,
    counts,
    dates,
    day_axis,
    legend_choice,
    tooltip,
)

DUPLICATES = (
    ("exact", "exact copies"),
    ("superseded", "older versions"),
    ("conflicts", "conflicts"),
    ("re_sent", "re-sent ids"),
    ("late", "late ids"),
)
"""What `duplicates by day` stacks: columns that count apart. `reverted` is a part of `re_sent`."""


def _spark_days(days: Sequence[datetime.date]) -> Spec:
    """Only the ends are labelled: the charts of a grid share them."""
    ends = [str(days[0]), str(days[-1])] if len(days) > 1 else [str(day) for day in days]
    return day_axis(
        days,
        values=ends,
        labelExpr=DAY,
        labelBound=True,
        labelFlush=True,
        labelPadding=3,
    )


def rows_chart(series: Series, days: Sequence[datetime.date]) -> Spec:
    """Bars: rows of the day; line: rows as known, on a scale of its own."""
    shown = tooltip({"day": "day"}, {"day_rows": "rows of the day", "all_rows": "rows as known"})
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
    return chart(
        f"Rows of {series.table} by day",
        58,
        series.points,
        encoding={"x": _spark_days(days), "tooltip": shown},
        layer=[*([bars] if has_bars else []), line, _hover_rule()],
        resolve={"scale": {"y": "independent"}},
    )


def _hover_rule() -> Spec:
    """A clear band over each day, so that the tooltip needs no aim."""
    return {"mark": {"type": "rect", "opacity": 0}, "encoding": {}}


def nulls_chart(series: Series, days: Sequence[datetime.date]) -> Spec:
    """The null rate of a key column by day, from zero."""
    return chart(
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
    return chart(
        "Duplicates by day and kind",
        190,
        values,
        params=[NARROW, legend_choice("kind")],
        mark={"type": "bar"},
        encoding={
            "x": day_axis(days, **dates()),
            "y": counts(),
            "order": {"field": "order"},
            **by_colour("kind", names),
            "tooltip": tooltip({"day": "day", "kind": "kind"}, {"count": "ids"}),
        },
    )


def pyramid(bars: Sequence[PyramidBar], bands: Sequence[str]) -> Spec:
    """Living patients by age band: female to the left, male to the right."""
    signs = {"female": -1, "male": 1}
    values = [
        {"band": bar.band, "sex": bar.sex, "count": bar.count, "signed": signs[bar.sex] * bar.count}
        for bar in bars
    ]
    top = max((bar.count for bar in bars), default=1)
    return chart(
        "Living patients by age band and sex",
        20 * max(len(bands), 1),
        values,
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "y": {
                "field": "band",
                "type": "ordinal",
                "scale": {"domain": list(bands), "paddingInner": 0.18},
                "axis": {**PLAIN, "labelPadding": 8},
            },
            "x": {
                "field": "signed",
                "type": "quantitative",
                "scale": {"domain": [-top, top], "nice": True},
                "axis": {**PLAIN, "labelExpr": NUMBER, "tickCount": 6, "tickMinStep": 1},
            },
            "color": {
                "field": "sex",
                "type": "nominal",
                "scale": {"domain": list(signs), "range": ["var(--c2)", "var(--c1)"]},
                "legend": {"title": None, "orient": "top", "symbolType": "square", "symbolSize": 80},
            },
            "tooltip": tooltip({"sex": "sex", "band": "age"}, {"count": "patients"}),
        },
    )


def encounters(months: Sequence[Month], domain: Sequence[str], classes: Sequence[str]) -> Spec:
    """Encounters by month and class, stacked."""
    values = [
        {"month": of.month, "class": of.category, "count": of.count, "order": classes.index(of.category)}
        for of in months
    ]
    month = "utcFormat(utcParse(datum.value, '%Y-%m'), '%b %Y')"
    return chart(
        "Encounters by month and class",
        210,
        values,
        params=[NARROW, legend_choice("class")],
        mark={"type": "bar"},
        encoding={
            "x": {
                "field": "month",
                "type": "ordinal",
                "scale": {"domain": list(domain), "paddingInner": 0.15},
                "axis": {**PLAIN, "labelAngle": 0, **dates(), "labelExpr": month},
            },
            "y": counts(),
            "order": {"field": "order"},
            **by_colour("class", classes),
            "tooltip": tooltip({"month": "month", "class": "class"}, {"count": "encounters"}),
        },
    )
