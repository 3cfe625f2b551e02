"""Hand-picked views and resources, of what is known to differ between engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.sql_on_fhir.engines import Question

_PER_VIEW = 12

_INTEGER, _DEATH = "multipleBirth.ofType(integer)", "deceased.ofType(dateTime)"
_NUMBER, _LOW = "value.ofType(Quantity).value", "referenceRange.low.value"
PATHS: Mapping[str, Sequence[str]] = {
    "Patient": [
        "id",
        "Patient.name.family",
        "name.given",
        "name.given.first()",
        "name.given[1]",
        "name[1].given[0]",
        "name[-1].family",
        "name[9223372036854775807].family",
        "name[%rowIndex + 9223372036854775807].family",
        f"name[{_INTEGER}].family",
        "name.given.join()",
        "name.given.join(', ')",
        "name.where(use = 'official').given.join('\\\\')",
        "name.where(given.exists() and period.start.empty()).family",
        "name.where($this.family = 'a').exists()",
        "name.exists(family > 'a' or given = 'c')",
        "name.period.start.lowBoundary()",
        "name.period.first().end.highBoundary()",
        "name.where(period.start < @2000-02).family",
        "name.family + '-' + name.text",
        "name.family = ''",
        "name.family != 'x\\'y'",
        "'\U0001f600' < name.family",
        "'${a}' = name.text",
        "name.empty()",
        "deceased.exists()",
        "active and deceased.ofType(boolean)",
        "active or deceased.ofType(boolean).not()",
        "active = deceased.ofType(boolean)",
        "birthDate",
        "birthDate.lowBoundary()",
        "birthDate.highBoundary()",
        "birthDate = @2000-02",
        "birthDate <= @2000-02-29",
        _DEATH,
        f"{_DEATH}.lowBoundary()",
        f"{_DEATH}.highBoundary()",
        f"{_DEATH} > @2000-02-29T10:11:12Z",
        f"{_DEATH} = @2000-02-29T10:11Z",
        f"{_DEATH} != birthDate",
        _INTEGER,
        f"{_INTEGER} * {_INTEGER} * {_INTEGER}",
        f"-{_INTEGER} / 3",
        f"{_INTEGER} / {_INTEGER} + 0.000000001",
        f"{_INTEGER} + 9223372036854775807",
        f"{_INTEGER} >= 1.5",
        "birthDate.extension('a').value.ofType(string)",
        "name.given.extension('a').value.ofType(string)",
        "extension('race').extension.where(url = 'b').value.ofType(decimal)",
        "extension.value.exists()",
        "managingOrganization.getReferenceKey()",
        "managingOrganization.getReferenceKey(Organization)",
        "getResourceKey() = id",
        "maritalStatus.coding.userSelected",
        "maritalStatus.exists()",
        "telecom.rank",
        "telecom.where(rank > 1).value",
        "contact.name.given",
        "where(active).name.family",
        "%resource.id + %context.id",
    ],
    "Observation": [
        _NUMBER,
        f"{_NUMBER} + 0.000000001",
        f"{_NUMBER} - 1",
        f"{_NUMBER} * 3.3333333",
        f"{_NUMBER} / 3",
        f"10 / {_NUMBER}",
        f"{_NUMBER} / {_NUMBER}",
        f"-({_NUMBER})",
        f"{_NUMBER} > 1.5",
        f"{_NUMBER} = 1",
        _LOW,
        f"{_LOW}.first() * {_NUMBER}",
        "referenceRange.where(low.value >= 1).low.value",
        "component.value.ofType(Quantity).value",
        "component.where(code.coding.code = 'a').value.ofType(Quantity).value",
        "component.value.ofType(integer)",
        "value.ofType(time)",
        "value.ofType(time) < @T10:11:12.5",
        "value.ofType(time).lowBoundary()",
        "value.ofType(time).highBoundary()",
        "issued",
        "issued > effective.ofType(dateTime)",
        "effective.ofType(Period).exists()",
    ],
}
_TWICE = [f"{_NUMBER}.lowBoundary()", f"{_NUMBER}.highBoundary()", _NUMBER, f"{_NUMBER} / 7"]
_DOUBLE = [{"name": "ansi/type", "value": "DOUBLE PRECISION"}]
_NUMBERS = (
    *("0", "1", "-1", "-0", "1.0", "1.00", "1e3", "1E-7", "-0.0"),
    *("0.5", "2.5", "0.0001", "12345678.5", "0.12345678", "0.123456789", "0.1234567891", "2E23", "1e16"),
    *("12345678901234567890", "12345678901234567890.123456789", "0.12345678901234567890"),
    *("1.00000000000000000001", "0.0000000005", "-0.0000000005", "0.00000000049999999999"),
    *("123456789012345678901234567890", "99999999999.999999999", "9007199254740993", "1e25"),
    *("-2.5", "3.3333333333", "0.000000003", "123456789.123456789", "1E-30"),
    *("-7603193764549113189.4", "9007199254740993.5", "956528246430844177.2"),
)
PATIENTS = (
    '{"resourceType":"Patient"}',
    '{"resourceType":"Patient","id":"p","active":true,"birthDate":"2000-02","deceasedBoolean":false,'
    '"multipleBirthInteger":3,"maritalStatus":{},"name":[{"use":"official","family":"a","given":["b",null,"c"],'
    '"_given":[null,{"extension":[{"url":"a","valueString":"why"}]},null],"period":{"start":"1999"}}]}',
    '{"resourceType":"Patient","id":"","active":null,"birthDate":"1999","_birthDate":{"extension":['
    '{"url":"a","valueString":""}]},"deceasedDateTime":"2000-02-29T12:11:12.5+02:00","name":[{},'
    '{"family":"","given":[],"text":"${a}"},{"family":"x\'y","given":[null]}],"multipleBirthInteger":0}',
    '{"resourceType":"Patient","name":[{"family":"\U0001f600","text":"\\"\\\\\\n"}],"multipleBirthInteger":-0,'
    '"deceasedDateTime":"2016-12-31T23:59:60Z","birthDate":"2000-02-29","managingOrganization":{"reference":'
    '"Organization/a\\n"},"telecom":[{"rank":1,"value":"v"},{"rank":2,"value":""},{}]}',
    '{"resourceType":"Patient","multipleBirthInteger":2147483647,"birthDate":"2100-02","deceasedDateTime":'
    '"2000-02-29T10:11:12.1234567Z","managingOrganization":{"reference":"https://x.org/fhir/Organization/c'
    '/_history/1"},"extension":[{"url":"race","extension":[{"url":"b","valueDecimal":1.10},{"url":"c"}]}],'
    '"maritalStatus":{"coding":[{"userSelected":true},{"userSelected":false},{}]},"contact":[{"name":{"given":'
    '["d"]}}]}',
    '{"resourceType":"Observation","id":"other"}',
    '{"resourceType":"Patient"',
)


def _observations(numbers: Sequence[str]) -> tuple[str, ...]:
    times = ("10:11:12", "10:11:12.50", "10:11", "23:59:59.999")
    return tuple(
        f'{{"resourceType":"Observation","valueQuantity":{{"value":{number}}},"valueTime":"{times[n % 4]}",'
        f'"referenceRange":[{{"low":{{"value":{number}}}}},{{}},{{"low":{{"value":{numbers[n - 1]}}}}}],'
        f'"component":[{{"code":{{"coding":[{{"code":"a"}}]}},"valueQuantity":{{"value":{number}}}}},'
        f'{{"valueInteger":{n}}}],"issued":"2000-01-0{n % 9 + 1}T00:00:00Z","effectiveDateTime":"2000-01-05"'
        "}"
        for n, number in enumerate(numbers)
    )


def _asked(resource: str, paths: Sequence[str], texts: tuple[str, ...], **column: Any) -> list[Question]:
    """The paths as columns of a few views, each as one value and as a collection."""
    asked: list[Question] = []
    for start in range(0, len(paths), _PER_VIEW):
        columns = [
            {"name": f"{kind}{n}", "path": path, "collection": kind == "many", **column}
            for n, path in enumerate(paths[start : start + _PER_VIEW])
            for kind in ("one", "many")
        ]
        asked.append(Question({"resource": resource, "select": [{"column": columns}]}, texts))
    return asked


def hand_picked() -> list[Question]:
    """All of them."""
    doubles = [_NUMBER, f"{_NUMBER} * 1.1", f"{_NUMBER} / 0.3", f"{_NUMBER} + 1"]
    both = [{"name": "double", "path": _NUMBER, "tag": _DOUBLE}, {"name": "exact", "path": _NUMBER}]
    return [
        *_asked("Patient", PATHS["Patient"], PATIENTS),
        *_asked("Observation", PATHS["Observation"], _observations(_NUMBERS)),
        *_asked("Observation", _TWICE, _observations(_NUMBERS)),
        *_asked("Observation", doubles, _observations([*_NUMBERS, "1E308", "1E400"]), tag=_DOUBLE),
        Question({"resource": "Observation", "select": [{"column": both}]}, _observations(_NUMBERS)),
    ]
