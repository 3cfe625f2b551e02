"""The official SQL on FHIR v2 suite: its cases, and whether rows are what a case expects.

The suite is read from where it lies; the project holds no copy.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from healthlake.sql_on_fhir import SqlOnFhirError, compile_view
from tests.conftest import SHARED
from tests.sql_on_fhir.engines import VIOLATIONS, Question, Row

FOLDER = SHARED / "sql_on_fhir_tests"
FILES = sorted(FOLDER.glob("*.json"))


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a file. `outcome` is asked of the rows that an engine gives."""

    file: str
    test: Mapping[str, Any]
    resources: Sequence[Mapping[str, Any]]

    @property
    def name(self) -> str:
        return str(self.test["title"])

    @property
    def question(self) -> Question:
        texts = tuple(json.dumps(resource, ensure_ascii=False) for resource in self.resources)
        return Question(self.test["view"], texts)

    def compiles(self, dialect: str) -> bool:
        try:
            compile_view(self.test["view"], dialect)
        except SqlOnFhirError:
            return False
        return True

    def complaint(self, rows: Sequence[Row] | None) -> str | None:
        """What is wrong with the rows (None: the view didn't compile); None where nothing is."""
        violated = rows is None or any(row[VIOLATIONS] for row in rows)
        if self.test.get("expectError") or violated:
            return None if self.test.get("expectError") and violated else f"an error: {violated}"
        expected_rows = self.test["expect"]
        names = self.test.get("expectColumns") or sorted({name for row in expected_rows for name in row})
        if "expectColumns" in self.test and [*(rows or [{}])[0]][1:-1] != names:
            return f"the columns are not {names}"
        found, expected = (
            Counter(tuple(_comparable(row.get(name)) for name in names) for row in some)
            for some in (rows or (), expected_rows)
        )
        return None if found == expected else f"{found - expected} instead of {expected - found}"


def cases() -> list[Case]:
    """All of the suite, in its order."""
    found: list[Case] = []
    for path in FILES:
        suite = json.loads(path.read_text("utf-8"))
        found.extend(Case(path.name, test, suite["resources"]) for test in suite["tests"])
    return found


Ask = Callable[[Sequence[Question]], Sequence[Sequence[Row]]]


def complaints(dialect: str, ask: Ask) -> list[str | None]:
    """What is wrong with each of `cases()` on an engine."""
    compiled = [(case, case.compiles(dialect)) for case in cases()]
    answers = iter(ask([case.question for case, compiles in compiled if compiles]))
    return [case.complaint(next(answers) if compiles else None) for case, compiles in compiled]


def report(found: Sequence[str | None]) -> dict[str, Any]:
    """The results in the form of the suite's registry of implementations."""
    files: dict[str, Any] = {}
    for case, complaint in zip(cases(), found, strict=True):
        result = {"passed": True} if complaint is None else {"passed": False, "error": complaint}
        files.setdefault(case.file, {"tests": []})["tests"].append({"name": case.name, "result": result})
    return files


def _comparable(value: Any) -> Any:
    """Numbers by value (decimals are JSON numbers in the suite), lists hashable, booleans not as numbers."""
    if isinstance(value, list):
        return tuple(_comparable(item) for item in value)
    if isinstance(value, bool) or value is None:
        return str(value)
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else value
