"""Rules about observations, over every value that a drop brings."""

from __future__ import annotations

from healthlake.checks.model import Check

OBSERVATION_RULES: tuple[Check, ...] = ()
