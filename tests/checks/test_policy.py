"""A deployment's own terms: one file, each change with a reason and a date; faults name their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import CheckResult, Status, Terms
from healthlake.checks.policy import Policy, load_policy
from healthlake.errors import UsageError
from tests.world import day

GENDER = next(check for check in catalogue()["silver_patient_history"] if check.name == "gender_in_value_set")
OVERRIDE = f"""
[[override]]
rule = "{GENDER.id}"
warn = 5
fail = "never"
reason = "the old register writes M and F"
date = 2026-03-01
"""


def policy(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")
    return load_policy(path)


def test_an_override_changes_the_status_and_says_since_when_and_why(tmp_path: Path) -> None:
    changed = policy(tmp_path, OVERRIDE)
    assert changed.terms(GENDER) == Terms(5, None, False, "2026-03-01: the old register writes M and F")
    result = CheckResult(GENDER, day(1), 100, 6)
    assert result.status() is Status.FAIL
    assert result.status(changed.terms(GENDER)) is Status.WARN
    assert changed.is_overridden(GENDER)


def test_other_rules_keep_their_terms_and_the_hash_of_the_set_changes(tmp_path: Path) -> None:
    changed = policy(tmp_path, OVERRIDE)
    others = [check for checks in catalogue().values() for check in checks if check is not GENDER]
    assert all(changed.terms(check) == check.terms for check in others)
    assert changed.rule_set_hash != Policy().rule_set_hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule =", "Invalid value"),
        ("[override]\nrule = 'P01'", "expected [[override]] tables"),
        ("[[overide]]\nrule = 'P01'", "expected [[override]] tables"),
        (OVERRIDE.replace(f'"{GENDER.id}"', '"P999"'), "override 1: rule is 'P999'"),
        (OVERRIDE.replace("warn = 5", "warn = 101"), "override 1: warn is 101, expected a percentage"),
        (OVERRIDE.replace("warn = 5", "warn = true"), "override 1: warn is True"),
        (OVERRIDE.replace("reason =", "because ="), "override 1: because is none of"),
        (OVERRIDE.replace('"the old register writes M and F"', '" "'), "override 1: reason is missing"),
        (OVERRIDE.replace("2026-03-01", "'soon'"), "override 1: date is missing or no day"),
        (OVERRIDE.replace('"never"', "4"), "override 1: warn is 5 and fail 4"),
        (OVERRIDE + OVERRIDE, f"override 2: rule {GENDER.id} has one already"),
        (OVERRIDE + "blocks_gold = true", "never fails, so it stops nothing"),
        (OVERRIDE.replace(f'"{GENDER.id}"', '"T02.silver_dim_patient"'), "can't be changed"),
        (OVERRIDE.replace(f'"{GENDER.id}"', '"T01"'), "can't be changed"),
    ],
)
def test_a_faulty_file_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        policy(tmp_path, text)
    assert str(caught.value).startswith(f"reading the rules' terms in {tmp_path}/rules.toml")
    assert said in str(caught.value)


def test_a_file_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="HEALTHLAKE_RULES names the file"):
        load_policy(tmp_path / "none.toml")
