"""What values of common measurements a living patient can have, and in which units: a table, compiled into
conditions.

The limits are hand-made and wide. They are not reference ranges: within them a patient may be very ill. What
lies outside is a wrong unit, a slipped decimal point, another patient's species, or a filler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """LOINC `codes` that mean the same up to specimen and method; UCUM unit -> least and greatest value.
    `source` says where the limits are from."""

    name: str
    codes: tuple[str, ...]
    units: Mapping[str, tuple[float, float]]
    source: str = "hand-made, well beyond critical values"


_RECORD = "extremes on record, rounded outward"
_SCALE = "the scale's own ends"

MEASUREMENTS: tuple[Measurement, ...] = (
    Measurement(
        "Body height",
        ("8302-2", "8306-3"),
        {"cm": (20, 280), "m": (0.2, 2.8), "[in_i]": (8, 110)},
        _RECORD,
    ),
    Measurement(
        "Body weight",
        ("29463-7", "3141-9"),
        {"kg": (0.2, 650), "g": (200, 650_000), "[lb_av]": (0.4, 1_435)},
        _RECORD,
    ),
    Measurement("Body mass index", ("39156-5",), {"kg/m2": (5, 250)}, _RECORD),
    Measurement("Head circumference", ("9843-4",), {"cm": (15, 80), "[in_i]": (6, 32)}),
    Measurement("Systolic blood pressure", ("8480-6",), {"mm[Hg]": (20, 370)}, _RECORD),
    Measurement("Diastolic blood pressure", ("8462-4",), {"mm[Hg]": (5, 360)}, _RECORD),
    Measurement("Heart rate", ("8867-4",), {"/min": (10, 350), "{beats}/min": (10, 350)}),
    Measurement("Respiratory rate", ("9279-1",), {"/min": (2, 120), "{breaths}/min": (2, 120)}),
    Measurement("Body temperature", ("8310-5", "8331-1"), {"Cel": (11, 47), "[degF]": (51, 117)}, _RECORD),
    Measurement("Oxygen saturation", ("2708-6", "59408-5"), {"%": (20, 100)}),
    Measurement("Pain severity, 0 to 10", ("72514-3",), {"{score}": (0, 10)}, _SCALE),
    Measurement("Hemoglobin A1c", ("4548-4",), {"%": (2, 25)}),
    Measurement("Glucose", ("2339-0", "2345-7"), {"mg/dL": (5, 2_700), "mmol/L": (0.3, 150)}, _RECORD),
    Measurement("Creatinine", ("38483-4", "2160-0"), {"mg/dL": (0.05, 60), "umol/L": (4, 5_300)}),
    Measurement("Urea nitrogen", ("6299-2", "3094-0"), {"mg/dL": (0.5, 400), "mmol/L": (0.2, 143)}),
    Measurement("Sodium", ("2947-0", "2951-2"), {"mmol/L": (90, 200), "meq/L": (90, 200)}),
    Measurement("Potassium", ("6298-4", "2823-3"), {"mmol/L": (1, 15), "meq/L": (1, 15)}),
    Measurement("Chloride", ("2069-3", "2075-0"), {"mmol/L": (50, 170), "meq/L": (50, 170)}),
    Measurement("Carbon dioxide, total", ("20565-8", "2028-9"), {"mmol/L": (2, 70), "meq/L": (2, 70)}),
    Measurement("Calcium", ("49765-1", "17861-6"), {"mg/dL": (2, 25), "mmol/L": (0.5, 6.3)}),
    Measurement("Cholesterol", ("2093-3",), {"mg/dL": (20, 2_000), "mmol/L": (0.5, 52)}),
    Measurement("Triglycerides", ("2571-8",), {"mg/dL": (5, 25_000), "mmol/L": (0.05, 285)}),
    Measurement("LDL cholesterol", ("18262-6", "13457-7"), {"mg/dL": (0, 1_200), "mmol/L": (0, 31)}),
    Measurement("HDL cholesterol", ("2085-9",), {"mg/dL": (1, 250), "mmol/L": (0.02, 6.5)}),
    Measurement("Hemoglobin", ("718-7",), {"g/dL": (1, 27), "g/L": (10, 270), "mmol/L": (0.6, 17)}),
    Measurement("Hematocrit", ("4544-3", "20570-8"), {"%": (5, 80)}),
    Measurement("Leukocytes", ("6690-2",), {"10*3/uL": (0, 1_000), "10*9/L": (0, 1_000)}),
    Measurement("Erythrocytes", ("789-8",), {"10*6/uL": (0.3, 12), "10*12/L": (0.3, 12)}),
    Measurement("Platelets", ("777-3",), {"10*3/uL": (0, 4_000), "10*9/L": (0, 4_000)}),
    Measurement("Mean corpuscular volume", ("787-2",), {"fL": (40, 170)}),
    Measurement("Mean corpuscular hemoglobin", ("785-6",), {"pg": (10, 60)}),
    Measurement("Mean corpuscular hemoglobin concentration", ("786-4",), {"g/dL": (15, 50)}),
    Measurement("Protein, total", ("2885-2",), {"g/dL": (1, 20), "g/L": (10, 200)}),
    Measurement("Albumin", ("1751-7",), {"g/dL": (0.3, 8), "g/L": (3, 80)}),
    Measurement("Globulin", ("10834-0",), {"g/dL": (0.2, 17), "g/L": (2, 170)}),
    Measurement("Bilirubin, total", ("1975-2",), {"mg/dL": (0, 100), "umol/L": (0, 1_710)}),
    Measurement("Alanine aminotransferase", ("1742-6",), {"U/L": (0, 50_000)}),
    Measurement("Aspartate aminotransferase", ("1920-8",), {"U/L": (0, 50_000)}),
    Measurement("Alkaline phosphatase", ("6768-6",), {"U/L": (0, 20_000)}),
    Measurement("Glomerular filtration rate", ("33914-3",), {"mL/min/{1.73_m2}": (0, 250)}),
)


def is_measured() -> str:
    """Condition: the row's code is in the table."""
    return f"obs_system = 'http://loinc.org' AND obs_code IN {_texts(_codes())}"


def unit_fits() -> str:
    """Condition: the unit is one of the code's; NULL for another code, or without a unit."""
    by_units: dict[tuple[str, ...], list[str]] = {}
    for measurement in MEASUREMENTS:
        by_units.setdefault(tuple(measurement.units), []).extend(measurement.codes)
    arms = (
        f"WHEN obs_code IN {_texts(codes)} THEN value_unit_code IN {_texts(units)}"
        for units, codes in by_units.items()
    )
    return f"CASE {' '.join(arms)} END"


def value_fits() -> str:
    """Condition: the value lies within the limits of its code and unit; NULL for any other code or unit."""
    by_unit: dict[str, list[str]] = {}
    for measurement in MEASUREMENTS:
        for unit, (low, high) in measurement.units.items():
            by_unit.setdefault(unit, []).append(
                f"WHEN obs_code IN {_texts(measurement.codes)} THEN value_quantity BETWEEN {low} AND {high}"
            )
    arms = (f"WHEN value_unit_code = '{unit}' THEN CASE {' '.join(of)} END" for unit, of in by_unit.items())
    return f"CASE {' '.join(arms)} END"


def _codes() -> list[str]:
    return [code for measurement in MEASUREMENTS for code in measurement.codes]


def _texts(texts: Iterable[str]) -> str:
    listed = ", ".join(f"'{text}'" for text in texts)
    return f"({listed})"
