"""Bronze: what arrived, as it arrived. One row per resource, deletion or fault, each with its file and
position.

`bronze_file` is written last: it is the day's commit mark.
"""

from __future__ import annotations

from healthlake.contracts.model import DT, Column, ColumnType, Contract, Kind, Layer

DT_COLUMN = Column(DT, ColumnType.DATE, "Day of the drop (UTC): the folder raw/…/dt= that the file lay in.")

POSITION = (
    Column(
        "file_id",
        ColumnType.STRING,
        "SHA-256 of the uncompressed file, in hex; of the file as it lies where it can't be uncompressed"
        " whole. bronze_file has its path.",
    ),
    Column("line", ColumnType.LONG, "Line in the file at which the JSON document starts, counted from 1."),
    Column("entry", ColumnType.INT, "Index of the Bundle entry, counted from 0; -1 outside a Bundle."),
)
POSITION_NAMES = tuple(column.name for column in POSITION)

_RESOURCE_COLUMNS = (
    DT_COLUMN,
    *POSITION,
    Column("resource_type", ColumnType.STRING, "FHIR resource type."),
    Column("resource_id", ColumnType.STRING, "Logical id of the resource.", phi=True),
    Column(
        "last_updated",
        ColumnType.TIMESTAMP,
        "meta.lastUpdated as UTC; NULL where it is absent or is no FHIR instant.",
        unit="UTC",
    ),
    Column("content_hash", ColumnType.STRING, "SHA-256 of the column resource, in hex."),
    Column("resource_bytes", ColumnType.LONG, "Length of the column resource in UTF-8.", unit="bytes"),
    Column(
        "shape_error",
        ColumnType.STRING,
        "FHIR path of the first element whose JSON type is not R4's; NULL where the shape is right or the"
        " type has no silver table. Silver quarantines such a row.",
    ),
    Column(
        "local_references",
        ColumnType.STRING,
        "JSON object from the Bundle's fullUrls used in this resource to Type/id, where a fullUrl does not"
        " end in the id of its resource; else NULL.",
        phi=True,
    ),
    Column(
        "resource",
        ColumnType.STRING,
        "The resource as canonical JSON: keys sorted, no white space, number text kept.",
        phi=True,
    ),
)


def resource_table(name: str, resource_type: str | None, what: str) -> Contract:
    """The bronze table of one resource type, or of every other type where `resource_type` is None."""
    return Contract(
        name=name,
        layer=Layer.BRONZE,
        kind=Kind.DAILY,
        description=(
            f"{what} as delivered on the day, one row per resource, re-sends and older versions included."
        ),
        grain=POSITION_NAMES,
        columns=_RESOURCE_COLUMNS,
        resource_type=resource_type,
    )


BRONZE_OTHER = resource_table(
    "bronze_other", None, "Resources of every type that has no bronze table of its own"
)

BRONZE_DELETION = Contract(
    name="bronze_deletion",
    layer=Layer.BRONZE,
    kind=Kind.DAILY,
    description="Deletions delivered on the day: Bundle entries whose request is DELETE, one row each.",
    grain=POSITION_NAMES,
    columns=(
        DT_COLUMN,
        *POSITION,
        Column("resource_type", ColumnType.STRING, "FHIR resource type of what is deleted."),
        Column("resource_id", ColumnType.STRING, "Logical id of what is deleted.", phi=True),
        Column(
            "deleted_datetime",
            ColumnType.TIMESTAMP,
            "When it was deleted: the entry's response.lastModified, else Bundle.timestamp, else the"
            " transactionTime of the export's manifest; NULL where none is known.",
            unit="UTC",
        ),
        Column("content_hash", ColumnType.STRING, "SHA-256 of type, id and time of the deletion, in hex."),
    ),
)

BRONZE_QUARANTINE = Contract(
    name="bronze_quarantine",
    layer=Layer.BRONZE,
    kind=Kind.DAILY,
    description=(
        "What could not be read as a resource, one row per fault; the bytes stay in raw, which is immutable."
    ),
    grain=(*POSITION_NAMES, "byte_offset"),
    columns=(
        DT_COLUMN,
        *POSITION,
        Column("byte_offset", ColumnType.LONG, "Offset of the fault in the uncompressed file.", unit="bytes"),
        Column(
            "byte_length", ColumnType.LONG, "Length of what was set aside, from byte_offset on.", unit="bytes"
        ),
        Column("reason", ColumnType.STRING, "Why: one of the reasons listed in docs/quarantine.md."),
        Column(
            "detail",
            ColumnType.STRING,
            "Structural detail without values: a FHIR path, or what was expected.",
        ),
    ),
)

BRONZE_FILE = Contract(
    name="bronze_file",
    layer=Layer.BRONZE,
    kind=Kind.DAILY,
    description=(
        "The day's files, one row per path, written last: its presence says that the day's bronze is"
        " complete."
    ),
    grain=("path",),
    columns=(
        DT_COLUMN,
        Column("path", ColumnType.STRING, "Path under raw/synthea_fhir/dt=…; may name a patient.", phi=True),
        Column("file_id", ColumnType.STRING, "SHA-256 of the uncompressed content, in hex."),
        Column("size_bytes", ColumnType.LONG, "Size of the file as it lies in raw.", unit="bytes"),
        Column("content_bytes", ColumnType.LONG, "Size of the uncompressed content.", unit="bytes"),
        Column(
            "kind",
            ColumnType.STRING,
            "bundle, ndjson, resource, manifest (of a Bulk Data export), empty or unreadable.",
        ),
        Column(
            "is_repeat",
            ColumnType.BOOLEAN,
            "True where another path of the day has the same file_id: its content is counted there, and here"
            " as 0.",
        ),
        Column(
            "entries",
            ColumnType.LONG,
            "Entries read: Bundle entries, NDJSON lines or bare resources, faults included.",
        ),
        Column("resources", ColumnType.LONG, "Entries that became rows of a bronze resource table."),
        Column("deletions", ColumnType.LONG, "Entries that became rows of bronze_deletion."),
        Column("quarantined", ColumnType.LONG, "Entries that became rows of bronze_quarantine."),
        Column(
            "expected_entries",
            ColumnType.LONG,
            "Count that a Bulk Data manifest gives the file in output[] or error[]; NULL where none does.",
        ),
        Column(
            "unreadable_times",
            ColumnType.LONG,
            "Resources and deletions with a time (meta.lastUpdated, response.lastModified, Bundle.timestamp)"
            " that is no FHIR instant: it is treated as absent.",
        ),
    ),
)
