"""Which rules the heat map shows: those that did not pass on some day. The others are named beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from healthlake.quality_report.model import ReportData, RuleDay
from healthlake.quality_report.rules import BAD, STATUSES


@dataclass(frozen=True, slots=True)
class HeatTable:
    """The rules of one table that did not always pass, in the order of their rows."""

    table: str
    rules: tuple[RuleDay, ...]
    order: tuple[str, ...]


def heat_tables(data: ReportData) -> list[HeatTable]:
    """The tables with a rule that did not pass on some day, the worst first."""
    weights = _weights(data)
    tables: dict[str, dict[str, int]] = {}
    for (table, rule), weight in weights.items():
        if weight:
            tables.setdefault(table, {})[rule] = weight
    ranked = sorted(tables, key=lambda table: (-max(tables[table].values()), table))
    return [
        HeatTable(
            table,
            tuple(
                rule for rule in data.rules if rule.table_name == table and rule.rule_name in tables[table]
            ),
            tuple(sorted(tables[table], key=lambda rule: (-tables[table][rule], rule))),
        )
        for table in ranked
    ]


def steady_rules(data: ReportData) -> dict[str, list[str]]:
    """By table the rules that passed, or had nothing to apply to, on every day."""
    found: dict[str, list[str]] = {}
    for (table, rule), weight in sorted(_weights(data).items()):
        if not weight:
            found.setdefault(table, []).append(rule)
    return found


def _weights(data: ReportData) -> Counter[tuple[str, str]]:
    """How bad each rule was over all days: one day of a worse status outweighs any number of a better one."""
    days = len(data.gold_days) + 1
    weights: Counter[tuple[str, str]] = Counter()
    for rule in data.rules:
        severity = len(BAD) - STATUSES.index(rule.status) if rule.status in BAD else 0
        weights[rule.table_name, rule.rule_name] += days**severity if severity else 0
    return weights
