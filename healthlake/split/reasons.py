"""Why something was set aside: the fixed list of `bronze_quarantine.reason`. docs/quarantine.md is made from it.

A reason is part of the tables' interface: one may be added, none is renamed or used for something else.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Reason(enum.StrEnum):
    """Reasons, from the file as a whole down to one record."""

    UNKNOWN_FILE_TYPE = "unknown_file_type"
    EMPTY_FILE = "empty_file"
    TRUNCATED_GZIP = "truncated_gzip"
    CORRUPT_GZIP = "corrupt_gzip"
    TRUNCATED_JSON = "truncated_json"
    INVALID_JSON = "invalid_json"
    INVALID_UTF8 = "invalid_utf8"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    DUPLICATE_KEY = "duplicate_key"
    NOT_AN_OBJECT = "not_an_object"
    ENTRY_NOT_A_LIST = "entry_not_a_list"
    NO_RESOURCE = "no_resource"
    NOT_FHIR = "not_fhir"
    MISSING_ID = "missing_id"
    CONDITIONAL_DELETE = "conditional_delete"
    DELETE_WITHOUT_TARGET = "delete_without_target"
    DELETE_WITH_RESOURCE = "delete_with_resource"


SENTENCES: Mapping[Reason, str] = {
    Reason.UNKNOWN_FILE_TYPE: (
        "The file's name ends neither in .json, .ndjson nor .jsonl (with or without .gz); nothing of it was"
        " read."
    ),
    Reason.EMPTY_FILE: ("A .json file without content. An empty .ndjson file is 0 entries and no fault."),
    Reason.TRUNCATED_GZIP: (
        "The gzip stream ends too early. What could be decompressed was read; the row covers the rest of it"
        " that is no complete record."
    ),
    Reason.CORRUPT_GZIP: (
        "The gzip stream is damaged, fails its checksum or is followed by something else. What could be"
        " decompressed was read; the row covers the rest of it that is no complete record."
    ),
    Reason.TRUNCATED_JSON: (
        "The file ends inside a JSON document. Entries complete before that were read; the row covers the rest."
    ),
    Reason.INVALID_JSON: (
        "The record is no JSON: a syntax error, a lone surrogate, NaN, a control character, or a second"
        " document on the same line."
    ),
    Reason.INVALID_UTF8: "The record holds bytes that are no UTF-8.",
    Reason.NUMBER_OUT_OF_RANGE: (
        "A number has more digits (4,300) or a larger exponent (19 digits) than can be kept exactly."
    ),
    Reason.TOO_DEEP: "The record nests more than 400 objects and lists in each other.",
    Reason.TOO_LARGE: "The record is larger than 1 GiB.",
    Reason.DUPLICATE_KEY: (
        "An object has two members of one name, so it isn't known which was meant. A repeated member of the"
        " Bundle itself is set aside alone: the first one counts."
    ),
    Reason.NOT_AN_OBJECT: "A JSON object is expected where there is something else.",
    Reason.ENTRY_NOT_A_LIST: "Bundle.entry is no list.",
    Reason.NO_RESOURCE: "A Bundle entry that has no resource and asks for no deletion.",
    Reason.NOT_FHIR: "The object has no resourceType, or one that is no text.",
    Reason.MISSING_ID: "The resource has no id, or one that is no text or empty.",
    Reason.CONDITIONAL_DELETE: (
        "DELETE by search (Patient?identifier=…): which resources it means can't be known here."
    ),
    Reason.DELETE_WITHOUT_TARGET: "DELETE whose request.url isn't Type/id.",
    Reason.DELETE_WITH_RESOURCE: (
        "A Bundle entry that asks for a deletion and has a resource; neither is applied."
    ),
}
