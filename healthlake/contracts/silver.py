"""Silver: what each drop says of each id (history), and the current state of every id (dimension and facts).

A resource type has a `ResourceType`: its view, its key, its tables. Conform reads these and knows no type by
name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from healthlake.contracts.bronze import DT_COLUMN, POSITION, resource_table
from healthlake.contracts.model import Column, ColumnType, Contract, Kind, Layer
from healthlake.contracts.views import View, load_view

VERSION_COLUMNS = (
    Column(
        "last_updated",
        ColumnType.TIMESTAMP,
        "meta.lastUpdated, or the time of the deletion; NULL where none is stated.",
        unit="UTC",
    ),
    Column("content_hash", ColumnType.STRING, "SHA-256 of the resource as canonical JSON, in hex."),
    Column(
        "resource_bytes", ColumnType.LONG, "Length of the canonical JSON; 0 for a deletion.", unit="bytes"
    ),
)

IS_DELETED = Column("is_deleted", ColumnType.BOOLEAN, "True where the drop deletes this id (a tombstone).")

COMPONENT_INDEX = Column(
    "component_index",
    ColumnType.INT,
    "Index of the component, counted from 0; -1 for the observation's own value.",
    expression="CASE WHEN is_component THEN row_index ELSE -1 END",
)


@dataclass(frozen=True, slots=True)
class Grain:
    """A current table with one row per `columns`, collapsed from a type's current rows by the order of
    versions."""

    table: Contract
    columns: tuple[str, ...]
    distinct: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One FHIR resource type that silver conforms: its view, the tables on its way and how their rows are
    keyed.

    `row_key` identifies a row of `history` within a day and a row of `current`: the id, and an index where
    one resource makes several rows. `event` is the column that says when what a row tells happened.
    """

    name: str
    key: str
    row_key: tuple[str, ...]
    view: View
    bronze: Contract
    history: Contract
    current: Contract
    collapsed: Grain | None = None
    event: str | None = None

    @property
    def tables(self) -> tuple[Contract, ...]:
        """The silver tables of this type in the order in which they are written."""
        return (self.history, self.current) + ((self.collapsed.table,) if self.collapsed else ())


def _ordered(view: View, key: str, row_key: tuple[str, ...], derived: Sequence[Column]) -> tuple[Column, ...]:
    """Key columns first, then the derived ones, then the view's."""
    columns = {column.name: column for column in (*view.columns, *derived)}
    names = [key, *(name for name in row_key if name != key), *(column.name for column in derived), *columns]
    return tuple(columns[name] for name in dict.fromkeys(names))


def _tables(
    view: View, row_key: tuple[str, ...], derived: Sequence[Column], history: str, current: str, what: str
) -> tuple[Contract, Contract]:
    values = _ordered(view, row_key[0], row_key, derived)
    return (
        Contract(
            name=history,
            layer=Layer.SILVER,
            kind=Kind.DAILY,
            description=(
                f"What each drop says of each {what}: conformed, one version per id and day, tombstones"
                " included."
            ),
            grain=row_key,
            columns=(DT_COLUMN, *values, *VERSION_COLUMNS, IS_DELETED, *POSITION),
            resource_type=view.resource_type,
        ),
        Contract(
            name=current,
            layer=Layer.SILVER,
            kind=Kind.CURRENT,
            description=(
                f"The current state of each {what}: the latest version wins; dt is the drop it first came in."
            ),
            grain=row_key,
            columns=(DT_COLUMN, *values, *VERSION_COLUMNS, *POSITION),
            resource_type=view.resource_type,
        ),
    )


def _official(name: str, source: str, description: str) -> Column:
    expression = f"CASE WHEN has_official_name THEN official_{source} ELSE first_{source} END"
    return Column(name, ColumnType.STRING, description, phi=True, expression=f"nullif({expression}, '')")


