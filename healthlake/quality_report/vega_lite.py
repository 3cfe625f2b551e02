"""What the charts have in common, as Vega-Lite. Colours are the page's own CSS variables, so that light, dark
and paper need no second drawing; a colour is never the only mark of a status.

`width: container` fits a chart to its column. The parameter `narrow` is set by the page before it draws.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

NUMBER = "format(abs(datum.value), abs(datum.value) < 10000 ? ',' : '~s')"
DAY = "utcFormat(utcParse(datum.value, '%Y-%m-%d'), '%-d %b')"
"""The expressions of labels. Days are parsed and written in UTC: a reader's zone must not move them."""

NARROW: Spec = {"name": "narrow", "value": False}
PLAIN: Spec = {"title": None, "domain": False, "ticks": False}
"""An axis of labels alone."""

_GAPS_UP_TO = 45
"""Days between which a gap can be seen."""

COLOURS = 6
"""How many values of a field `by_colour` tells apart."""


def chart(description: str, height: int, values: Sequence[Mapping[str, object]], **rest: Any) -> Spec:
    """A chart as wide as its column; `description` is what a screen reader says of it."""
    return {
        "$schema": _SCHEMA,
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "params": [NARROW],
        "data": {"values": list(values)},
        **rest,
    }


def day_axis(days: Sequence[datetime.date], **axis: Any) -> Spec:
    """A band for each day, also where nothing is drawn."""
    gap = 0.15 if len(days) <= _GAPS_UP_TO else 0
    return {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": [str(day) for day in days], "paddingInner": gap, "paddingOuter": 0.05},
        "axis": {**PLAIN, "labelAngle": 0, **axis},
    }


def legend_choice(field: str) -> Spec:
    """A click on the legend leaves one value of `field`, a click beside it brings all back."""
    return {"name": "chosen", "select": {"type": "point", "fields": [field]}, "bind": "legend"}


def by_colour(field: str, domain: Sequence[str]) -> Spec:
    """The values of `field` by colour, as `legend_choice` leaves them."""
    return {
        "color": {
            "field": field,
            "type": "nominal",
            "scale": {
                "domain": list(domain),
                "range": [f"var(--c{index + 1})" for index, _ in enumerate(domain)],
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


def dates() -> Spec:
    """The labels of a day axis: as many as there is room for."""
    return {
        "labelExpr": DAY,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "labelPadding": 5,
    }


def counts() -> Spec:
    """`count` upwards, with few grid lines."""
    return {
        "field": "count",
        "type": "quantitative",
        "axis": {
            **PLAIN,
            "labelExpr": NUMBER,
            "tickCount": 4,
            "tickMinStep": 1,
        },
    }


def tooltip(texts: Mapping[str, str], numbers: Mapping[str, str] | None = None) -> list[Spec]:
    """The fields of a tooltip, each with its title."""
    shown: list[Spec] = [{"field": field, "title": title} for field, title in texts.items()]
    for field, title in (numbers or {}).items():
        shown.append({"field": field, "title": title, "type": "quantitative", "format": ","})
    return shown
