"""Generated views and the resources that they are asked of, for the differential test.

Paths walk the R4 table over a small part of it, so that the generated resources hold what the paths ask for.
What the compiler refuses is left out: here it is about views that compile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from healthlake import r4
from healthlake.sql_on_fhir import SqlOnFhirError, compile_view
from tests.sql_on_fhir.engines import Question

# The part of R4; a choice element with the types that are used of it.
ELEMENTS: Mapping[str, str] = {
    "Patient": "id active gender birthDate deceased:boolean,dateTime multipleBirth:boolean,integer name"
    " telecom maritalStatus managingOrganization contact extension",
    "Patient.contact": "name gender period",
    "Observation": "id status code category subject issued effective:dateTime,Period,instant component"
    " value:Quantity,string,boolean,integer,time,dateTime,Period referenceRange",
    "Observation.component": "code value:Quantity,string,integer,dateTime",
    "Observation.referenceRange": "low high text",
    "Questionnaire": "id status item date",
    "Questionnaire.item": "linkId text required maxLength item initial",
    "Questionnaire.item.initial": "value:decimal,integer,string,date,time",
    "QuestionnaireResponse": "id status item authored",
    "QuestionnaireResponse.item": "linkId text item answer",
    "QuestionnaireResponse.item.answer": "value:decimal,boolean,string,dateTime,Quantity item",
    "HumanName": "use family given period text",
    "ContactPoint": "system value rank period",
    "CodeableConcept": "text coding",
    "Coding": "system code display userSelected",
    "Quantity": "value unit code",
    "Period": "start end",
    "Reference": "reference display",
    "Extension": "url value:string,decimal,boolean,Coding",
}
RESOURCES = ("Patient", "Observation", "Questionnaire", "QuestionnaireResponse")
ITERATIONS = ("none", "forEach", "forEachOrNull", "unionAll", "repeat")
REPEATS = {"Questionnaire": ["item"], "QuestionnaireResponse": ["item", "answer.item"]}

_TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "Ω",
    "\U0001f600x",
    "e\u0301",
    "x'y",
    "\\",
    '"',
    "a\nb",
    "$1",
    "${a}",
    " a ",
    "%",
)
_DATES = ("1999", "2000", "2000-02", "2000-06", "2000-02-29", "2001-01-01", "1582-10-10", "0001-01")
_DATE_TIMES = (
    *_DATES,
    "2000-02-29T10:11:12Z",
    "2000-02-29T10:11:12.5+02:00",
    "2000-02-29T12:11:12.500+04:00",
    "2000-02-29T10:11:12.1234567-05:00",
    "2016-12-31T23:59:60Z",
    "2016-12-31T24:00:00Z",
    "2000-02-29T23:00:00-12:00",
    "2000-02-29T10:11Z",
)
_TIMES = ("10:11:12", "10:11:12.000", "10:11:12.5", "10:11", "23:59:59.999", "00:00:00")
_INTEGERS = ("0", "1", "-1", "-0", "2", "7", "2147483647", "-2147483648")
_DECIMALS = (
    *("0", "1", "1.0", "1.00", "1e3", "1E-7", "-0.0", "0.5", "2.50", "1e-3", "12345678.5", "9.99", "2E23"),
    *("12345678901234567890", "12345678901234567890.123456789", "-7603193764549113189.4", "1e25", "1E-30"),
    *("0.12345678901234567890", "1.00000000000000000001", "0.0000000005", "-0.0000000005"),
    *("123456789012345678901234567890", "99999999999.999999999"),
)
_REFERENCES = (
    "Organization/a",
    "Patient/b/_history/2",
    "https://x.org/fhir/Organization/c-1",
    "urn:uuid:1f",
    "#x",
    "Organization/a\n",
    "a/b",
    "",
)

LITERALS: Mapping[str, tuple[str, ...]] = {
    "string": ("'a'", "''", "'\U0001f600x'", "'x\\'y'", "'\\\\'", "'$1'", "'${a}'"),
    "integer": ("0", "1", "2", "-1", "4000000000"),
    "decimal": ("0.5", "1.0", "0.000000001", "3.0", "12345678901.25"),
    "boolean": ("true", "false"),
    "date": ("@2000", "@2000-02", "@2000-02-29"),
    "dateTime": ("@2000-02-29T10:11:12Z", "@2000-02", "@2000-02-29T12:11:12.5+04:00", "@2000-02-29T10:11Z"),
    "time": ("@T10:11:12", "@T10:11", "@T10:11:12.5"),
}
_KINDS = {
    "integer": "integer",
    "positiveInt": "integer",
    "unsignedInt": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "dateTime": "dateTime",
    "instant": "dateTime",
    "time": "time",
}


class Raw(str):
    """A number as it stands in JSON text."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path with the type of what it gives; `many` where that is a list."""

    text: str
    type: str
    many: bool

    def then(self, step: str, type_: str | None = None, many: bool | None = None) -> Path:
        text = f"{self.text}.{step}" if self.text else step
        return Path(text, type_ or self.type, self.many if many is None else many)

    @property
    def kind(self) -> str:
        """The type as literals and operators see it."""
        return _KINDS.get(self.type, "string")