def _patient() -> ResourceType:
    view = load_view("patient")
    derived = (
        _official("family_name", "family", "Family name: of the official name, else of the first."),
        _official("given_names", "given", "Given names joined by a blank, of the same name."),
        _official("name_prefix", "prefix", "Prefixes joined by a blank, of the same name."),
        _official("name_suffix", "suffix", "Suffixes joined by a blank, of the same name."),
        Column(
            "is_deceased",
            ColumnType.BOOLEAN,
            "Whether the patient is known to be dead: deceasedBoolean, or true where deceasedDateTime is"
            " given.",
            expression=(
                "CASE WHEN deceased_datetime IS NOT NULL THEN TRUE ELSE coalesce(deceased_boolean, FALSE) END"
            ),
        ),
    )
    history, current = _tables(
        view, ("patient_id",), derived, "silver_patient_history", "silver_dim_patient", "patient"
    )
    return ResourceType(
        name=view.resource_type,
        key="patient_id",
        row_key=("patient_id",),
        view=view,
        bronze=resource_table("bronze_patient", view.resource_type, "Patients"),
        history=history,
        current=current,
    )


def _encounter() -> ResourceType:
    view = load_view("encounter")
    history, current = _tables(
        view, ("encounter_id",), (), "silver_encounter_history", "silver_fct_encounter", "encounter"
    )
    return ResourceType(
        name=view.resource_type,
        key="encounter_id",
        row_key=("encounter_id",),
        view=view,
        bronze=resource_table("bronze_encounter", view.resource_type, "Encounters"),
        history=history,
        current=current,
        event="period_start",
    )


_VALUE_TYPES = (
    "Quantity",
    "CodeableConcept",
    "string",
    "boolean",
    "integer",
    "Range",
    "Ratio",
    "SampledData",
    "time",
    "dateTime",
    "Period",
)
_EFFECTIVE = "coalesce(effective_datetime, effective_instant, effective_period_start)"


_CODE_RULE = "LOINC where there is one, else the first listed"
_VALUE_TYPE = " ".join(f"WHEN is_{name.lower()} THEN '{name}'" for name in _VALUE_TYPES)
_OBSERVATION_DERIVED = (
    COMPONENT_INDEX,
    Column(
        "obs_code",
        ColumnType.STRING,
        f"Code of what was observed: {_CODE_RULE}.",
        expression="coalesce(loinc_code, first_code)",
    ),
    Column(
        "obs_system",
        ColumnType.STRING,
        "System of obs_code.",
        expression="CASE WHEN loinc_code IS NOT NULL THEN 'http://loinc.org' ELSE first_system END",
    ),
    Column(
        "obs_display",
        ColumnType.STRING,
        "Display of obs_code.",
        expression="CASE WHEN loinc_code IS NOT NULL THEN loinc_display ELSE first_display END",
    ),
    Column(
        "panel_code",
        ColumnType.STRING,
        f"For a component, code of the observation that it is part of: {_CODE_RULE}; else NULL.",
        expression="CASE WHEN is_component THEN coalesce(panel_loinc_code, panel_first_code) END",
    ),
    Column(
        "obs_datetime",
        ColumnType.TIMESTAMP,
        "When it was observed: effective dateTime or instant, else start of the Period; NULL where that"
        " has no time and offset.",
        unit="UTC",
        phi=True,
        expression=f"fhir_instant({_EFFECTIVE})",
    ),
    Column(
        "obs_datetime_text",
        ColumnType.STRING,
        "The text that obs_datetime was made of.",
        phi=True,
        expression=_EFFECTIVE,
    ),
    Column(
        "obs_datetime_precision",
        ColumnType.STRING,
        "Precision of obs_datetime_text: year, month, day or time.",
        expression=f"fhir_precision({_EFFECTIVE})",
    ),
    Column(
        "effective_type",
        ColumnType.STRING,
        "Kind of the effective time: dateTime, instant, Period or Timing; NULL where there is none.",
        expression=(
            "CASE WHEN effective_datetime IS NOT NULL THEN 'dateTime' WHEN effective_instant IS NOT NULL"
            " THEN 'instant' WHEN has_effective_period THEN 'Period' WHEN has_effective_timing THEN"
            " 'Timing' END"
        ),
    ),
    Column(
        "value_type",
        ColumnType.STRING,
        "FHIR type of the value; NULL where there is none.",
        expression=f"CASE {_VALUE_TYPE} END",
    ),
)


