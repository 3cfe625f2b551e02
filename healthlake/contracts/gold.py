"""Gold: summaries as known on a day, and the verdicts of the rules. A summary is one SELECT in `sql/`, in
Athena's dialect, named like its table."""

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
        "Per table, as known on dt: rows, null rate on keys, duplicates removed by kind, quarantined, late"
        " and orphaned rows, and a grade by the worst rule of the day."
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
            "null_counts",
            ColumnType.STRING,
            "Rows as known on dt with NULL in each of key_columns, as name=count joined by a comma.",
        ),
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
            "late",
            ColumnType.LONG,
            "Ids of the day whose content is new and older than what an earlier drop up to dt had brought;"
            " they change no current row.",
        ),
        Column(
            "reverted",
            ColumnType.LONG,
            "Of the re-sent ids those without a stated time whose current content is another one: a source"
            " that went back to an earlier state looks the same.",
        ),
        Column(
            "collapsed",
            ColumnType.LONG,
            "Rows as known on dt that share a grain with another and are not shown.",
        ),
        Column("quarantined", ColumnType.LONG, "Rows of the day in quarantine instead of in this table."),
        Column(
            "orphans",
            ColumnType.LONG,
            "Rows as known on dt whose patient_id is in no drop up to dt, or is deleted; NULL for tables"
            " without patients to refer to.",
        ),
        Column(
            "days_since_newest_event",
            ColumnType.LONG,
            "Days from the newest event (start of an encounter, time of an observation) to dt; negative where"
            " one lies after dt, NULL where the table has no events.",
            unit="d",
        ),
        Column(
            "worst_status",
            ColumnType.STRING,
            "The worst status of the table's rules for the day: error, fail, warn or pass; NULL without any"
            " rule that applies. A current table has its history's.",
        ),
        Column(
            "grade",
            ColumnType.STRING,
            "A: no rule warns or fails; B: some warn; C: one or two fail; D: more fail; F: a structural or"
            " blocking rule fails, or a rule could not be evaluated. NULL as worst_status.",
        ),
    ),
)

GOLD_DQ_RESULT = Contract(
    name="gold_dq_result",
    layer=Layer.GOLD,
    kind=Kind.DAILY,
    description=(
        "The verdict of every rule on what came on dt, references looked up in all drops up to dt. Additive:"
        " applicable and violated may be summed over days."
    ),
    grain=("rule_id",),
    columns=(
        Column("dt", ColumnType.DATE, "Day of the drop that the rule was applied to."),
        Column("rule_id", ColumnType.STRING, "The rule's id, for good: never given to another rule."),
        Column("table_name", ColumnType.STRING, "The table that the rule is about."),
        Column("rule_name", ColumnType.STRING, "The rule's name: the asset check's."),
        Column("kahn_class", ColumnType.STRING, "Class of the rule in the terms of Kahn et al. 2016."),
        Column("applicable", ColumnType.LONG, "Rows or groups that the rule applies to; NULL on error."),
        Column("violated", ColumnType.LONG, "Rows or groups among them that violate it; NULL on error."),
        Column(
            "violated_percent",
            ColumnType.DOUBLE,
            "100 * violated / applicable; NULL where nothing is applicable.",
            unit="%",
        ),
        Column("status", ColumnType.STRING, "pass, warn, fail, not_applicable or error."),
        Column("reason", ColumnType.STRING, "Why a rule is not applicable or could not be evaluated."),
        Column("warn_percent", ColumnType.DOUBLE, "Above it the rule warns; NULL: never.", unit="%"),
        Column("fail_percent", ColumnType.DOUBLE, "Above it the rule fails; NULL: never.", unit="%"),
        Column(
            "is_blocking",
            ColumnType.BOOLEAN,
            "Whether a failure stops the day (structural rules), or gold from that day on.",
        ),
        Column("is_overridden", ColumnType.BOOLEAN, "Whether this deployment changed the rule's terms."),
        Column("rule_set_hash", ColumnType.STRING, "SHA-256 of all rules and their terms, in hex."),
    ),
)

GOLD_DQ_SAMPLE = Contract(
    name="gold_dq_sample",
    layer=Layer.GOLD,
    kind=Kind.DAILY,
    description=(
        "At most 20 rows a rule that violate it on dt, those with the lowest content hash, with file and"
        " position: where to look, without a value."
    ),
    grain=("rule_id", "sample_number"),
    columns=(
        Column("dt", ColumnType.DATE, "Day of the drop that the rule was applied to."),
        Column("rule_id", ColumnType.STRING, "The rule's id."),
        Column("sample_number", ColumnType.INT, "1 to 20, by content hash, then position."),
        Column("table_name", ColumnType.STRING, "The table that the rule is about."),
        Column("row_id", ColumnType.STRING, "Logical id of the resource.", phi=True),
        Column("file_id", ColumnType.STRING, "SHA-256 of the uncompressed file, in hex."),
        Column("line", ColumnType.LONG, "Line in the file, counted from 1."),
        Column("entry", ColumnType.INT, "Index of the Bundle entry, counted from 0; -1 outside a Bundle."),
    ),
)

QUALITY_TABLES: tuple[Contract, ...] = (GOLD_DQ_RESULT, GOLD_DQ_SAMPLE)
"""The verdicts of the rules: computed by the rules themselves, not by a file in `sql/`."""

NEVER_STOPPED: tuple[Contract, ...] = (*QUALITY_TABLES, GOLD_DATA_QUALITY_DASHBOARD)
"""What says that a rule failed is computed although it did."""

GOLD_TABLES: tuple[Contract, ...] = (*NEVER_STOPPED, GOLD_POPULATION_SUMMARY)
