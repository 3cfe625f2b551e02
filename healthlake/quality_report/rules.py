"""The rules of the day in the order in which they matter, with their past."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from healthlake.quality_report.model import ReportData, RuleDay
from healthlake.words import long_day, percent, plural

ERROR, FAIL, WARN, PASS, NOT_APPLICABLE = "error", "fail", "warn", "pass", "not_applicable"
STATUSES = (ERROR, FAIL, WARN, PASS, NOT_APPLICABLE)
LETTERS: Mapping[str, str] = {ERROR: "E", FAIL: "F", WARN: "W", PASS: "P", NOT_APPLICABLE: "n"}
WORDS: Mapping[str, str] = {
    ERROR: "error",
    FAIL: "fails",
    WARN: "warns",
    PASS: "passes",
    NOT_APPLICABLE: "doesn't apply",
}
BAD = (ERROR, FAIL, WARN)

_TRACED = ("silver", "bronze")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that did not pass on the day: what it found, since when, and how to go on."""

    rule: RuleDay
    description: str
    since: datetime.date
    is_cut: bool
    """Whether it may have been so before the first day that the page shows."""
    days: int
    sampled: int
    command: str | None
    trace: str | None

    @property
    def measure(self) -> str:
        """How much of what it applies to violates it."""
        rule = self.rule
        if rule.applicable is None or rule.violated is None:
            return rule.reason or "It could not be evaluated, and gives no reason."
        return f"{rule.violated:,} of {rule.applicable:,} violate it ({percent(rule.violated_percent)})"

    @property
    def terms(self) -> str:
        """When the rule warns and fails."""
        return terms(self.rule)

    @property
    def age(self) -> str:
        """For how long it has been so."""
        if self.days == 1 and not self.is_cut:
            return "new on this day"
        if self.is_cut:
            return f"on at least {plural(self.days, 'day')} in a row, since {long_day(self.since)} or before"
        return f"on {plural(self.days, 'day')} in a row, since {long_day(self.since)}"


def terms(rule: RuleDay) -> str:
    """When a rule warns and fails, as text."""
    parts = [
        f"{word} {f'above {share:g} %' if share else 'at the first'}"
        for word, share in (("warns", rule.warn_percent), ("fails", rule.fail_percent))
        if share is not None
    ]
    return ", ".join(parts) or "is only measured"


def of_day(rules: Sequence[RuleDay], day: datetime.date | None) -> list[RuleDay]:
    """The rules of one day, the worst first."""
    return sorted((rule for rule in rules if rule.dt == day), key=severity)


def severity(rule: RuleDay) -> tuple[int, bool, float, str, str]:
    """Orders rules: errors, blocking failures, failures, warnings; among them by how much is concerned."""
    rank = STATUSES.index(rule.status) if rule.status in STATUSES else len(STATUSES)
    return rank, not rule.is_blocking, -(rule.violated_percent or 0.0), rule.table_name, rule.rule_name


def findings(data: ReportData) -> list[Finding]:
    """What did not pass on the day, the worst first."""
    past = _by_rule(data.rules)
    return [
        _finding(data, rule, past[rule.rule_id])
        for rule in of_day(data.rules, data.day)
        if rule.status in BAD
    ]


def _by_rule(rules: Sequence[RuleDay]) -> dict[str, dict[datetime.date, RuleDay]]:
    found: dict[str, dict[datetime.date, RuleDay]] = {}
    for rule in rules:
        found.setdefault(rule.rule_id, {})[rule.dt] = rule
    return found


def _finding(data: ReportData, rule: RuleDay, past: Mapping[datetime.date, RuleDay]) -> Finding:
    days, since = 0, rule.dt
    # A failure is as old as its first failure, and not as the warning before it.
    alike = BAD if rule.status == WARN else (FAIL, ERROR)
    for day in reversed(data.gold_days):
        if day not in past or past[day].status not in alike:
            break
        days, since = days + 1, day
    sampled = data.samples.get(rule.rule_id, 0)
    traced = sampled and rule.table_name.startswith(_TRACED)
    return Finding(
        rule=rule,
        description=data.descriptions.get((rule.table_name, rule.rule_name), ""),
        since=since,
        days=days,
        is_cut=since == data.gold_days[0] and any(day < since for day in data.days.gold),
        sampled=sampled,
        command=sample_command(rule, data.lake_option) if sampled else None,
        trace=f"healthlake trace {rule.table_name} ROW_ID{data.lake_option}" if traced else None,
    )


def sample_command(rule: RuleDay, lake_option: str) -> str:
    """What lists the rows that violate the rule, ready to be pasted into a shell."""
    rule_id = rule.rule_id.replace("'", "''")
    sql = (
        f"SELECT row_id, file_id, line, entry FROM gold_dq_sample WHERE dt = DATE '{rule.dt}'"
        f" AND rule_id = '{rule_id}' ORDER BY sample_number"
    )
    for mark in '\\"$`':
        sql = sql.replace(mark, f"\\{mark}")
    return f'healthlake sql "{sql}"{lake_option}'


def changes(data: ReportData) -> tuple[list[RuleDay], list[RuleDay]]:
    """The rules that fail, or have an error, on the day and not on the gold day before it; and those that
    were so then and pass now: one that found nothing to apply to is not mended."""
    if len(data.gold_days) < 2:
        return [], []
    now, before = (
        {rule.rule_id: rule for rule in of_day(data.rules, day)}
        for day in (data.gold_days[-1], data.gold_days[-2])
    )
    if not before:
        return [], []
    bad_before = [rule for rule in before.values() if rule.status in (ERROR, FAIL)]
    ids_before = {rule.rule_id for rule in bad_before}
    return (
        [rule for rule_id, rule in now.items() if rule.status in (ERROR, FAIL) and rule_id not in ids_before],
        [rule for rule in bad_before if rule.rule_id in now and now[rule.rule_id].status == PASS],
    )
