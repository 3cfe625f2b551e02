"""The verdict on the day in a sentence, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healthlake.quality_report.model import DayStates, ReportData
from healthlake.quality_report.rules import ERROR, FAIL, NOT_APPLICABLE, PASS, WARN, Finding, changes, of_day
from healthlake.words import day_list, listed, long_day, plural, short_day

NONE = "none"
_TABLES_NAMED = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """`level` is the worst status of the day, or none. `headline` and `more` are sentences; table names
    stand in `backticks`."""

    level: str
    headline: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do: what, why, and the command that does it."""

    title: str
    why: str
    command: str | None = None
    link: str | None = None


def verdict(data: ReportData, found: Sequence[Finding]) -> Verdict:
    """The verdict on the newest day."""
    if data.day is None:
        asked = f" from {data.first} to {data.last}" if data.first and data.last else ""
        return Verdict(NONE, f"There is no gold{asked} yet.", ())
    counts = Counter(rule.status for rule in of_day(data.rules, data.day))
    level = next((status for status in (ERROR, FAIL, WARN, PASS) if counts[status]), NONE)
    if level in (ERROR, FAIL):
        sentence = _bad(found, level)
    elif level == WARN:
        sentence = f"no rule fails; {_bad(found, WARN)}"
    elif level == PASS:
        sentence = f"all {plural(counts[PASS], 'rule')} that apply pass"
    else:
        sentence = "no rule was evaluated"
    return Verdict(level, f"{long_day(data.day)}: {sentence}.", tuple(_more(data, found, counts, level)))


_VERBS = {ERROR: ("could not be evaluated",) * 2, FAIL: ("fails", "fail"), WARN: ("warns", "warn")}


def _bad(found: Sequence[Finding], status: str) -> str:
    one, many = _VERBS[status]
    tables = Counter(each.rule.table_name for each in found if each.rule.status == status)
    count = tables.total()
    names = [f"`{table}`" for table, _ in tables.most_common(_TABLES_NAMED)]
    if len(tables) <= _TABLES_NAMED:
        where = f"in {listed(names)}"
    else:
        (first, of_first), *_ = tables.most_common(1)
        most = f", most of them in `{first}`" if 2 * of_first > count else ""
        where = f"in {plural(len(tables), 'table')}{most}"
    return f"{plural(count, 'rule')} {one if count == 1 else many} {where}"


def _more(data: ReportData, found: Sequence[Finding], counts: Counter[str], level: str) -> Iterator[str]:
    if level == ERROR and counts[FAIL]:
        yield f"{_bad(found, FAIL)}."
    if counts[WARN] and level in (ERROR, FAIL):
        yield f"{plural(counts[WARN], 'rule')} {'warns' if counts[WARN] == 1 else 'warn'}."
    if counts[PASS] and level != PASS:
        yield f"{counts[PASS]:,} {'passes' if counts[PASS] == 1 else 'pass'}."
    if counts[NOT_APPLICABLE]:
        has = "has" if counts[NOT_APPLICABLE] == 1 else "have"
        yield f"{counts[NOT_APPLICABLE]:,} {has} nothing to apply to."
    new, mended = changes(data)
    before = f"since {short_day(data.gold_days[-2])}" if len(data.gold_days) > 1 else ""
    if new:
        yield f"New {before}: {listed([f'`{rule.rule_name}`' for rule in new])}."
    if mended:
        yield f"Mended {before}: {listed([f'`{rule.rule_name}`' for rule in mended])}."
    if data.day in data.days.stale:
        yield "Gold of this very day is stale: computed again, the verdict may be another."


def next_steps(data: ReportData, found: Sequence[Finding]) -> list[Step]:
    """What to do, the most urgent first."""
    return [*_to_catch_up(data), *_to_look_at(data, found), *_to_review(data)]


def _to_catch_up(data: ReportData) -> Iterator[Step]:
    behind = behind_of(data.days)
    if behind:
        yield Step(
            "Bring the tables up to date",
            f"{'; '.join(behind)}.",
            f"healthlake materialize --stale{data.lake_option}",
        )
    elif data.day is None and not data.days.gold:
        yield Step(
            "Land a drop and materialize its day",
            "The page is filled from the gold tables.",
            f"healthlake demo{data.lake_option}",
        )


def behind_of(days: DayStates) -> list[str]:
    """What is behind, each with its days."""
    facts = (
        ("landed with no silver", days.without_silver),
        ("with silver behind their drop", days.behind_their_drop),
        ("with silver and no gold", days.without_gold),
        ("with stale gold", days.stale_gold),
    )
    return [f"{plural(len(of), 'day')} {what} ({day_list(of)})" for what, of in facts if of]


def _to_look_at(data: ReportData, found: Sequence[Finding]) -> Iterator[Step]:
    errors = [each for each in found if each.rule.status == ERROR]
    fails = [each for each in found if each.rule.status == FAIL]
    warns = [each for each in found if each.rule.status == WARN]
    if errors:
        yield Step(
            f"Find out why {plural(len(errors), 'rule')} could not be evaluated",
            "Nothing is known of what they look at until they run.",
            f"healthlake check --from {data.day}{data.lake_option}",
            "#worst",
        )
    if fails:
        first = next((each for each in fails if each.command), fails[0])
        blocking = sum(each.rule.is_blocking for each in fails)
        verb = "blocks" if blocking == 1 else "block"
        waits = "what builds on the day waits until the drop is mended or the rule's terms are changed"
        stops = f" {blocking:,} of them {verb}: {waits}." if blocking else ""
        yield Step(
            f"Look at the rows behind {plural(len(fails), 'failing rule')}",
            f"Start with {_named(first)}: {first.measure}.{stops}",
            first.command,
            "#worst",
        )
    elif warns:
        first = next((each for each in warns if each.command), warns[0])
        yield Step(
            f"Look through {plural(len(warns), 'warning')}",
            f"Start with {_named(first)}: {first.measure}.",
            first.command,
            "#worst",
        )


def _named(finding: Finding) -> str:
    return f"`{finding.rule.rule_name}` of `{finding.rule.table_name}`"


def _to_review(data: ReportData) -> Iterator[Step]:
    aside = sum(row.quarantined for row in data.tables if row.dt == data.day)
    if aside:
        yield Step(
            f"Review {plural(aside, 'quarantined row')}",
            "Each has its reason, file and position; what passes after a fix comes back with `replay`.",
            f"healthlake quarantine list --summary --from {data.day} --to {data.day}{data.lake_option}",
        )
