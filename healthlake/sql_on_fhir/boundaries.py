"""lowBoundary() and highBoundary(): the least and greatest value that what is stated may stand for.

Dates and times are completed from a pattern: `2010-10` + the rest of `0000-01-01`. A dateTime without offset
may be anywhere on earth, from +14:00 to -12:00. A decimal gives half a unit of its last stated digit; JSON
readers of SQL engines drop trailing zeros after the first (`1.00` reads as `1.0`), so its precision is at
least one digit coarser there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.types import Scalar

_ZONE = "^.*T.*(Z|[+-][0-9]{2}:[0-9]{2})$"
_LOCAL = "^([0-9-]{4,10}(?:T[0-9:.]*)?)"
_PLAIN_DECIMAL = "^(-?[0-9]+(?:[.][0-9]{1,8})?)$"


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
    """NULL for exponents and for more than 8 decimals, whose half unit a DECIMAL can't hold."""
    plain = tree.Extract(text, _PLAIN_DECIMAL)
    fraction = tree.Extract(plain, "[.]([0-9]+)$")
    decimals = tree.Case(((tree.IsNull(fraction), tree.number(0)),), tree.Length(fraction))
    half = tree.Text((_text("0."), tree.Substring(_text("00000000"), tree.number(0), decimals), _text("5")))
    return tree.Arithmetic(
        "-" if low else "+", tree.Cast(plain, Scalar.DECIMAL), tree.Cast(half, Scalar.DECIMAL)
    )


BOUNDARIES: Mapping[str, Callable[[tree.Node, bool], tree.Node]] = {
    "date": _date,
    "dateTime": _date_time,
    "decimal": _decimal,
    "instant": _date_time,
    "time": _time,
}
