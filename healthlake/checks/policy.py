"""A deployment's own terms for rules: other thresholds, or gold that waits until a rule holds. One file, each
change with its reason and its date.

Structural rules keep their terms: a fault of ours is no matter of opinion.
"""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from healthlake.checks.catalogue import catalogue, kept_checks, rule_set_hash
from healthlake.checks.model import Check, Terms
from healthlake.errors import UsageError

_FIELDS = {"rule", "warn", "fail", "blocks_gold", "reason", "date"}
_NEVER = "never"


@dataclass(frozen=True, slots=True)
class Policy:
    """Rule id -> the terms that a deployment gives it."""

    changed: Mapping[str, Terms] = field(default_factory=dict)

    def terms(self, check: Check) -> Terms:
        return self.changed.get(check.id, check.terms)

    def is_overridden(self, check: Check) -> bool:
        return check.id in self.changed

    def blocking(self) -> list[Check]:
        """The rules whose failure stops gold."""
        return [check for check in kept_checks() if self.terms(check).is_blocking]

    @property
    def rule_set_hash(self) -> str:
        """SHA-256 over the rules and these terms, in hex."""
        told = [(rule, repr(terms)) for rule, terms in sorted(self.changed.items())]
        return hashlib.sha256((rule_set_hash() + repr(told)).encode()).hexdigest()


def load_policy(path: Path) -> Policy:
    """The policy in the TOML file `path`: a list `override` of tables. `UsageError` says what is wrong where.

    ```toml
    [[override]]
    rule = "E01"          # the rule's id, see docs/checks.md
    warn = 1              # percent of what it applies to, or "never"
    fail = 5
    blocks_gold = true    # gold from a day on that fails is refused
    reason = "our encounter feed comes a day before the patients"
    date = 2026-03-01
    ```
    """
    doing = f"reading the rules' terms in {path}"
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{doing}: {error.strerror}. HEALTHLAKE_RULES names the file.") from None
    except ValueError as error:
        raise UsageError(f"{doing}: {error}") from None
    entries = found.pop("override", [])
    if found or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise UsageError(f"{doing}: expected [[override]] tables and nothing else.")
    rules = {check.id: check for checks in catalogue().values() for check in checks}
    changed: dict[str, Terms] = {}
    for number, entry in enumerate(entries, 1):
        rule, terms = _override(entry, rules, f"{doing}, override {number}")
        if rule in changed:
            raise UsageError(f"{doing}, override {number}: rule {rule} has one already.")
        changed[rule] = terms
    return Policy(changed)


def _override(entry: Mapping[str, Any], rules: Mapping[str, Check], where: str) -> tuple[str, Terms]:
    if unknown := sorted(set(entry) - _FIELDS):
        raise UsageError(f"{where}: {unknown[0]} is none of {', '.join(sorted(_FIELDS))}.")
    rule = rules.get(entry.get("rule", ""))
    if rule is None:
        raise UsageError(f"{where}: rule is {entry.get('rule')!r}, expected an id of docs/checks.md.")
    if rule.structural or not rule.has_query:
        raise UsageError(f"{where}: the terms of {rule.id} ({rule.table} {rule.name}) can't be changed.")
    reason, date = entry.get("reason"), entry.get("date")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{where}: reason is missing; say why, for who reads the result.")
    if not isinstance(date, datetime.date) or isinstance(date, datetime.datetime):
        raise UsageError(f"{where}: date is missing or no day, expected 2026-03-01, without quotation marks.")
    blocks = entry.get("blocks_gold", False)
    if not isinstance(blocks, bool):
        raise UsageError(f"{where}: blocks_gold is {blocks!r}, expected true or false.")
    if blocks and rule not in kept_checks():
        raise UsageError(f"{where}: {rule.id} can't stop gold: gold_dq_result keeps no verdict of it.")
    terms = Terms(
        _percent(entry, "warn", rule.terms.warn, where),
        _percent(entry, "fail", rule.terms.fail, where),
        blocks,
        f"{date.isoformat()}: {reason.strip()}",
    )
    if terms.warn is not None and terms.fail is not None and terms.warn > terms.fail:
        raise UsageError(f"{where}: warn is {terms.warn:g} and fail {terms.fail:g}: it would never warn.")
    if blocks and terms.fail is None:
        raise UsageError(f"{where}: {rule.id} never fails, so it stops nothing; give it a fail percentage.")
    return rule.id, terms


def _percent(entry: Mapping[str, Any], name: str, default: float | None, where: str) -> float | None:
    value = entry.get(name, default)
    if value is None or value == _NEVER:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UsageError(f"{where}: {name} is {value!r}, expected a percentage from 0 to 100, or never.")
    return float(value)
