"""Puts every kind of defect in, runs the jobs, and counts what is found.

Names of what finds: a rule's id, `quarantine <reason>`, or `<table> <column>` of the accounts.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from healthlake.checks.catalogue import kept_checks
from healthlake.checks.policy import Policy
from healthlake.contracts.gold import GOLD_DATA_QUALITY_DASHBOARD, GOLD_DQ_RESULT
from healthlake.gold import materialize_gold
from healthlake.gold_source import gold_source
from healthlake.quality import violators
from healthlake.report import Listener
from tests.injector.drops import (
    DAYS,
    LAST,
    DropFile,
    Position,
    Record,
    clean_drops,
    clean_weeks,
    position,
    write,
)
from tests.injector.kinds_of_files import KINDS_OF_FILES
from tests.injector.kinds_of_patients import KINDS_OF_PATIENTS
from tests.injector.kinds_of_records import KINDS_OF_RECORDS
from tests.injector.kinds_of_values import KINDS_OF_VALUES
from tests.injector.lab import Injected, Kind, Lab
from tests.world import SQL, World

KINDS: tuple[Kind, ...] = (*KINDS_OF_FILES, *KINDS_OF_RECORDS, *KINDS_OF_VALUES, *KINDS_OF_PATIENTS)

WEEKS = "weeks"
"""The run over ten days, for rules about trends."""

_ACCOUNTS = {
    "silver_reconciliation": ("exact", "superseded", "conflicts"),
    "gold_data_quality_dashboard": ("re_sent", "late", "reverted"),
}
_STATUSES = ("pass", "warn", "fail", "error")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule said of the clean drops on one day."""

    day: datetime.date
    rule: str
    status: str
    violated: int
    applicable: int


@dataclass(slots=True)
class Findings:
    """What a run's tables say: who found what where, how much each counted, and the rules' worst status."""

    by_position: dict[Position, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_file: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_row: set[tuple[datetime.date, str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    status: dict[str, str] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)

    def add(self, finder: str, where: Position) -> None:
        self.by_position[where].add(finder)
        self.by_file[where[0]].add(finder)


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of a kind: how many were put in and found, by whom how many, and the worst status that
    those rules reached; empty where only an account counts it."""

    kind: Kind
    injected: int
    found: int
    by: tuple[tuple[str, int], ...]
    status: str

    @property
    def percent(self) -> float:
        return 100 * self.found / self.injected


@dataclass(frozen=True, slots=True)
class Measurement:
    """All kinds, and what the rules say of the clean drops."""

    detections: Sequence[Detection]
    clean: Sequence[Verdict]


def measure(folder: Path, kinds: Sequence[Kind] = KINDS) -> Measurement:
    """One run for each name in `Kind.run`, and one without defects of the drops that they start from."""
    clean = _run(folder / "clean", _lab("clean"), Findings())
    found = {}
    for run in dict.fromkeys(kind.run for kind in kinds):
        lab, before = _lab(run), clean
        if run == WEEKS:
            before = _run(folder / "clean_weeks", _lab(run), Findings())
        injected = {kind: lab.inject(kind) for kind in kinds if kind.run == run}
        findings = _run(folder / run, lab, before)
        for kind, marks in injected.items():
            found[kind.name] = _detection(kind, marks, findings, before)
    return Measurement([found[kind.name] for kind in kinds], clean.verdicts)


def _lab(run: str) -> Lab:
    if run != WEEKS:
        return Lab(clean_drops(), DAYS)
    files = clean_weeks()
    return Lab(files, sorted({file.day for file in files}), asked=[LAST])


def _run(root: Path, lab: Lab, clean: Findings) -> Findings:
    with World(root, in_memory=True) as world:
        write(lab.files, world)
        world.run(*lab.days)
        policy = Policy()
        for contract in (GOLD_DQ_RESULT, GOLD_DATA_QUALITY_DASHBOARD):
            source = gold_source(SQL, contract, policy)
            report = materialize_gold(
                world.engine, world.catalog, contract, source, lab.asked, Listener(), policy=policy
            )
            assert not report.faults, report.faults
        return _findings(world, clean)


def _findings(world: World, clean: Findings) -> Findings:
    found = Findings()
    for table in ("bronze_quarantine", "silver_quarantine"):
        for row in world.records(table):
            finder = f"quarantine {row['reason']}"
            found.add(finder, (row["file_id"], row["line"], row["entry"]))
            found.counts[finder] += 1
    for table, columns in _ACCOUNTS.items():
        for row in world.records(table):
            if row["dt"] == LAST:
                found.counts.update({f"{row['table_name']} {column}": row[column] or 0 for column in columns})
    found.counts["bronze_file is_repeat"] = sum(row["is_repeat"] for row in world.records("bronze_file"))
    _ask_rules(world, found, clean)
    return found


def _ask_rules(world: World, found: Findings, clean: Findings) -> None:
    """Every rule's verdicts, and the rows that violate it here and not in the clean drops."""
    checks = {check.id: check for check in kept_checks()}
    for row in sorted(world.records("gold_dq_result"), key=lambda row: (row["dt"], row["rule_id"])):
        rule, day = row["rule_id"], row["dt"]
        assert row["status"] != "error", f"{rule} could not be evaluated"
        if row["status"] in _STATUSES:
            found.status[rule] = max(found.status.get(rule, "pass"), row["status"], key=_STATUSES.index)
        if not row["violated"]:
            continue
        found.counts[rule] += row["violated"]
        found.verdicts.append(Verdict(day, rule, row["status"], row["violated"], row["applicable"]))
        check = checks[rule]
        if check.is_of_rows or check.violators:
            rows = f"SELECT DISTINCT row_id, file_id, line, entry FROM ({violators(check, day)}) AS v"
            for row_id, file_id, line, entry in world.engine.rows(rows):
                found.by_row.add((day, rule, row_id))
                if (day, rule, row_id) not in clean.by_row:
                    found.add(rule, (file_id, line, entry))


def _detection(kind: Kind, marks: Injected, findings: Findings, clean: Findings) -> Detection:
    if kind.counted:
        by = {each: findings.counts[each] - clean.counts[each] for each in kind.found_by}
        by = {finder: min(count, len(marks)) for finder, count in by.items() if count > 0}
        found = min(sum(by.values()), len(marks))
    else:
        told = [_told(mark, findings) & set(kind.found_by) for mark in marks]
        by = dict(Counter(finder for finders in told for finder in sorted(finders)))
        found = sum(bool(finders) for finders in told)
    status = max((_status(finder, findings) for finder in by), default="", key=("", *_STATUSES).index)
    return Detection(kind, len(marks), found, tuple(sorted(by.items())), status)


def _told(mark: Record | DropFile | datetime.date, findings: Findings) -> set[str]:
    if isinstance(mark, Record):
        return findings.by_position.get(position(mark), set())
    assert isinstance(mark, DropFile), "a day is found by counts"
    return findings.by_file.get(mark.file_id, set())


def _status(finder: str, findings: Findings) -> str:
    if finder.startswith("quarantine "):
        tables = ("bronze_quarantine", "silver_quarantine")
        of = [findings.status.get(f"T13.{table}", "") for table in tables]
        return max(of, key=("", *_STATUSES).index)
    return findings.status.get(finder, "")
