"""One resource: its bytes as delivered -> canonical JSON, id, hash, shape.

Canonical JSON is a function of the JSON value alone: keys sorted, no white space, UTF-8, the digits of
every number kept (`1.00` stays, `1e5` becomes `1E+5`, `-0` becomes `0`). A record that can't be kept
exactly is refused.
"""

from __future__ import annotations

import decimal
import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from healthlake.split.instant import parse_instant
from healthlake.split.outcome import Refused, Resource
from healthlake.split.reasons import Reason
from healthlake.split.shape import Shapes

MAX_DEPTH = 400
"""Objects and lists in each other. Real FHIR stays below 30. Decoders give up at Python's recursion limit
less the frames of their caller; a bound of our own below that makes the outcome the same everywhere."""

MAX_BYTES = 1 << 30
"""A string column of an Arrow batch ends at 2 GiB."""

MAX_VALUES = 4_000_000
"""Decoded and checked, a value of a dense record takes 400 bytes, 17 times its text. Real resources have
some thousands; a Group of a million members has 3 million."""

_JSON_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


class RecordReader:
    """Reads resources of any type, and checks the shape of `shaped_types`."""

    def __init__(self, shaped_types: Iterable[str]) -> None:
        self._shape_error = Shapes(shaped_types).error
        self._decode = msgspec.json.Decoder(float_hook=Decimal).decode
        self._encode = msgspec.json.Encoder(order="deterministic", decimal_format="number").encode

    def read(self, raw: bytes) -> Resource:
        """The resource that is all of `raw`; `Refused` where there is none."""
        resource, colons = self.read_unchecked(raw)
        if raw.count(b":") != colons:
            _refuse_duplicates(raw)
        return resource

    def read_unchecked(self, raw: bytes) -> tuple[Resource, int]:
        """As `read`, but whether an object has two members of one name is left to the caller.

        A decoder drops all but the last of them, each with its colon. The second value is the number of
        colons in `raw` where nothing was dropped, else less: colons inside strings stay. (Counting them
        costs 1 µs a resource; the decoders of Python that report every member cost more than all the
        rest.)
        """
        value = self.value(raw)
        resource_type, resource_id = _identity(value)
        canonical = self._encode(value)
        colons, size = canonical.count(b":"), len(canonical)
        if size > MAX_BYTES:
            raise Refused(Reason.TOO_LARGE)
        # Of the containers on the way to the deepest, each is in a list or is a member with a colon.
        if colons + canonical.count(b"[") >= MAX_DEPTH and _is_too_deep(value, canonical):
            raise Refused(Reason.TOO_DEEP)
        if b"\\" in raw:
            # A colon that is written as an escape is one in canonical JSON only.
            colons -= raw.count(b"\\u003a") + raw.count(b"\\u003A")
        meta = value.get("meta")
        last_updated = meta.get("lastUpdated") if type(meta) is dict else None
        time = None if last_updated is None else parse_instant(last_updated)
        return Resource(
            resource_type,
            resource_id,
            time,
            hashlib.sha256(canonical).hexdigest(),
            size,
            self._shape_error(resource_type, canonical),
            None,
            canonical,
            time is None and last_updated is not None,
        ), colons

    def value(self, raw: bytes) -> Any:
        """The JSON value that is all of `raw`; `Refused` where there is none. Messages of decoders quote
        their input, so none is passed on."""
        if len(raw) > MAX_VALUES and sum(map(raw.count, (b",", b"{", b"["))) > MAX_VALUES:
            raise Refused(Reason.TOO_LARGE)
        try:
            return self._decode(raw)
        except UnicodeDecodeError:
            reason = Reason.INVALID_UTF8
        except RecursionError:
            reason = Reason.TOO_DEEP
        except (msgspec.ValidationError, decimal.InvalidOperation):
            reason = Reason.NUMBER_OUT_OF_RANGE
        except msgspec.DecodeError:
            reason = syntax_reason(raw)
        raise Refused(reason)


def syntax_reason(text: bytes) -> Reason:
    """Why `text` is no JSON: it is no text, or else it breaks JSON's rules."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return Reason.INVALID_UTF8
    return Reason.INVALID_JSON


def _identity(value: Any) -> tuple[str, str]:
    """Type and id of a resource."""
    if type(value) is not dict:
        found = _JSON_TYPES.get(type(value), "number")
        raise Refused(Reason.NOT_AN_OBJECT, f"expected object, found {found}")
    resource_type, resource_id = value.get("resourceType"), value.get("id")
    if type(resource_type) is not str or not resource_type:
        raise Refused(Reason.NOT_FHIR, "resourceType: expected string")
    if type(resource_id) is not str or not resource_id:
        raise Refused(Reason.MISSING_ID, "id: expected string")
    return resource_type, resource_id


def _is_too_deep(value: Any, canonical: bytes) -> bool:
    """Whether containers nest deeper than MAX_DEPTH. Walks level by level, without recursion."""
    if canonical.count(b"{") + canonical.count(b"[") <= MAX_DEPTH:
        return False
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        level = [item for node in level for item in _items(node) if type(item) in (dict, list)]
        depth += 1
    return depth > MAX_DEPTH


def _items(node: Any) -> Iterable[Any]:
    return node.values() if type(node) is dict else node


def _refuse_duplicates(raw: bytes) -> None:
    """`Refused` where an object has two members of one name. Colons that don't add up only say that it may
    be so: an escaped backslash before `u003a` looks like an escaped colon."""

    def once(members: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in members}) < len(members):
            raise Refused(Reason.DUPLICATE_KEY, "an object has two members of one name")

    try:
        json.loads(raw, object_pairs_hook=once, parse_int=str, parse_float=str)
    except RecursionError:
        raise Refused(Reason.TOO_DEEP) from None
