"""Gold: summaries as known on a day. Each table is one SELECT in `sql/`, in Athena's dialect, named like its
table."""

from __future__ import annotations

from healthlake.contracts.model import Column, ColumnType, Contract, Kind, Layer

_AS_OF_DT = Column(
    "dt",
    ColumnType.DATE,
    "Day as of which this is known: computed from all drops up to it. Filter by dt: each day holds a full"
    " picture.",
)
_READS_ALL = "Reads all days up to dt, not only dt; holds a full picture per dt, so filter by dt."

GOLD_POPULATION_SUMMARY = Contract(
    name="gold_population_summary",
    layer=Layer.GOLD,
    kind=Kind.DAILY,
    description=(
        "The population as known on dt: patients by sex and age band, living and dead; encounters and"
        f" patients seen by month and class; observations by month and category. {_READS_ALL}"
    ),
    grain=("measure", "time_bucket", "category_type", "category", "subcategory"),
    columns=(
        _AS_OF_DT,
        Column(
            "measure",
            ColumnType.STRING,
            "What is counted: patients, living_patients, dead_patients, encounters, patients_seen or"
            " observations.",
        ),
        Column(
            "time_bucket",
            ColumnType.STRING,
            "Month of the event as YYYY-MM, unknown where it has no time, or all.",
        ),
        Column(
            "category_type",
            ColumnType.STRING,
            "What category says: vital_status, sex_and_age_band, encounter_class or observation_category.",
        ),
        Column(
            "category",
            ColumnType.STRING,
            "Vital status, sex, class or category code; unknown where not stated.",
        ),
        Column(
            "subcategory",
            ColumnType.STRING,
            "Age band in completed years: on dt for the living, at death for the dead; else all.",
        ),
        Column("value", ColumnType.LONG, "The count.", unit="1"),
    ),
)

GOLD_DATA_QUALITY_DASHBOARD = Contract(
    name="gold_data_quality_dashboard",
    layer=Layer.GOLD,
    kind=Kind.DAILY,
    description=(
        "Per table, as known on dt: rows, null rate on keys, duplicates removed by kind, quarantined."
        f" {_READS_ALL}"
    ),
    grain=("table_name",),
    columns=(
        _AS_OF_DT,
        Column("table_name", ColumnType.STRING, "The table that the row is about."),
        Column(
            "rows_of_day",
            ColumnType.LONG,
            "Rows with this dt; NULL for silver_fct_observation, whose rows stand for several.",
        ),
        Column("rows_as_of", ColumnType.LONG, "Rows as known on dt."),
        Column(
            "key_columns", ColumnType.STRING, "The key columns whose NULLs are counted, joined by a comma."
        ),
        Column("rows_with_null_key", ColumnType.LONG, "Rows as known on dt with NULL in one of key_columns."),
        Column(
            "null_key_rate",
            ColumnType.DOUBLE,
            "rows_with_null_key / rows_as_of; NULL without rows.",
            unit="1",
        ),
        Column("exact", ColumnType.LONG, "Exact copies inside the day's drop that were removed."),
        Column("superseded", ColumnType.LONG, "Older versions inside the day's drop that were removed."),
        Column(
            "conflicts",
            ColumnType.LONG,
            "Equally new, different versions inside the day's drop that were removed.",
        ),
        Column(
            "re_sent",
            ColumnType.LONG,
            "Ids of the day whose content an earlier drop up to dt had already brought; they change no"
            " current row.",
        ),
        Column(
            "collapsed",
            ColumnType.LONG,
            "Rows as known on dt that share a grain with another and are not shown.",
        ),
        Column("quarantined", ColumnType.LONG, "Rows of the day in quarantine instead of in this table."),
    ),
)

GOLD_TABLES: tuple[Contract, ...] = (GOLD_POPULATION_SUMMARY, GOLD_DATA_QUALITY_DASHBOARD)
