"""Rules about what was observed: FHIR's invariants, units, and what a value can be."""

from __future__ import annotations

from healthlake.checks.model import MEASURED, Check, Kahn, Terms
from healthlake.checks.observation_groups import OBSERVATION_GROUP_RULES
from healthlake.checks.ranges import is_measured, unit_fits, value_fits

_TABLE = "silver_observation_history"
_HOLDS = "status IN ('final', 'amended', 'corrected')"
_VALUES = (
    "value_quantity",
    "value_code",
    "value_string",
    "value_boolean",
    "value_integer",
    "value_time",
    "value_datetime_text",
)
_ABSENT = (
    "('unknown', 'asked-unknown', 'temp-unknown', 'not-asked', 'asked-declined', 'masked', 'not-applicable',"
    " 'unsupported', 'as-text', 'error', 'not-a-number', 'negative-infinity', 'positive-infinity',"
    " 'not-performed', 'not-permitted')"
)
_AMOUNTS = (
    "('mg/dL', 'g/dL', 'g/L', 'ng/mL', 'pg/mL', 'ug/dL', 'umol/L', 'U/L', 'IU/L', 'mg/g', 'kg', 'g', 'cm',"
    " 'mm', 'm', 'kg/m2', 'mm[Hg]', '/min', 'fL', 'pg', '10*3/uL', '10*6/uL', '10*9/L', '10*12/L')"
)
_FILLERS = "(-9, -99, -999, -9999, 9999, 99999, 999999, 9999999)"
_NO_VALUE = {"value_type": None, "value_quantity": None, "value_unit": None, "value_unit_code": None}

