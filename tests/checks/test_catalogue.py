"""What a rule declares is complete, and an id that was given once is never given to another rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.fused import fused_counts, violating_rows
from healthlake.checks.model import Check
from healthlake.portable_sql import lint
from tests.checks.examples import DAY

CHECKS = [check for checks in catalogue().values() for check in checks]
ASKED = [check for check in CHECKS if check.has_query]
IDS: dict[str, list[str]] = json.loads(Path(__file__).with_name("ids.json").read_text("utf-8"))
"""Every id that was ever given -> table and name of its rule. Lines are added, never changed or removed."""


def test_an_id_means_for_good_what_it_meant_first() -> None:
    declared = {check.id: [check.table, check.name] for check in CHECKS}
    assert len(declared) == len(CHECKS)
    assert {id_: IDS.get(id_) for id_ in declared} == declared


def test_a_name_is_given_once_in_a_table() -> None:
    names = [(check.table, check.name) for check in CHECKS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("check", ASKED, ids=lambda check: check.id)
def test_a_rule_is_portable_sql(check: Check) -> None:
    if check.is_of_rows:
        texts = [fused_counts([check], check.table, DAY), violating_rows(check, check.table, DAY)]
    else:
        texts = [
            text.format(relation=check.table, day=f"DATE '{DAY}'")
            for text in (check.sql, check.violators)
            if text
        ]
    assert [finding for text in texts for finding in lint(text, "spark", own=True)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_rule_says_what_it_asks_and_why_and_has_both_examples(check: Check) -> None:
    assert check.description.endswith(".")
    assert check.why.endswith(".")

    terms = check.terms
    assert terms.warn is None or terms.fail is None or terms.warn < terms.fail
    if check.has_query:
        assert check.trips
        assert check.passes


def test_only_rules_of_our_own_code_are_structural() -> None:
    assert {check.name for check in CHECKS if check.structural} == {
        "grain_unique",
        "keys_not_null",
        "conservation",
        "one_current_row",
    }
