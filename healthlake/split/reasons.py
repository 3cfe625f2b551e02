"""Why something was set aside: the fixed list of `bronze_quarantine.reason`, which docs/quarantine.md shows.

A reason is part of the tables' interface: one may be added, none is renamed or used for something else.
"""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """Reasons, from the file as a whole down to one record. Each has a sentence for its reader."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Reason:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    UNKNOWN_FILE_TYPE = (
        "unknown_file_type",
        "The file's name ends neither in .json, .ndjson nor .jsonl, with or without .gz. Nothing of it was"
        " read.",
    )
    EMPTY_FILE = (
        "empty_file",
        "A .json file without content. An empty .ndjson file is no fault: it has 0 entries.",
    )
    TRUNCATED_GZIP = (
        "truncated_gzip",
        "The gzip stream ends too early. What could be decompressed was read; the row covers the part of that"
        " which is no complete record, if there is one.",
    )
    CORRUPT_GZIP = (
        "corrupt_gzip",
        "The gzip stream is damaged, fails its checksum or is followed by something else. What could be"
        " decompressed was read; the row covers the part of that which is no complete record, if there is"
        " one.",
    )
    DOCUMENT_TOO_LARGE = (
        "document_too_large",
        "A JSON document (a Bundle, a resource or a line of NDJSON) takes more than 1 GiB. Nothing of it was"
        " read. Export it as NDJSON with a resource a line, or split the Bundle, then deliver it again.",
    )
    TRUNCATED_JSON = (
        "truncated_json",
        "The file ends inside a JSON document. Entries complete before that were read; the row covers the"
        " rest.",
    )
    INVALID_JSON = (
        "invalid_json",
        "The record is no JSON: a syntax error, a lone surrogate, NaN, a control character in a string, or"
        " further text on the line where a document ends.",
    )
    INVALID_UTF8 = ("invalid_utf8", "The record holds bytes that are no UTF-8.")
    NUMBER_OUT_OF_RANGE = (
        "number_out_of_range",
        "A number can't be kept exactly: an integer of 4,300 digits or more, or an exponent of 19 digits or"
        " more.",
    )
    TOO_DEEP = ("too_deep", "The record nests more than 400 objects and lists in each other.")
    TOO_LARGE = ("too_large", "The record takes more than 1 GiB or has more than 4,000,000 values.")
    DUPLICATE_KEY = (
        "duplicate_key",
        "An object has two members of one name, so it isn't known which was meant. Of a member that the"
        " Bundle itself has twice, the second is set aside and the first one counts.",
    )
    NOT_AN_OBJECT = ("not_an_object", "There is something else where a JSON object is expected.")
    ENTRY_NOT_A_LIST = ("entry_not_a_list", "Bundle.entry is no list.")
    UNKNOWN_BUNDLE_MEMBER = (
        "unknown_bundle_member",
        "The Bundle itself has a member that R4 doesn't define, with a resource somewhere inside. Only those"
        " in its entries are read.",
    )
    NO_RESOURCE = ("no_resource", "The Bundle entry has no resource and asks for no deletion.")
    NOT_FHIR = ("not_fhir", "The object has no resourceType, or one that is no text or empty.")
    MISSING_ID = ("missing_id", "The resource has no id, or one that is no text or empty.")
    EXPORT_ERROR = (
        "export_error",
        "The exporting server reports a problem: a resource without id, as an OperationOutcome mostly is, in"
        " a file that a Bulk Data manifest lists under error[] or that lies in a folder error/. What it tells"
        " of may not have been exported.",
    )
    EXPORT_FILE_MISSING = (
        "export_file_missing",
        "A Bulk Data manifest lists a file that isn't in its folder or below; detail is the place in the"
        " manifest. Files are found by the last part of their URL, whatever the ending. Land what is missing"
        " beside the manifest.",
    )
    INVALID_MANIFEST = (
        "invalid_manifest",
        "A part of a Bulk Data manifest isn't what it must be; detail says which. It has no effect, the rest"
        " of the manifest has.",
    )
    CONDITIONAL_DELETE = (
        "conditional_delete",
        "The entry deletes by search (Patient?identifier=…). Which resources that means can't be known here.",
    )
    DELETE_WITHOUT_TARGET = ("delete_without_target", "The entry deletes, but its request.url isn't Type/id.")
    DELETE_WITH_RESOURCE = (
        "delete_with_resource",
        "The entry deletes and has a resource, so it isn't known which was meant.",
    )


def quarantine_page() -> str:
    """The page on quarantine for docs/."""
    rows = "\n".join(f"| `{reason}` | {reason.sentence} |" for reason in Reason)
    return f"""# Quarantine

From `healthlake/split/reasons.py`. Nothing that lies in a drop is left out silently. What can't be read as
a resource or a deletion is one row in `bronze_quarantine`, and counted in `bronze_file`. The rest of the file
is read.

`file_id` leads to the path by `bronze_file`. `byte_offset` and `byte_length` lead to the bytes in the
uncompressed file, which stays in raw: `zcat -f FILE | tail -c +$((byte_offset + 1)) | head -c byte_length`.
`detail` says more about the structure and never holds a value. Where a gzip stream is damaged, `file_id` is
the SHA-256 of the file as it lies, not of what could be decompressed: a torn copy is never taken for the
whole file.

A resource that can be read but whose JSON types aren't those of FHIR R4 is in bronze with a `shape_error`,
and silver quarantines it.

| reason | when |
| --- | --- |
{rows}
"""