_VALUE_RULES = (
    Check(
        "O60",
        _TABLE,
        "value_or_reason",
        "An observation that holds has a value, components, or a reason for having none. One that has only"
        " members (hasMember) counts as without, since members are no column.",
        Kahn.COMPLETENESS,
        "A result of nothing.",
        source="FHIR R4: vs-2; US Core: us-core-2",
        terms=Terms(5, None),
        applies_when=f"component_index = -1 AND {_HOLDS}",
        violated_when="value_type IS NULL AND data_absent_reason_code IS NULL",
        trips={_TABLE: [_NO_VALUE]},
        passes={_TABLE: [{**_NO_VALUE, "data_absent_reason_code": "unknown"}]},
    ),
    Check(
        "O61",
        _TABLE,
        "component_value_or_reason",
        "A component of an observation that holds has a value, or a reason for having none.",
        Kahn.COMPLETENESS,
        "Half a blood pressure.",
        source="FHIR R4: vs-3; US Core: us-core-3",
        terms=Terms(1, 5),
        applies_when=f"component_index >= 0 AND {_HOLDS}",
        violated_when="value_type IS NULL AND data_absent_reason_code IS NULL",
        trips={_TABLE: [{**_NO_VALUE, "component_index": 0}]},
        passes={_TABLE: [{"component_index": 0}]},
    ),
    Check(
        "O62",
        _TABLE,
        "reason_only_without_value",
        "A reason for having no value stands only where there is none.",
        Kahn.COMPUTATION,
        "An invariant: either the value or the reason is wrong.",
        source="FHIR R4: obs-6",
        terms=Terms(0, 1),
        applies_when="data_absent_reason_code IS NOT NULL",
        violated_when="value_type IS NOT NULL",
        trips={_TABLE: [{"data_absent_reason_code": "unknown"}]},
        passes={_TABLE: [{**_NO_VALUE, "data_absent_reason_code": "unknown"}]},
    ),
    Check(
        "O63",
        _TABLE,
        "one_value",
        "There is one value, of one type.",
        Kahn.COMPUTATION,
        "value[x] is one of several types, never two: readers take either, and differ.",
        source="FHIR R4: choice of data types",
        terms=Terms(0, 1),
        applies_when="value_type IS NOT NULL",
        violated_when=(
            " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in _VALUES) + " > 1"
        ),
        trips={_TABLE: [{"value_string": "70.5 kg"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O64",
        _TABLE,
        "reason_in_value_set",
        "The reason for having no value is one of FHIR's.",
        Kahn.VALUE,
        "An extensible binding: not asked, masked and failed mean different things to who counts.",
        source="FHIR R4: data-absent-reason (extensible)",
        terms=Terms(5, 20),
        applies_when="data_absent_reason_code IS NOT NULL",
        violated_when=f"data_absent_reason_code NOT IN {_ABSENT}",
        trips={_TABLE: [{**_NO_VALUE, "data_absent_reason_code": "n/a"}]},
        passes={_TABLE: [{**_NO_VALUE, "data_absent_reason_code": "masked"}]},
    ),
    Check(
        "O65",
        _TABLE,
        "numbers_are_not_text",
        "A value that is text is no number.",
        Kahn.VALUE,
        "A number as text is in no average and no trend.",
        source="FHIR R4: Observation.value[x]",
        terms=Terms(5, 20),
        applies_when="value_string IS NOT NULL",
        violated_when="value_string RLIKE '^ *[<>]?=? *-?[0-9]+([.][0-9]+)? *\\\\z'",
        trips={_TABLE: [{"value_type": "string", "value_quantity": None, "value_string": "<= 7.5"}]},
        passes={_TABLE: [{"value_type": "string", "value_quantity": None, "value_string": "7 Elm Street"}]},
    ),
    Check(
        "O66",
        _TABLE,
        "comparator_in_value_set",
        "A comparator is <, <=, >= or >.",
        Kahn.VALUE,
        "A required binding: what is neither is read as a number that was measured.",
        source="FHIR R4: quantity-comparator (required)",
        terms=Terms(None, 0),
        applies_when="value_comparator IS NOT NULL",
        violated_when="value_comparator NOT IN ('<', '<=', '>=', '>')",
        trips={_TABLE: [{"value_comparator": "~"}]},
        passes={_TABLE: [{"value_comparator": "<="}]},
    ),
    Check(
        "O67",
        _TABLE,
        "quantity_has_a_number",
        "A quantity has a number.",
        Kahn.COMPLETENESS,
        "A unit of nothing.",
        source="FHIR R4: Quantity.value",
        terms=Terms(1, 5),
        applies_when="value_type = 'Quantity'",
        violated_when="value_quantity IS NULL",
        trips={_TABLE: [{"value_quantity": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O68",
        _TABLE,
        "quantity_has_a_unit",
        "A quantity has a unit.",
        Kahn.COMPLETENESS,
        "A number of nothing: it can be compared with none.",
        source="FHIR R4: Quantity.unit",
        terms=Terms(1, 5),
        applies_when="value_quantity IS NOT NULL",
        violated_when="value_unit IS NULL AND value_unit_code IS NULL",
        trips={_TABLE: [{"value_unit": None, "value_unit_code": None}]},
        passes={_TABLE: [{"value_unit_code": None}]},
    ),
    Check(
        "O69",
        _TABLE,
        "unit_is_ucum",
        "A unit is coded in UCUM.",
        Kahn.VALUE,
        "Units as text can't be compared: lb, lbs and pounds.",
        source="US Core: us-core-ucum; FHIR R4: vital signs",
        terms=Terms(5, 20),
        applies_when="value_unit IS NOT NULL OR value_unit_code IS NOT NULL",
        violated_when=(
            "value_unit_code IS NULL OR coalesce(value_unit_system, '') <> 'http://unitsofmeasure.org'"
        ),
        trips={_TABLE: [{"value_unit_system": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O70",
        _TABLE,
        "ucum_form",
        "A UCUM code has no blank, no letter beyond ASCII, and closes what it opens.",
        Kahn.VALUE,
        "What is no code is no unit: a converter refuses it.",
        source="UCUM: the character set, braces and brackets",
        terms=Terms(1, 5),
        applies_when="value_unit_system = 'http://unitsofmeasure.org' AND value_unit_code IS NOT NULL",
        violated_when=(
            "NOT value_unit_code RLIKE '^[!-~]+\\\\z' OR length(replace(value_unit_code, '{', '')) <>"
            " length(replace(value_unit_code, '}', '')) OR length(replace(value_unit_code, '[', '')) <>"
            " length(replace(value_unit_code, ']', '')) OR length(replace(value_unit_code, '(', '')) <>"
            " length(replace(value_unit_code, ')', ''))"
        ),
        trips={_TABLE: [{"value_unit_code": "mm Hg"}, {"value_unit_code": "mL/min/{1.73_m2"}]},
        passes={_TABLE: [{"value_unit_code": "mL/min/{1.73_m2}"}]},
    ),
    Check(
        "O71",
        _TABLE,
        "unit_fits_code",
        "The unit of a measurement in the table below is one of those that fit its code.",
        Kahn.ATEMPORAL,
        "Pounds read as kilograms.",
        source="LOINC: example units; healthlake/checks/ranges.py",
        terms=Terms(1, 5),
        applies_when=f"{is_measured()} AND value_quantity IS NOT NULL AND value_unit_code IS NOT NULL",
        violated_when=f"NOT ({unit_fits()})",
        trips={_TABLE: [{"value_unit_code": "cm"}]},
        passes={_TABLE: [{"value_unit_code": "[lb_av]"}]},
    ),
    Check(
        "O72",
        _TABLE,
        "value_in_plausible_range",
        "The value of a measurement in the table below lies within what a living patient can have.",
        Kahn.ATEMPORAL,
        "A wrong unit, a slipped decimal point or a filler; one such value moves every mean.",
        source="healthlake/checks/ranges.py",
        terms=Terms(1, 5),
        applies_when=(
            f"obs_system = 'http://loinc.org' AND value_comparator IS NULL AND ({value_fits()}) IS NOT NULL"
        ),
        violated_when=f"NOT ({value_fits()})",
        trips={_TABLE: [{"value_quantity": 7050.0}]},
        passes={_TABLE: [{}, {"value_quantity": 7050.0, "value_unit_code": "g"}]},
    ),
    Check(
        "O73",
        _TABLE,
        "measurement_is_a_quantity",
        "The value of a measurement in the table below is a quantity.",
        Kahn.VALUE,
        "A weight as text or as code is in no trend.",
        source="FHIR R4: vital signs; US Core: laboratory results",
        terms=Terms(1, 5),
        applies_when=f"{is_measured()} AND value_type IS NOT NULL",
        violated_when="value_type <> 'Quantity'",
        trips={_TABLE: [{"value_type": "string", "value_quantity": None, "value_string": "70.5 kg"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O74",
        _TABLE,
        "amount_not_negative",
        "No concentration, mass, length, rate or count is negative, whatever the code.",
        Kahn.ATEMPORAL,
        "A sign where a dash stood, or a calculated value whose inputs don't fit.",
        terms=Terms(0.1, 1),
        applies_when=f"value_quantity IS NOT NULL AND value_unit_code IN {_AMOUNTS}",
        violated_when="value_quantity < 0",
        trips={_TABLE: [{"value_quantity": -3.43}]},
        passes={_TABLE: [{}, {"value_quantity": -2.5, "value_unit_code": "{T-score}"}]},
    ),
    Check(
        "O75",
        _TABLE,
        "value_is_no_filler",
        "No value is one that systems write where they know none, such as 9999 or -99.",
        Kahn.ATEMPORAL,
        "One filler moves every mean.",
        terms=Terms(0.1, 1),
        applies_when="value_quantity IS NOT NULL",
        violated_when=f"value_quantity IN {_FILLERS}",
        trips={_TABLE: [{"value_quantity": 9999.0}]},
        passes={_TABLE: [{"value_quantity": 999.0}]},
    ),
    Check(
        "O76",
        _TABLE,
        "reference_range_in_order",
        "The low end of the reference range is not above the high end.",
        Kahn.ATEMPORAL,
        "Every value lies outside.",
        source="FHIR R4: Range (rng-2)",
        terms=Terms(0, 1),
        applies_when="reference_range_low IS NOT NULL AND reference_range_high IS NOT NULL",
        violated_when="reference_range_low > reference_range_high",
        trips={_TABLE: [{"reference_range_low": 5.0, "reference_range_high": 3.0}]},
        passes={_TABLE: [{"reference_range_low": 3.0, "reference_range_high": 5.0}]},
    ),
    Check(
        "O77",
        _TABLE,
        "interpretation_agrees_with_range",
        "A value marked high is not below the reference range, one marked low not above, one marked normal"
        " not outside.",
        Kahn.COMPUTATION,
        "The flag, the range or the unit is wrong; clinicians read the flag.",
        source="FHIR R4: Observation.interpretation, referenceRange",
        terms=Terms(1, 5),
        applies_when=(
            "interpretation_code IN ('H', 'HH', 'L', 'LL', 'N') AND value_quantity IS NOT NULL AND"
            " (reference_range_low IS NOT NULL OR reference_range_high IS NOT NULL)"
        ),
        violated_when=(
            "(interpretation_code IN ('H', 'HH', 'N') AND value_quantity < reference_range_low) OR"
            " (interpretation_code IN ('L', 'LL', 'N') AND value_quantity > reference_range_high)"
        ),
        trips={_TABLE: [{"interpretation_code": "H", "reference_range_low": 80.0}]},
        passes={
            _TABLE: [
                {"interpretation_code": "H", "reference_range_high": 60.0},
                {"interpretation_code": "N", "reference_range_low": 60.0},
            ]
        },
    ),
    Check(
        "O78",
        _TABLE,
        "encounter_stated",
        "The encounter during which it was observed is named.",
        Kahn.COMPLETENESS,
        "Must-support: values can't be counted by kind of visit.",
        source="US Core Observation: encounter (must support)",
        terms=MEASURED,
        violated_when="encounter_reference IS NULL",
        trips={_TABLE: [{"encounter_reference": None, "encounter_id": None}]},
        passes={_TABLE: [{}]},
    ),
)

OBSERVATION_VALUE_RULES: tuple[Check, ...] = (*_VALUE_RULES, *OBSERVATION_GROUP_RULES)
