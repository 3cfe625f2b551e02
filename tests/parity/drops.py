"""Drops for both engines, of disjoint ids, so that many fit into one lake: generated ones, and the golden
cases."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import World, component, day, encounter, observation, patient

DAYS = (1, 2, 3)
EXAMPLES = 200

TIMES = (
    None,
    "2025-12-31T23:00:00Z",
    "2026-01-02T01:00:00+02:00",
    "2026-01-02T12:00:00.5Z",
    "2026-01-01T23:59:60Z",
    "2026-01-02T24:00:00Z",
    "no time",
    "2026-01-02",
)
DATES = (
    "1980-02-29",
    "1980-02",
    "1980",
    "1980-02-30",
    "",
    "1980-02-29T10:00:00.123456789-05:00",
    "0000-01-01",
)
TEXTS = ("Ada", "", " ", "\U0001d49cda 👩‍⚕️", 'O\'Brien "x"', "a\nb\\c", "ß İ", "NULL")
NUMBERS = ("1", "1.0", "1.00", "-0.0", "1e3", "0.1", "123456789012345678", "1.7976931348623157e308", "5e-324")
SUBJECTS = (
    "Patient/{}",
    "https://example.org/fhir/Patient/{}/_history/1",
    "urn:uuid:{}",
    "Group/{}",
    "{}",
    "Patient?identifier=https://example.org|{}",
)


class Number(float):
    """A number that is written as it stands."""


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """Few ids, contents and times, so that versions meet; odd values, and sometimes a wrong shape."""
    time = draw(st.sampled_from(TIMES))
    fields: dict[str, Any] = {"meta": {"lastUpdated": time}} if time else {}
    number, variant = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kind = draw(
        st.sampled_from(["Patient", "Encounter", "Observation", "Observation", "Condition", "deleted"])
    )
    if draw(st.integers(0, 19)) == 0:
        fields["contained"] = "not a list"
    if kind == "deleted":
        deleted = draw(st.sampled_from(["Patient/p1", "Encounter/e1", "Observation/o1"]))
        request = {"method": "DELETE", "url": deleted}
        return {"resourceType": "Bundle", "type": "batch", "entry": [{"request": request}]}
    if kind == "Patient":
        name = [
            {
                "family": draw(st.sampled_from(TEXTS)),
                "given": draw(st.lists(st.sampled_from(TEXTS), max_size=2)),
            }
        ]
        return patient(
            f"p{number}", birthDate=draw(st.sampled_from(DATES)), active=variant == 1, name=name, **fields
        )
    subject = {"reference": draw(st.sampled_from(SUBJECTS)).format(f"p{variant}")}
    if kind == "Encounter":
        return encounter(f"e{number}", "", **fields) | {"subject": subject}
    if kind == "Condition":
        return {"resourceType": "Condition", "id": f"c{number}", **fields}
    parts = draw(st.integers(0, 2))
    if parts:
        fields["component"] = [component("8480-6", 100 + variant), component("8462-4", 60)][:parts]
    found = observation(f"o{number}", "", None, **fields) | {"subject": subject}
    del found["effectiveDateTime"]
    when = draw(st.sampled_from([*TIMES[1:], *DATES]))
    value = draw(st.sampled_from([None, *NUMBERS]))
    found |= {draw(st.sampled_from(["effectiveDateTime", "effectiveInstant"])): when}
    return found if value is None else found | {"valueQuantity": {"value": f"#{value}#", "unit": "kg"}}


def written(resource: dict[str, Any], prefix: str) -> bytes:
    """A line of NDJSON, its ids with the prefix and its numbers as they stand."""
    text = re.sub(r'"#([^"#]+)#"', r"\1", json.dumps(resource, ensure_ascii=False))
    return _with_prefix(text, prefix).encode()


def _with_prefix(text: str, prefix: str) -> str:
    """Ids, and the references to them, made another example's."""
    ids = re.sub(r'("id":\s*")([A-Za-z0-9])', rf"\g<1>{prefix}\g<2>", text)
    return re.sub(r"((?:Patient|Encounter|Observation)/|urn:uuid:)([A-Za-z0-9])", rf"\g<1>{prefix}\g<2>", ids)


def generated() -> list[dict[int, list[dict[str, Any]]]]:
    """Drops of three days, `EXAMPLES` times over."""
    found: list[dict[int, list[dict[str, Any]]]] = []

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(st.fixed_dictionaries({number: st.lists(resources(), max_size=4) for number in DAYS}))
    def collect(drops: dict[int, list[dict[str, Any]]]) -> None:
        found.append(drops)

    collect()
    return found[:EXAMPLES]


def put_generated(world: World, examples: list[dict[int, list[dict[str, Any]]]]) -> None:
    """A file for each example and day, some of them with a broken line."""
    for number, drops in enumerate(examples):
        for on, found in drops.items():
            lines = [written(resource, f"x{number}-") for resource in found]
            if number % 10 == 0:
                lines.insert(0, b'{"resourceType": "Patient", "id": ')
            if lines:
                world.put(day(on), f"generated/{number}.ndjson", b"\n".join(lines))


def put_golden(world: World, cases: Path) -> int:
    """All golden cases beside each other; a file that is no UTF-8 text stays as it is. Returns their
    number."""
    found = sorted(path for path in cases.iterdir() if path.is_dir())
    for case in found:
        for path in (path for path in case.glob("dt=*/**/*") if path.is_file()):
            on, name = path.relative_to(case).parts[0], "/".join(path.relative_to(case).parts[1:])
            content = path.read_bytes()
            content = _rewritten(content, f"{case.name.replace('_', '-')}-", name.lower().endswith(".gz"))
            world.put(day(int(on[-2:])), f"golden/{case.name}/{name}", content)
    return len(found)


def _rewritten(content: bytes, prefix: str, is_packed: bool) -> bytes:
    try:
        text = (gzip.decompress(content) if is_packed else content).decode()
    except (UnicodeDecodeError, EOFError):
        return content
    made = _with_prefix(text, prefix).encode()
    return gzip.compress(made, mtime=0) if is_packed else made
