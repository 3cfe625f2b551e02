"""The sentence at the top of the page, what it sends people to, and in which order."""

from __future__ import annotations

import dataclasses
import datetime

from healthlake.quality_report import DayStates, ReportData, RuleDay, TableDay, findings, verdict
from healthlake.quality_report.verdict import next_steps

DAY = datetime.date(2026, 1, 3)
BEFORE = DAY - datetime.timedelta(days=1)


def rule(name: str, status: str, **changes: object) -> RuleDay:
    made = RuleDay(
        dt=DAY,
        rule_id=f"t.{name}",
        table_name="silver_dim_patient",
        rule_name=name,
        kahn_class=None,
        applicable=200,
        violated=0,
        violated_percent=0.0,
        status=status,
        reason=None,
        warn_percent=1.0,
        fail_percent=5.0,
        is_blocking=False,
        is_overridden=False,
        rule_set_hash=None,
    )
    if status in ("fail", "warn"):
        made = dataclasses.replace(made, violated=20, violated_percent=10.0)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def table(day: datetime.date = DAY, **changes: object) -> TableDay:
    made = TableDay(
        day, "bronze_file", 1, 1, None, None, 0, 0, 0, 0, 0, 0, 0, 0, None, None, "pass", "A"
    )  # fmt: skip
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def lake(*rules: RuleDay, **changes: object) -> ReportData:
    data = ReportData(DAY, DAY, tables=(table(), table(BEFORE)), rules=rules)
    return dataclasses.replace(data, **changes)  # type: ignore[arg-type]


def headline(*rules: RuleDay) -> str:
    data = lake(*rules)
    return verdict(data, findings(data)).headline


def more(data: ReportData) -> str:
    return " ".join(verdict(data, findings(data)).more)


def steps(data: ReportData) -> list[tuple[str, str | None]]:
    return [(step.title, step.command) for step in next_steps(data, findings(data))]


def test_a_day_without_a_fault_says_that_all_rules_pass() -> None:
    assert headline(rule("a", "pass"), rule("b", "pass"), rule("c", "not_applicable")) == (
        "3 January 2026: all 2 rules that apply pass."
    )
    assert steps(lake(rule("a", "pass"))) == []


def test_failing_rules_are_counted_with_their_tables() -> None:
    assert headline(rule("a", "fail"), rule("b", "warn")) == (
        "3 January 2026: 1 rule fails in `silver_dim_patient`."
    )
    elsewhere = {"table_name": "bronze_file"}
    assert headline(rule("a", "fail"), rule("b", "fail", **elsewhere)) == (
        "3 January 2026: 2 rules fail in `bronze_file` and `silver_dim_patient`."
    )
    third = rule("d", "fail", table_name="bronze_patient")
    first = [rule(name, "fail") for name in "abe"]
    assert headline(*first, rule("c", "fail", **elsewhere), third) == (
        "3 January 2026: 5 rules fail in 3 tables, most of them in `silver_dim_patient`."
    )


def test_less_than_half_of_the_rules_is_not_called_most() -> None:
    tables = ("bronze_file", "bronze_file", "bronze_patient", "bronze_observation", "bronze_other")
    rules = [rule(str(number), "fail", table_name=name) for number, name in enumerate(tables)]
    assert headline(*rules) == "3 January 2026: 5 rules fail in 4 tables."


def test_a_rule_that_could_not_be_evaluated_comes_before_failures() -> None:
    broken = rule("a", "error", applicable=None, violated=None, violated_percent=None, reason="no engine")
    data = lake(broken, rule("b", "fail"))
    assert verdict(data, findings(data)).level == "error"
    assert headline(broken, rule("b", "fail")).endswith(
        "1 rule could not be evaluated in `silver_dim_patient`."
    )
    assert "1 rule fails in `silver_dim_patient`." in more(data)
    assert findings(data)[0].measure == "no engine"
    assert steps(data)[0] == (
        "Find out why 1 rule could not be evaluated",
        "healthlake check --from 2026-01-03",
    )


def test_warnings_alone_are_no_failure() -> None:
    assert (
        headline(rule("a", "warn")) == "3 January 2026: no rule fails; 1 rule warns in `silver_dim_patient`."
    )


def test_days_without_rules_or_without_gold_say_so() -> None:
    assert headline() == "3 January 2026: no rule was evaluated."
    nothing = ReportData(BEFORE, DAY)
    assert verdict(nothing, []).headline == "There is no gold from 2026-01-02 to 2026-01-03 yet."
    assert verdict(ReportData(None, None), []).headline == "There is no gold yet."


