"""Rules about several values of a day together: components of one observation, and copies."""

from __future__ import annotations

from healthlake.checks.model import MEASURED, Check, Kahn, Terms

_TABLE = "silver_observation_history"
_OF_DAY = "FROM {relation} WHERE dt = {day} AND NOT is_deleted AND coalesce(status, '') <> 'entered-in-error'"
_SAMPLE = "SELECT observation_id AS row_id, content_hash, file_id, line, entry"

_PRESSURES = (
    "SELECT *, max(CASE WHEN obs_code = '8480-6' THEN value_quantity END) OVER (PARTITION BY observation_id)"
    " AS systolic, max(CASE WHEN obs_code = '8462-4' THEN value_quantity END) OVER (PARTITION BY"
    f" observation_id) AS diastolic {_OF_DAY} AND obs_code IN ('8480-6', '8462-4') AND obs_system ="
    " 'http://loinc.org' AND value_quantity IS NOT NULL"
)
_BOTH_PRESSURES = f"FROM ({_PRESSURES}) AS p WHERE obs_code = '8480-6' AND diastolic IS NOT NULL"

_OWN_VALUES = f"SELECT observation_id, obs_code {_OF_DAY} AND component_index = -1 AND value_type IS NOT NULL"
_COMPONENTS = f"SELECT * {_OF_DAY} AND component_index >= 0 AND obs_code IS NOT NULL"
_BESIDE_OWN = (
    f"FROM ({_COMPONENTS}) AS c INNER JOIN ({_OWN_VALUES}) AS o ON o.observation_id = c.observation_id"
)

_SAME_GRAIN = f"{_OF_DAY} AND patient_id IS NOT NULL AND obs_code IS NOT NULL AND obs_datetime IS NOT NULL"
_VALUE = (
    "value_type, value_quantity, value_comparator, value_unit, value_unit_code, value_code,"
    " value_code_system, value_code_text, value_string, value_boolean, value_integer, value_time,"
    " value_datetime_text"
)
_WITHOUT_COLUMNS = "('Range', 'Ratio', 'SampledData', 'Period')"
_TWINS = (
    "SELECT *, min(observation_id) OVER (PARTITION BY patient_id, obs_code, obs_datetime,"
    f" coalesce(panel_code, ''), {_VALUE}) AS first_id {_SAME_GRAIN} AND value_type NOT IN"
    f" {_WITHOUT_COLUMNS}"
)
_GRAINS = f"SELECT *, count(*) OVER (PARTITION BY patient_id, obs_code, obs_datetime) AS n {_SAME_GRAIN}"


def _counts(condition: str, source: str) -> str:
    return f"SELECT count(*), coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) {source}"


OBSERVATION_GROUP_RULES: tuple[Check, ...] = (
    Check(
        "O90",
        _TABLE,
        "systolic_above_diastolic",
        "In one observation, systolic blood pressure is above diastolic.",
        Kahn.ATEMPORAL,
        "The two components are swapped, or one is mistyped.",
        source="LOINC 85354-9 (blood pressure panel)",
        terms=Terms(0.1, 1),
        sql=_counts("systolic <= diastolic", _BOTH_PRESSURES),
        violators=f"{_SAMPLE} {_BOTH_PRESSURES} AND systolic <= diastolic",
        trips={
            _TABLE: [
                {"component_index": 0, "obs_code": "8480-6", "value_quantity": 80.0},
                {"component_index": 1, "obs_code": "8462-4", "value_quantity": 120.0},
            ]
        },
        passes={
            _TABLE: [
                {"component_index": 1, "obs_code": "8480-6", "value_quantity": 120.0},
                {"component_index": 0, "obs_code": "8462-4", "value_quantity": 80.0},
            ]
        },
    ),
    Check(
        "O91",
        _TABLE,
        "component_is_not_the_whole",
        "No component has the code of its observation, where the observation has a value too.",
        Kahn.COMPUTATION,
        "An invariant: two values of one thing, and readers differ in which they take.",
        source="FHIR R4: obs-7",
        terms=Terms(0, 1),
        sql=_counts("c.obs_code = o.obs_code", _BESIDE_OWN),
        violators=(
            "SELECT c.observation_id AS row_id, c.content_hash, c.file_id, c.line, c.entry"
            f" {_BESIDE_OWN} WHERE c.obs_code = o.obs_code"
        ),
        trips={_TABLE: [{}, {"component_index": 0}]},
        passes={_TABLE: [{}, {"component_index": 0, "obs_code": "8480-6"}]},
    ),
    Check(
        "O92",
        _TABLE,
        "no_twin",
        "No value of the day has the same patient, code, time and value as one of another observation.",
        Kahn.UNIQUENESS,
        "One result under two ids is counted twice.",
        terms=Terms(1, 5),
        sql=_counts("first_id <> observation_id", f"FROM ({_TWINS}) AS t"),
        violators=f"{_SAMPLE} FROM ({_TWINS}) AS t WHERE first_id <> observation_id",
        trips={_TABLE: [{}, {"observation_id": "o2"}]},
        passes={_TABLE: [{}, {"observation_id": "o2", "value_quantity": 70.6}, {"component_index": 0}]},
    ),
    Check(
        "O93",
        _TABLE,
        "one_value_a_grain",
        "No other value of the day has the same patient, time and code.",
        Kahn.UNIQUENESS,
        "silver_fct_observation shows one of them; n_collapsed says that there are more.",
        terms=MEASURED,
        sql=_counts("n > 1", f"FROM ({_GRAINS}) AS g"),
        violators=f"{_SAMPLE} FROM ({_GRAINS}) AS g WHERE n > 1",
        trips={_TABLE: [{}, {"observation_id": "o2", "value_quantity": 70.6}]},
        passes={_TABLE: [{}, {"observation_id": "o2", "obs_datetime": "2025-12-01T09:06:00"}]},
    ),
)
