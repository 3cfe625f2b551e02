"""Rules about a day against the days before it: jumps that no single row shows."""

from __future__ import annotations

from healthlake.checks.model import Check
from healthlake.contracts.silver import ResourceType


def trend_rules(kind: ResourceType) -> list[Check]:
    """The rules of a type's history."""
    return []