def elements(type_: str) -> list[tuple[str, str | None, str, bool]]:
    """The used elements of a type: name, choice type, type, is_list."""
    found: list[tuple[str, str | None, str, bool]] = []
    for item in ELEMENTS[type_].split():
        name, _, choices = item.partition(":")
        element = r4.element(type_, name)
        assert element is not None, (type_, name)
        if choices:
            found.extend((name, choice, choice, element.is_list) for choice in choices.split(","))
        else:
            found.append((name, None, element.types[0], element.is_list))
    return found


@st.composite
def steps(draw: st.DrawFn, start: Path, *, primitive: bool, nested: int = 1) -> Path:
    """A walk from a value to a primitive, or to any element."""
    path = start
    while r4.kind(path.type) != "primitive":
        name, choice, type_, is_list = draw(st.sampled_from(elements(path.type)))
        path = path.then(f"{name}.ofType({choice})" if choice else name, type_, path.many or is_list)
        if r4.kind(type_) != "primitive" and path.many and nested and draw(st.integers(0, 2)) == 0:
            path = path.then(f"where({draw(conditions(Path('', path.type, False), nested - 1))})")
        if path.many and draw(st.integers(0, 3)) == 0:
            index = draw(st.sampled_from((".first()", "[0]", "[1]", "[-1]", "[%rowIndex]")))
            path = Path(path.text + index, path.type, False)
        if not primitive and draw(st.booleans()):
            break
    return path


@st.composite
def conditions(draw: st.DrawFn, focus: Path, nested: int = 1) -> str:
    """A boolean expression over a focus."""
    choice = draw(st.integers(0, 6))
    path = draw(steps(focus, primitive=choice > 1, nested=nested))
    if choice <= 1:
        return f"{path.text}.{draw(st.sampled_from(('exists()', 'empty()', 'exists().not()')))}"
    literal = draw(st.sampled_from(LITERALS[path.kind]))
    operators = ("=", "!=") if path.kind == "boolean" else ("=", "!=", "<", "<=", ">", ">=")
    condition = f"{path.text} {draw(st.sampled_from(operators))} {literal}"
    if choice in (2, 3) and nested:
        other = draw(conditions(focus, 0))
        return f"({condition}) {draw(st.sampled_from(('and', 'or')))} ({other})"
    return f"({condition}).not()" if choice == 4 else condition


@st.composite
def expressions(draw: st.DrawFn, focus: Path) -> str:
    """An expression that gives primitives."""
    choice = draw(st.integers(0, 11))
    if choice <= 1:
        return draw(conditions(focus))
    path = draw(steps(focus, primitive=True))
    literal = draw(st.sampled_from(LITERALS[path.kind]))
    if path.text.endswith("reference"):
        key = draw(st.sampled_from(("getReferenceKey()", "getReferenceKey(Organization)")))
        return f"{path.text.removesuffix('reference')}{key}"
    match choice, path.kind:
        case 2 | 3, "date" | "dateTime" | "time" | "decimal":
            return f"{path.text}.{draw(st.sampled_from(('lowBoundary()', 'highBoundary()')))}"
        case 2 | 3 | 4 | 5, "integer" | "decimal":
            other = draw(st.sampled_from((*LITERALS["integer"], *LITERALS["decimal"], path.text)))
            return f"{path.text} {draw(st.sampled_from(('+', '-', '*', '/')))} {other}"
        case 2 | 3, "string" if path.many:
            return f"{path.text}.join({literal})"
        case 4, "string" if path.type == "string":
            return f"{path.text}.extension('a').value.ofType(string)"
        case 5, "string":
            return f"{path.text} + {literal}"
        case 11, _:
            return draw(st.sampled_from(("%rowIndex", "%rowIndex + 1", "'x'", literal)))
        case _:
            return path.text


