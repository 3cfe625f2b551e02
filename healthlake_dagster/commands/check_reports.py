"""The answers of `healthlake check` as files that a CI shows: JUnit XML, and Markdown for a pull request.

Counts, names and terms only, as in the answers themselves.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Status
from healthlake.errors import UsageError

_MARKS = {
    Status.PASS: "✅ pass",
    Status.NOT_APPLICABLE: "⬜ not applicable",
    Status.WARN: "⚠️ warn",
    Status.FAIL: "❌ fail",
    Status.ERROR: "🛑 error",
}
_WORST_FIRST = (Status.ERROR, Status.FAIL, Status.WARN, Status.NOT_APPLICABLE, Status.PASS)


@dataclass(frozen=True, slots=True)
class Answer:
    """One check and day, as the run recorded it."""

    table: str
    check: str
    day: str
    status: Status
    applicable: int
    violated: int
    says: str

    @classmethod
    def of(cls, evaluation: dg.AssetCheckEvaluation) -> Answer:
        facts = {name: value.value for name, value in evaluation.metadata.items()}
        return cls(
            evaluation.asset_key.to_user_string(),
            evaluation.check_name,
            evaluation.partition or "",
            Status(str(facts["status"])),
            int(str(facts["applicable"])),
            int(str(facts["violated"])),
            evaluation.description or "",
        )


def answers_of(evaluations: Iterable[dg.AssetCheckEvaluation]) -> list[Answer]:
    """In the order of the catalogue, then by check and day."""
    order = {table: index for index, table in enumerate(catalogue())}
    found = [Answer.of(evaluation) for evaluation in evaluations]
    return sorted(found, key=lambda answer: (order[answer.table], answer.check, answer.day))


def count(answers: Sequence[Answer]) -> str:
    """`610 checks: 590 passed, 12 not applicable, 8 warned, 0 failed`, and errors where there are any."""
    of = {status: sum(answer.status is status for answer in answers) for status in Status}
    said = (
        f"{len(answers)} checks: {of[Status.PASS]} passed, {of[Status.NOT_APPLICABLE]} not applicable,"
        f" {of[Status.WARN]} warned, {of[Status.FAIL]} failed"
    )
    return said + (f", {of[Status.ERROR]} not evaluated" if of[Status.ERROR] else "")


def write_junit(path: Path, answers: Sequence[Answer]) -> None:
    """A suite for each table, a case for each check and day. What is not applicable is skipped; a warning is
    a case that passed and says so."""
    root = ET.Element("testsuites", name="healthlake check", tests=str(len(answers)))
    for table, group in groupby(answers, key=lambda answer: answer.table):
        cases = list(group)
        suite = ET.SubElement(root, "testsuite", name=table, tests=str(len(cases)))
        for status, name in ((Status.FAIL, "failures"), (Status.ERROR, "errors")):
            suite.set(name, str(sum(case.status is status for case in cases)))
        suite.set("skipped", str(sum(case.status is Status.NOT_APPLICABLE for case in cases)))
        for case in cases:
            _junit_case(suite, case)
    ET.indent(root)
    _write(path, ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n")


def _junit_case(suite: ET.Element, answer: Answer) -> None:
    case = ET.SubElement(suite, "testcase", classname=answer.table, name=f"{answer.check} {answer.day}")
    tag = {Status.FAIL: "failure", Status.ERROR: "error", Status.NOT_APPLICABLE: "skipped"}.get(answer.status)
    if tag:
        ET.SubElement(case, tag, message=answer.says)
    elif answer.status is Status.WARN:
        ET.SubElement(case, "system-out").text = f"WARN: {answer.says}"


def write_markdown(path: Path, answers: Sequence[Answer], title: str) -> None:
    """What needs a look, the worst first; what passed is folded away."""
    found = sorted(answers, key=lambda answer: _WORST_FIRST.index(answer.status))
    open_ones = [a for a in found if a.status in (Status.ERROR, Status.FAIL, Status.WARN)]
    rest = [a for a in answers if a not in open_ones]
    parts = [f"## {title}", f"{count(answers)}."]
    parts.append(_table(open_ones) if open_ones else "Nothing needs a look.")
    parts.append(
        f"<details><summary>{len(rest)} passed or not applicable</summary>\n\n{_table(rest)}\n\n</details>"
    )
    _write(path, "\n\n".join(parts) + "\n")


def _table(answers: Sequence[Answer]) -> str:
    rows = [
        f"| {_MARKS[a.status]} | `{a.table}` | `{a.check}` | {a.day} | {a.violated:,} of {a.applicable:,} |"
        f" {a.says.replace('|', chr(92) + '|')} |"
        for a in answers
    ]
    head = "| status | table | check | day | violated | what it says |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *rows])


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"writing the checks' answers to {path}: {error.strerror}.") from None
