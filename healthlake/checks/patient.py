"""Rules about patients, over what a drop says of each: codes and places."""

from __future__ import annotations

from healthlake.checks.model import FAILS, MEASURED, Check, Kahn, Terms
from healthlake.checks.patient_dates import PATIENT_DATE_RULES
from healthlake.checks.patient_identifiers import PATIENT_IDENTIFIER_RULES

_TABLE = "silver_patient_history"
_RACE_CODES = ("1002-5", "2028-9", "2054-5", "2076-8", "2106-3", "UNK", "ASKU")
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
        violated_when="NOT language_code RLIKE '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*\\\\z'",
        trips={_TABLE: [{"language_code": "English"}]},
        passes={_TABLE: [{"language_code": "es"}]},
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

PATIENT_RULES: tuple[Check, ...] = (
    *_CODE_RULES,
    *_PLACE_RULES,
    *PATIENT_IDENTIFIER_RULES,
    *PATIENT_DATE_RULES,
)
