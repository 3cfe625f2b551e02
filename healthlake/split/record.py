"""One resource: its bytes as delivered -> canonical JSON, id, hash, shape.

Canonical JSON is a function of the JSON value alone: keys sorted, no white space, UTF-8, the digits of every number
kept (`1.00` stays, `1e5` becomes `1E+5`, `-0` becomes `0`). A record whose value can't be kept exactly is refused.
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
"""Objects and lists nested in each other. FHIR seen in the wild stays below 30. The decoder gives up at Python's
recursion limit of 1,000 less the frames of the caller; a bound of our own makes the outcome the same everywhere."""

MAX_BYTES = 1 << 30
"""A string column of an Arrow batch ends at 2 GiB."""


class RecordReader:
    """Reads resources of any type; checks the shape of `shaped_types`."""

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
        """As `read`, but trusts that no object has two members of one name.

        A decoder drops all but the last of them. The second value is the number of colons that `raw` has where it
        lost nothing that way, and less where it did: each member has one, and those inside strings stay.
        """
        value = self._value(raw)
        if type(value) is not dict:
            raise Refused(Reason.NOT_AN_OBJECT, f"expected object, found {json_type(value)}")
        resource_type = value.get("resourceType")
        if type(resource_type) is not str or not resource_type:
            raise Refused(Reason.NOT_FHIR, "resourceType: expected string")
        resource_id = value.get("id")
        if type(resource_id) is not str or not resource_id:
            raise Refused(Reason.MISSING_ID, "id: expected string")
        canonical = self._encode(value)
        colons = canonical.count(b":")
        size = len(canonical)
        if size > MAX_BYTES:
            raise Refused(Reason.TOO_LARGE)
        if colons + canonical.count(b"[") >= MAX_DEPTH and _is_too_deep(value, canonical):
            raise Refused(Reason.TOO_DEEP)
        if b"\\" in raw:
            # Written as an escape in a string, a colon is one only after decoding.
            colons -= raw.count(b"\\u003a") + raw.count(b"\\u003A")
        meta = value.get("meta")
        last_updated = meta.get("lastUpdated") if type(meta) is dict else None
        return Resource(
            resource_type,
            resource_id,
            None if last_updated is None else parse_instant(last_updated),
            hashlib.sha256(canonical).hexdigest(),
            size,
            self._shape_error(resource_type, canonical),
            None,
            canonical,
        ), colons

    def _value(self, raw: bytes) -> Any:
        """The JSON value; messages of decoders quote their input, so none is passed on."""
        try:
            return self._decode(raw)
        except UnicodeDecodeError:
            reason = Reason.INVALID_UTF8
        except RecursionError:
            reason = Reason.TOO_DEEP
        except (msgspec.ValidationError, decimal.InvalidOperation):
            reason = Reason.NUMBER_OUT_OF_RANGE
        except msgspec.DecodeError:
            reason = Reason.INVALID_JSON
        raise Refused(reason)


def _is_too_deep(value: Any, canonical: bytes) -> bool:
    """Whether objects and lists nest deeper than MAX_DEPTH. Walks level by level, without recursion."""
    if canonical.count(b"{") + canonical.count(b"[") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for node in level for item in _items(node) if type(item) in (dict, list)]
    return bool(level)


def _items(node: Any) -> Iterable[Any]:
    return node.values() if type(node) is dict else node


def json_type(value: object) -> str:
    """The name of a decoded value's JSON type."""
    if value is None:
        return "null"
    names = {dict: "object", list: "array", str: "string", bool: "boolean"}
    return names.get(type(value), "number")


def _refuse_duplicates(raw: bytes) -> None:
    """`Refused` where an object has two members of one name. Counting colons only says that it may be so: an
    escaped backslash before `u003a` looks like an escaped colon."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Refused(Reason.DUPLICATE_KEY, "an object has two members of one name")

    try:
        json.loads(raw, object_pairs_hook=once, parse_int=str, parse_float=str)
    except RecursionError:
        raise Refused(Reason.TOO_DEEP) from None