def _observation() -> ResourceType:
    view = load_view("observation")
    row_key = ("observation_id", "component_index")
    history, current = _tables(
        view,
        row_key,
        _OBSERVATION_DERIVED,
        "silver_observation_history",
        "silver_fct_observation_value",
        "observation",
    )
    return ResourceType(
        name=view.resource_type,
        key="observation_id",
        row_key=row_key,
        view=view,
        bronze=resource_table("bronze_observation", view.resource_type, "Observations"),
        history=history,
        current=current,
        collapsed=_observation_grain(current),
        event="obs_datetime",
    )


def _observation_grain(values: Contract) -> Grain:
    grain = ("patient_id", "obs_datetime", "obs_code")
    counts = (
        Column(
            "n_collapsed",
            ColumnType.LONG,
            "How many rows of silver_fct_observation_value share this grain; 1 for one.",
        ),
        Column("n_distinct_values", ColumnType.LONG, "How many different values those rows have."),
    )
    table = Contract(
        name="silver_fct_observation",
        layer=Layer.SILVER,
        kind=Kind.CURRENT,
        description=(
            "The current state at the grain patient, time and code: of several values the latest version's,"
            " then the largest observation_id and component_index; n_collapsed says how many there were. Rows"
            " with NULL in the grain stay in silver_fct_observation_value."
        ),
        grain=grain,
        columns=(*values.columns, *counts),
        resource_type=values.resource_type,
    )
    distinct = tuple(
        name
        for name in values.column_names
        if name.startswith("value_") or name in ("data_absent_reason_code",)
    )
    return Grain(table, grain, distinct)


RESOURCE_TYPES: tuple[ResourceType, ...] = (_patient(), _encounter(), _observation())

SILVER_QUARANTINE = Contract(
    name="silver_quarantine",
    layer=Layer.SILVER,
    kind=Kind.DAILY,
    description="Bronze rows that silver could not conform, one row each, with file and position.",
    grain=("table_name", *(column.name for column in POSITION)),
    columns=(
        DT_COLUMN,
        Column("table_name", ColumnType.STRING, "The history table that the row would have gone to."),
        *POSITION,
        Column("resource_id", ColumnType.STRING, "Logical id of the resource.", phi=True),
        Column("reason", ColumnType.STRING, "Why: wrong_shape."),
        Column("detail", ColumnType.STRING, "Structural detail without values: the FHIR path of the fault."),
    ),
)

SILVER_RECONCILIATION = Contract(
    name="silver_reconciliation",
    layer=Layer.SILVER,
    kind=Kind.DAILY,
    description=(
        "The day's account of each history table: bronze_rows + deletions = history_resources + exact +"
        " superseded + conflicts + quarantined. Written last: it says that the day's silver is complete."
    ),
    grain=("table_name",),
    columns=(
        DT_COLUMN,
        Column("table_name", ColumnType.STRING, "The history table."),
        Column("bronze_rows", ColumnType.LONG, "Resources of the type in bronze."),
        Column("deletions", ColumnType.LONG, "Deletions of the type in bronze."),
        Column("history_resources", ColumnType.LONG, "Ids with a version in history, tombstones included."),
        Column("history_rows", ColumnType.LONG, "Rows in history."),
        Column("exact", ColumnType.LONG, "Further copies of the same content under one id."),
        Column("superseded", ColumnType.LONG, "Other contents of an id that are older than the one kept."),
        Column("conflicts", ColumnType.LONG, "Other contents of an id that are as new as the one kept."),
        Column("quarantined", ColumnType.LONG, "Rows in silver_quarantine."),
    ),
)

SHARED_SILVER_TABLES = (SILVER_QUARANTINE, SILVER_RECONCILIATION)


def types_of(tables: Collection[str]) -> list[ResourceType]:
    """The resource types that `tables` belong to; all where only shared tables are named, or none."""
    types = [kind for kind in RESOURCE_TYPES if any(table.name in tables for table in kind.tables)]
    return types or list(RESOURCE_TYPES)