def test_what_is_new_and_what_is_mended_is_told() -> None:
    data = lake(
        rule("new", "fail"), rule("new", "pass", dt=BEFORE),
        rule("old", "fail"), rule("old", "fail", dt=BEFORE),
        rule("gone", "pass"), rule("gone", "fail", dt=BEFORE),
    )  # fmt: skip
    assert "New since 2 Jan: `new`." in more(data)
    assert "Mended since 2 Jan: `gone`." in more(data)
    assert {each.rule.rule_name: each.days for each in findings(data)} == {"new": 1, "old": 2}


def test_what_does_not_apply_or_warns_now_is_not_mended() -> None:
    data = lake(
        rule("gone", "not_applicable"), rule("gone", "fail", dt=BEFORE),
        rule("less", "warn"), rule("less", "fail", dt=BEFORE),
    )  # fmt: skip
    assert "Mended" not in more(data)


def test_a_failure_is_as_old_as_its_first_failure_and_older_than_the_page_may_be() -> None:
    data = lake(
        rule("worse", "fail"), rule("worse", "warn", dt=BEFORE),
        rule("warned", "warn"), rule("warned", "fail", dt=BEFORE),
        days=DayStates(gold=(BEFORE - datetime.timedelta(days=1), BEFORE, DAY)),
    )  # fmt: skip
    assert {each.rule.rule_name: each.age for each in findings(data)} == {
        "worse": "new on this day",
        "warned": "on at least 2 days in a row, since 2 January 2026 or before",
    }


def test_a_day_that_is_behind_in_two_ways_is_one() -> None:
    assert DayStates(landed=(DAY,), silver=(DAY,), gold=(DAY,), stale=(DAY,), unsplit=(DAY,)).behind == (DAY,)


def test_nothing_is_new_where_the_day_before_has_no_verdicts() -> None:
    assert "New since" not in more(lake(rule("a", "fail")))


def test_blocking_failures_come_first_then_the_larger_share() -> None:
    found = findings(
        lake(
            rule("warns", "warn", violated_percent=99.0),
            rule("small", "fail", violated_percent=2.0),
            rule("large", "fail", violated_percent=30.0),
            rule("blocks", "fail", violated_percent=0.1, is_blocking=True),
        )
    )
    assert [each.rule.rule_name for each in found] == ["blocks", "large", "small", "warns"]


def test_a_rule_with_samples_has_the_query_that_lists_them_and_the_trace_that_goes_on() -> None:
    data = lake(rule("a", "fail"), rule("whole", "fail"), samples={"t.a": 20}, lake_option=" --lake /mnt/l")
    sampled, whole = findings(data)
    assert sampled.command == (
        'healthlake sql "SELECT row_id, file_id, line, entry FROM gold_dq_sample WHERE dt = DATE '
        "'2026-01-03' AND rule_id = 't.a' ORDER BY sample_number\" --lake /mnt/l"
    )
    assert sampled.trace == "healthlake trace silver_dim_patient ROW_ID --lake /mnt/l"
    assert (whole.command, whole.trace) == (None, None)


def test_a_rules_id_can_end_neither_the_sql_nor_the_shells_text() -> None:
    (found,) = findings(lake(rule("a", "fail", rule_id="o'x\"$(id)`"), samples={"o'x\"$(id)`": 1}))
    assert "rule_id = 'o''x\\\"\\$(id)\\`'" in (found.command or "")


def test_stale_gold_and_days_that_are_behind_are_listed_with_the_command_that_makes_them_good() -> None:
    days = DayStates(
        landed=(BEFORE, DAY, DAY + datetime.timedelta(days=1)),
        silver=(BEFORE, DAY),
        gold=(DAY,),
        stale=(BEFORE, DAY),
        unsplit=(DAY + datetime.timedelta(days=1),),
    )
    data = lake(rule("a", "pass"), days=days)
    (step,) = next_steps(data, [])
    assert step.command == "healthlake materialize --stale"
    assert "1 day landed with no silver (2026-01-04)" in step.why
    assert "1 day with silver and no gold (2026-01-02)" in step.why
    assert "1 day with stale gold (2026-01-03)" in step.why
    assert "the verdict may be another" in more(data)


def test_quarantined_rows_of_the_day_are_a_step_and_those_of_other_days_are_not() -> None:
    aside = "healthlake quarantine list --summary --from 2026-01-03 --to 2026-01-03"
    assert steps(lake(tables=(table(quarantined=3),))) == [("Review 3 quarantined rows", aside)]
    assert steps(lake(tables=(table(), table(BEFORE, quarantined=3)))) == []
