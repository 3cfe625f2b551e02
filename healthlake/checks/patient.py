"""Rules about patients, over what a drop says of each."""

from __future__ import annotations

from healthlake.checks.model import FAILS, MEASURED, Check, Kahn, Terms
from healthlake.checks.patient_dates import PATIENT_DATE_RULES

_TABLE = "silver_patient_history"
_RACE_CODES = ("1002-5", "2028-9", "2054-5", "2076-8", "2106-3", "UNK", "ASKU")
_NOT_NUMBERS = "('000-00-0000', '111-11-1111', '123-45-6789', '999-99-9999')"
_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND"
    " OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI UM FM MH PW AA AE AP"
).replace(" ", "', '")
_IN_US = "address_country IN ('US', 'USA')"


def _without(column: str, texts: tuple[str, ...]) -> str:
    for text in texts:
        column = f"replace({column}, '{text}', '')"
    return column


_CODE_RULES = (
    Check(
        "P01",
        _TABLE,
        "gender_in_value_set",
        "Gender is male, female, other or unknown.",
        Kahn.VALUE,
        "A required binding: any other code is read by nobody, and falls out of every count by sex.",
        source="FHIR R4: administrative-gender (required)",
        terms=FAILS,
        applies_when="gender IS NOT NULL",
        violated_when="gender NOT IN ('male', 'female', 'other', 'unknown')",
        trips={_TABLE: [{"gender": "M"}]},
        passes={_TABLE: [{"gender": "female"}]},
    ),
    Check(
        "P02",
        _TABLE,
        "gender_stated",
        "Gender is stated.",
        Kahn.COMPLETENESS,
        "Every summary by sex shows these patients as unknown.",
        source="US Core Patient: gender 1..1",
        terms=Terms(1, 5),
        violated_when="gender IS NULL",
        trips={_TABLE: [{"gender": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P03",
        _TABLE,
        "name_stated",
        "A family or given name is stated.",
        Kahn.COMPLETENESS,
        "A patient without a name can't be told from another by a person.",
        source="US Core Patient: name 1..*",
        terms=Terms(1, 5),
        violated_when="family_name IS NULL AND given_names IS NULL",
        trips={_TABLE: [{"family_name": None, "given_names": None}]},
        passes={_TABLE: [{"family_name": None}]},
    ),
    Check(
        "P04",
        _TABLE,
        "id_form",
        "The id is a FHIR id: 1 to 64 letters, digits, dashes and dots.",
        Kahn.VALUE,
        "No reference can name another form of id, so nothing would ever belong to this patient.",
        source="FHIR R4: id",
        terms=Terms(0, 1),
        violated_when="NOT patient_id RLIKE '^[A-Za-z0-9.-]{1,64}\\\\z'",
        trips={_TABLE: [{"patient_id": "p 1"}]},
        passes={_TABLE: [{"patient_id": "P-1.a"}]},
    ),
    Check(
        "P05",
        _TABLE,
        "birth_sex_in_value_set",
        "Birth sex is F, M, UNK, ASKU or OTH.",
        Kahn.VALUE,
        "A required binding: any other code is read by nobody.",
        source="US Core: birthsex (required)",
        terms=FAILS,
        applies_when="birth_sex IS NOT NULL",
        violated_when="birth_sex NOT IN ('F', 'M', 'UNK', 'ASKU', 'OTH')",
        trips={_TABLE: [{"birth_sex": "female"}]},
        passes={_TABLE: [{"birth_sex": "F"}]},
    ),
    Check(
        "P06",
        _TABLE,
        "gender_mostly_agrees_with_birth_sex",
        "Gender male or female and birth sex M or F mostly agree.",
        Kahn.ATEMPORAL,
        "For one patient a difference is no fault; for one in five, somebody mapped a column wrongly.",
        terms=Terms(20, 50),
        applies_when="gender IN ('male', 'female') AND birth_sex IN ('M', 'F')",
        violated_when="(gender = 'male') <> (birth_sex = 'M')",
        trips={_TABLE: [{"gender": "male", "birth_sex": "F"}]},
        passes={_TABLE: [{"gender": "male", "birth_sex": "M"}]},
    ),
    Check(
        "P07",
        _TABLE,
        "race_in_value_set",
        "Race codes are OMB categories (CDC Race & Ethnicity), or UNK or ASKU.",
        Kahn.VALUE,
        "A required binding, and what equity reports count by.",
        source="US Core: omb-race-category (required)",
        terms=FAILS,
        applies_when="race_codes IS NOT NULL",
        violated_when=f"{_without('race_codes', (*_RACE_CODES, ','))} <> ''",
        trips={_TABLE: [{"race_codes": "2106-3,white"}]},
        passes={_TABLE: [{"race_codes": "2106-3,2028-9"}]},
    ),
    Check(
        "P08",
        _TABLE,
        "ethnicity_in_value_set",
        "The ethnicity code is 2135-2 (Hispanic or Latino) or 2186-5 (not), or UNK or ASKU.",
        Kahn.VALUE,
        "A required binding, and what equity reports count by.",
        source="US Core: omb-ethnicity-category (required)",
        terms=FAILS,
        applies_when="ethnicity_code IS NOT NULL",
        violated_when="ethnicity_code NOT IN ('2135-2', '2186-5', 'UNK', 'ASKU')",
        trips={_TABLE: [{"ethnicity_code": "2106-3"}]},
        passes={_TABLE: [{"ethnicity_code": "2135-2"}]},
    ),
    Check(
        "P09",
        _TABLE,
        "marital_status_in_value_set",
        "The marital status is a code of HL7's MaritalStatus, or UNK.",
        Kahn.VALUE,
        "An extensible binding: other codes are allowed where none of these fits, which is rare.",
        source="FHIR R4: marital-status (extensible)",
        terms=Terms(5, 20),
        applies_when="marital_status_code IS NOT NULL",
        violated_when=(
            "marital_status_code NOT IN ('A', 'C', 'D', 'I', 'L', 'M', 'P', 'S', 'T', 'U', 'W', 'UNK')"
        ),
        trips={_TABLE: [{"marital_status_code": "married"}]},
        passes={_TABLE: [{"marital_status_code": "W"}]},
    ),
    Check(
        "P10",
        _TABLE,
        "language_form",
        "The language is a tag of BCP 47, such as en or en-US.",
        Kahn.VALUE,
        "Who needs an interpreter is found by this code.",
        source="FHIR R4: languages (preferred; BCP 47)",
        terms=Terms(5, 20),
        applies_when="language_code IS NOT NULL",
        violated_when="NOT language_code RLIKE '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\\\\z'",
        trips={_TABLE: [{"language_code": "English"}]},
        passes={_TABLE: [{"language_code": "es"}]},
    ),
)

_PLACE_RULES = (
    Check(
        "P11",
        _TABLE,
        "postal_code_usable",
        "A US postal code is five digits, or nine as ZIP+4, and not 00000.",
        Kahn.VALUE,
        "Maps and area statistics join by it.",
        source="USPS Publication 28",
        terms=Terms(5, None),
        note="Synthea writes 00000 for towns whose code it doesn't know.",
        applies_when=f"{_IN_US} AND address_postal_code IS NOT NULL",
        violated_when=(
            "NOT address_postal_code RLIKE '^[0-9]{5}(-?[0-9]{4})?\\\\z' OR startswith(address_postal_code,"
            " '00000')"
        ),
        trips={_TABLE: [{"address_postal_code": "2108"}, {"address_postal_code": "00000"}]},
        passes={_TABLE: [{"address_postal_code": "02108-1234"}]},
    ),
    Check(
        "P12",
        _TABLE,
        "state_in_value_set",
        "A US state is its two-letter code.",
        Kahn.VALUE,
        "Counts by state show Massachusetts and MA as two.",
        source="US Core Patient: us-core-usps-state (extensible)",
        terms=Terms(5, None),
        applies_when=f"{_IN_US} AND address_state IS NOT NULL",
        violated_when=f"address_state NOT IN ('{_STATES}')",
        trips={_TABLE: [{"address_state": "Massachusetts"}]},
        passes={_TABLE: [{"address_state": "MA"}]},
    ),
    Check(
        "P13",
        _TABLE,
        "coordinates_on_earth",
        "Latitude is within 90 degrees, longitude within 180, and not both are 0.",
        Kahn.ATEMPORAL,
        "Degrees out of range are mixed up or in another unit; 0, 0 is where geocoders put the unknown.",
        source="FHIR R4: geolocation (WGS84)",
        terms=Terms(0, 1),
        applies_when="address_latitude IS NOT NULL AND address_longitude IS NOT NULL",
        violated_when=(
            "abs(address_latitude) > 90 OR abs(address_longitude) > 180 OR (address_latitude = 0 AND"
            " address_longitude = 0)"
        ),
        trips={_TABLE: [{"address_latitude": -171.06, "address_longitude": 42.36}]},
        passes={_TABLE: [{}]},
    ),
)

_IDENTIFIER_RULES = (
    Check(
        "P14",
        _TABLE,
        "mrn_stated",
        "A medical record number is stated.",
        Kahn.COMPLETENESS,
        "Without it a patient can't be found again in the system that sent the record.",
        source="US Core Patient: identifier 1..*",
        terms=Terms(5, None),
        violated_when="mrn IS NULL",
        trips={_TABLE: [{"mrn": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P15",
        _TABLE,
        "mrn_of_one_patient",
        "No other current patient has the same medical record number.",
        Kahn.UNIQUENESS,
        "Two ids for one record: the same person counted twice, or two systems whose numbers collide.",
        terms=Terms(0, 1),
        looks_up=("mrn_holder",),
        applies_when="mrn IS NOT NULL",
        violated_when="mrn_holder_patients > 1",
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "mrn": "m2"}]},
    ),
    Check(
        "P16",
        _TABLE,
        "ssn_form",
        "A social security number is nine digits, dashed or not, and none of those that stand for nothing.",
        Kahn.VALUE,
        "Records are linked by it: a filler links strangers.",
        source="SSA: the SSN numbering scheme",
        terms=Terms(1, 5),
        applies_when="ssn IS NOT NULL",
        violated_when=f"NOT ssn RLIKE '^[0-9]{{3}}-?[0-9]{{2}}-?[0-9]{{4}}\\\\z' OR ssn IN {_NOT_NUMBERS}",
        trips={_TABLE: [{"ssn": "99912345"}, {"ssn": "123-45-6789"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P17",
        _TABLE,
        "ssn_of_one_patient",
        "No other current patient has the same social security number.",
        Kahn.UNIQUENESS,
        "One person under two ids, or two people mixed up.",
        terms=Terms(0, 1),
        looks_up=("ssn_holder",),
        applies_when=f"ssn IS NOT NULL AND ssn NOT IN {_NOT_NUMBERS}",
        violated_when="ssn_holder_patients > 1",
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "ssn": "219-09-9998"}]},
    ),
    Check(
        "P18",
        _TABLE,
        "no_twin",
        "No other patient of the day has the same names, birth date and gender.",
        Kahn.UNIQUENESS,
        "One person under two ids: half of the history is missing from either.",
        terms=Terms(1, 5),
        sql=(
            "SELECT count(*), coalesce(sum(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0) FROM (SELECT count(*) OVER"
            " (PARTITION BY family_name, given_names, birth_date, gender) AS n FROM {relation} WHERE dt ="
            " {day} AND NOT is_deleted AND family_name IS NOT NULL AND given_names IS NOT NULL AND birth_date"
            " IS NOT NULL) AS t"
        ),
        violators=(
            "SELECT patient_id AS row_id, content_hash, file_id, line, entry FROM (SELECT *, count(*) OVER"
            " (PARTITION BY family_name, given_names, birth_date, gender) AS n FROM {relation} WHERE dt ="
            " {day} AND NOT is_deleted AND family_name IS NOT NULL AND given_names IS NOT NULL AND birth_date"
            " IS NOT NULL) AS t WHERE n > 1"
        ),
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "given_names": "Eve"}]},
    ),
    Check(
        "P19",
        _TABLE,
        "identity_unchanged",
        "Birth date and gender are what earlier drops said of the same id, where both say something.",
        Kahn.RELATION,
        "One id for two people: what belongs to the one is shown for the other.",
        source="synthetichealth/synthea issue 1545",
        terms=Terms(0, 5),
        looks_up=("earlier_patient",),
        applies_when="earlier_patient_is_known",
        violated_when=(
            "birth_date <> earlier_patient_first_birth_date OR birth_date <> earlier_patient_last_birth_date"
            " OR gender <> earlier_patient_first_gender OR gender <> earlier_patient_last_gender"
        ),
        trips={_TABLE: [{"dt": "2026-01-30", "birth_date": "1981-02-28"}, {}]},
        passes={_TABLE: [{"dt": "2026-01-30", "birth_date": None}, {}]},
    ),
    Check(
        "P20",
        _TABLE,
        "has_encounter",
        "Some of the day's patients have an encounter in the drops up to the day.",
        Kahn.RELATION,
        "Where next to none has, references and ids are of two systems, and no row finds its patient.",
        source="OHDSI Data Quality Dashboard: measurePersonCompleteness",
        terms=Terms(95, None),
        looks_up=("patient_seen",),
        applies_when="patient_seen_is_loaded",
        violated_when="NOT patient_seen_is_known",
        trips={_TABLE: [{}], "silver_encounter_history": [{"patient_id": "p9"}]},
        passes={_TABLE: [{}], "silver_encounter_history": [{}]},
    ),
    Check(
        "P21",
        _TABLE,
        "last_updated_not_in_future",
        "meta.lastUpdated is not after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "Latest wins by this time: a version from the future hides every correction until then.",
        terms=Terms(0, 1),
        applies_when="last_updated IS NOT NULL",
        violated_when="CAST(last_updated AS DATE) > CAST(dt + INTERVAL '1' DAY AS DATE)",
        trips={_TABLE: [{"last_updated": "2026-02-02T00:00:00"}]},
        passes={_TABLE: [{"last_updated": "2026-02-01T13:00:00"}]},
    ),
    Check(
        "P22",
        _TABLE,
        "race_and_ethnicity_stated",
        "Race and ethnicity are coded.",
        Kahn.COMPLETENESS,
        "Must-support: what is missing here is missing from every equity report.",
        source="US Core Patient: race, ethnicity (must support)",
        terms=MEASURED,
        violated_when="race_codes IS NULL OR ethnicity_code IS NULL",
        trips={_TABLE: [{"ethnicity_code": None}]},
        passes={_TABLE: [{}]},
    ),
)

PATIENT_RULES: tuple[Check, ...] = (*_CODE_RULES, *_PLACE_RULES, *_IDENTIFIER_RULES, *PATIENT_DATE_RULES)
