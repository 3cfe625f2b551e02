"""lowBoundary() and highBoundary(): the least and greatest value that what is stated may stand for.

Dates and times are completed from a pattern: `2010-10` + the rest of `0000-01-01`. A dateTime without offset
may be anywhere on earth, from +14:00 to -12:00. A decimal gives half a unit of its last stated digit; the
JSON readers of SQL engines keep whether there is a point, but not zeros at the end or an exponent, so `1.00`
and `1e0` have the precision of `1.0`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.types import Scalar

_ZONE = "^.*T.*(Z|[+-][0-9]{2}:[0-9]{2})$"
_LOCAL = "^([0-9-]{4,10}(?:T[0-9:.]*)?)"
_WHOLE = "^(-?[0-9]+)$"
_FRACTION = "[.]([0-9](?:[0-9]*[1-9])?)0*$"


def _text(value: str) -> tree.Literal:
    return tree.Literal(value, Scalar.TEXT)


def _completed(stated: tree.Node, pattern: str) -> tree.Node:
    """The stated start, then the pattern from where it ends."""
    return tree.Text((stated, tree.Substring(_text(pattern), tree.Length(stated))))


def _has_length(text: tree.Node, length: int) -> tree.Node:
    return tree.Compare("=", tree.Length(text), tree.number(length))


def _date(text: tree.Node, low: bool) -> tree.Node:
    if low:
        return _completed(text, "0000-01-01")
    return tree.Case(((_has_length(text, 7), tree.LastDay(text)),), _completed(text, "0000-12-31"))


def _date_time(text: tree.Node, low: bool) -> tree.Node:
    stated: tree.Node = tree.Extract(text, _LOCAL)
    if not low:
        stated = tree.Case(((_has_length(stated, 7), tree.LastDay(stated)),), stated)
    local = _completed(stated, "0000-01-01T00:00:00.000" if low else "0000-12-31T23:59:59.999")
    zone = tree.Extract(text, _ZONE)
    assumed = _text("+14:00" if low else "-12:00")
    return tree.Text((local, tree.Case(((tree.IsNull(zone), assumed),), zone)))


def _time(text: tree.Node, low: bool) -> tree.Node:
    return _completed(text, "00:00:00.000" if low else "23:59:59.999")


def _decimal(text: tree.Node, low: bool) -> tree.Node:
    """NULL for more than 8 decimals, whose half unit a DECIMAL can't hold."""
    number = tree.Cast(text, Scalar.DECIMAL)
    fraction = tree.Extract(tree.Cast(number, Scalar.TEXT), _FRACTION)
    whole = tree.Not(tree.IsNull(tree.Extract(text, _WHOLE)))
    decimals = tree.Case(((whole, tree.number(0)),), tree.Length(fraction))
    half = tree.Text((_text("0."), tree.Substring(_text("00000000"), tree.number(0), decimals), _text("5")))
    boundary = tree.Arithmetic("-" if low else "+", number, tree.Cast(half, Scalar.DECIMAL))
    # The DECIMAL has rounded what has more than 9 decimals; whole numbers may have more digits than doubles.
    exact = tree.Compare("=", tree.Cast(number, Scalar.DOUBLE), tree.Cast(text, Scalar.DOUBLE))
    fits = tree.Logic("and", (tree.Compare("<", decimals, tree.number(9)), exact))
    return tree.Case(((fits, boundary),))


BOUNDARIES: Mapping[str, Callable[[tree.Node, bool], tree.Node]] = {
    "date": _date,
    "dateTime": _date_time,
    "decimal": _decimal,
    "instant": _date_time,
    "time": _time,
}