@st.composite
def columns(draw: st.DrawFn, resource: str, focus: Path, prefix: str, count: int) -> list[dict[str, Any]]:
    """Columns that compile in a focus that is reached by `focus.text`."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        column: dict[str, Any] = {"name": f"{prefix}{number}"}
        column["path"] = draw(expressions(Path("", focus.type, False)))
        if draw(st.integers(0, 2)) == 0:
            column["collection"] = True
        if draw(st.integers(0, 5)) == 0:
            ansi = draw(st.sampled_from(("DOUBLE PRECISION", "BIGINT", "CHARACTER VARYING")))
            column["tag"] = [{"name": "ansi/type", "value": ansi}]
        select: dict[str, Any] = {"column": [column]}
        if focus.text:
            select["forEach"] = focus.text
        if _compiles({"resource": resource, "select": [select]}):
            found.append(column)
    return found


@st.composite
def views(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A view with columns, perhaps a condition, and one of ITERATIONS."""
    resource = draw(st.sampled_from([*REPEATS] if kind == "repeat" else RESOURCES))
    root = Path("", resource, False)
    top = draw(columns(resource, root, "c", 5))
    selects: list[dict[str, Any]] = [{"column": [{"name": "id", "path": "id"}, *top]}]
    if kind == "repeat":
        focus = Path("item", f"{resource}.item", False)
        below = draw(columns(resource, focus, "r", 3))
        index = {"name": "i", "path": "%rowIndex"}
        selects.append({"repeat": REPEATS[resource], "column": [index, *below]})
    elif kind != "none":
        focus = draw(steps(root, primitive=False).filter(lambda path: r4.kind(path.type) == "complex"))
        below = draw(columns(resource, Path(focus.text, focus.type, False), "f", 4))
        select = {"forEach": focus.text, "column": [{"name": "i", "path": "%rowIndex"}, *below]}
        if kind == "forEachOrNull":
            select["forEachOrNull"] = select.pop("forEach")
        if kind == "unionAll":
            select = {"unionAll": [select, {**select, "forEach": focus.text + "[0]"}]}
        selects.append(select)
    view: dict[str, Any] = {"name": "generated", "resource": resource, "select": selects}
    if draw(st.integers(0, 3)) == 0:
        where = {**view, "where": [{"path": draw(conditions(root))}]}
        view = where if _compiles(where) else view
    return view


@st.composite
def resources(draw: st.DrawFn, type_: str) -> str:
    """The JSON text of a resource."""
    return _json(draw(_objects(type_, 3)))


@st.composite
def questions(draw: st.DrawFn, kind: str) -> Question:
    """A view and what it is asked of."""
    view = draw(views(kind))
    texts = st.lists(resources(view["resource"]), min_size=4, max_size=8)
    return Question(view, tuple(draw(texts)))


@st.composite
def _objects(draw: st.DrawFn, type_: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": type_} if r4.kind(type_) == "resource" else {}
    taken: set[str] = set()
    for name, choice, of_type, is_list in elements(type_):
        primitive = r4.kind(of_type) == "primitive"
        if name in taken or draw(st.integers(0, 3)) == 0 or not (primitive or depth):
            continue
        taken.add(name)
        json_name = f"{name}{choice[0].upper()}{choice[1:]}" if choice else name
        value = _primitives(of_type) if primitive else _objects(of_type, depth - 1)
        if is_list:
            # A null stands for a primitive that has an extension only; among objects FHIR has none.
            value = st.lists(st.none() | value if primitive else value, max_size=3)
        made[json_name] = draw(value)
        if of_type == "string" and not is_list and draw(st.integers(0, 4)) == 0:
            why = draw(st.sampled_from(_TEXTS))
            made[f"_{json_name}"] = {"extension": [{"url": "a", "valueString": why}]}
    return made


def _primitives(type_: str) -> st.SearchStrategy[Any]:
    match type_:
        case "boolean":
            return st.booleans()
        case "decimal":
            return st.sampled_from(_DECIMALS).map(Raw)
        case "integer" | "positiveInt" | "unsignedInt":
            return st.sampled_from(_INTEGERS).map(Raw)
        case "date":
            return st.sampled_from(_DATES)
        case "dateTime" | "instant":
            return st.sampled_from(_DATE_TIMES)
        case "time":
            return st.sampled_from(_TIMES)
        case "uri":
            return st.sampled_from(("a", "u", ""))
        case _:
            return st.sampled_from((*_TEXTS, *_REFERENCES)) | st.text(max_size=3)


def _json(value: Any) -> str:
    match value:
        case Raw():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{_json(item)}" for name, item in value.items()) + "}"
        case list():
            return f"[{','.join(map(_json, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _compiles(view: Mapping[str, Any]) -> bool:
    try:
        compile_view(view, "duckdb")
    except SqlOnFhirError:
        return False
    return True
