"""The page as text: what stands on it without its charts, and that nothing in it reaches out."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from healthlake.quality_report import DayStates, ReportData, render
from scripts.make_vega_bundle import TARGET, bundle
from tests.conftest import REPOSITORY
from tests.report.synthetic import GAP, KEYS, LAST, report_data

DATA = report_data()
MEGABYTE = 1024 * 1024


class Page(HTMLParser):
    """What a browser without JavaScript sees: elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


@pytest.fixture(scope="module")
def html() -> str:
    return render(DATA)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_headline_is_the_verdict(page: Page) -> None:
    assert (
        "3 January 2026: 5 rules fail in 3 tables, most of them in silver_observation_history ." in page.text
    )


def test_every_table_has_its_grade_and_its_rows_without_javascript(page: Page) -> None:
    for row in DATA.tables:
        if row.dt == LAST:
            assert row.table_name in page.text
            assert f"{row.rows_as_of:,}" in page.text
    badges = [a for tag, a in page.elements if tag == "span" and (a.get("class") or "").startswith("badge")]
    assert len(badges) > len(KEYS)


def test_every_rule_that_did_not_pass_has_its_query_without_javascript(page: Page) -> None:
    bad = [rule for rule in DATA.rules if rule.dt == LAST and rule.status in ("fail", "warn")]
    assert len(bad) == 10
    for rule in bad:
        assert rule.rule_name in page.text
        if rule.rule_id in DATA.samples:
            assert (
                "SELECT row_id, file_id, line, entry FROM gold_dq_sample WHERE dt = DATE '2026-01-03' AND"
                f" rule_id = '{rule.rule_id}' ORDER BY sample_number" in page.text
            )


def test_every_rule_of_the_day_is_named_also_those_that_pass(page: Page) -> None:
    for rule in DATA.rules:
        if rule.dt == LAST:
            assert f"{rule.rule_name} " in page.text


def test_days_that_are_behind_are_told_with_the_command(page: Page) -> None:
    assert "healthlake materialize --stale" in page.text
    assert "landed and not in silver: 2026-01-04" in page.text
    assert f"in silver and not in gold: {GAP}" in page.text
    assert "2026-01-01 to 2026-01-02: a late or corrected drop" in page.text


def test_nothing_is_fetched(html: str, page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = attributes.get(name) or ""
            assert not value or value.startswith("#") or value == "data:,", (tag, name, value)
        assert tag not in ("iframe", "object", "embed", "base", "img")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    # What addresses there are name standards and pages to read; none is loaded.
    hosts = set(re.findall(r"https?://([^/\"'`\s)]+)", html))
    assert hosts <= {"www.w3.org", "vega.github.io", "github.com"}


def test_every_chart_has_its_place_and_every_place_its_chart(page: Page) -> None:
    specs = json.loads(page.scripts[0])
    places = [a["id"] for _, a in page.elements if a.get("class") == "chart"]
    assert sorted(specs) == sorted(map(str, places))
    assert {"duplicates", "pyramid", "encounters", "heat-0", "rows-0", "nulls-0"} <= set(specs)
    assert all(spec["description"] for spec in specs.values())


def test_links_lead_to_sections_that_are_there(page: Page) -> None:
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in ids


def test_the_page_stays_small(html: str) -> None:
    assert len(html.encode()) < 1.5 * MEGABYTE


def test_the_same_rows_give_the_same_bytes_in_every_process(html: str) -> None:
    code = "from tests.report.synthetic import *; sys.stdout.buffer.write(render(report_data()).encode())"
    made = [
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPOSITORY), "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made == [html.encode()] * 2


def test_a_name_from_a_table_can_be_no_markup() -> None:
    evil = "</script><script>alert(1)</script>"
    rules = [dataclasses.replace(rule, rule_name=evil + rule.rule_name, reason=evil) for rule in DATA.rules]
    page = Page(render(dataclasses.replace(DATA, rules=tuple(rules), lake_option=f" --lake '{evil}'")))
    assert len(page.scripts) == 3
    assert evil in page.text


def _empty_pages() -> Iterator[tuple[str, ReportData, list[str]]]:
    landed = DayStates(landed=(LAST,), unsplit=(LAST,))
    yield "no lake yet", ReportData(None, None), ["There is no gold yet.", "healthlake demo"]
    yield "landed alone", ReportData(None, None, days=landed), ["1 day landed with no silver (2026-01-03)"]
    yield "no gold in range", ReportData(GAP, GAP), [f"There is no gold from {GAP} to {GAP} yet."]
    tables_alone = dataclasses.replace(DATA, rules=(), samples={}, population=())
    yield (
        "no rules",
        tables_alone,
        ["no rule was evaluated", "gold_dq_result has no rows", "gold_population_summary has no rows"],
    )
    rules_alone = dataclasses.replace(DATA, tables=(), population=())
    yield "no dashboard", rules_alone, ["gold_data_quality_dashboard has no rows", "5 rules fail"]


@pytest.mark.parametrize(
    ("data", "said"), [case[1:] for case in _empty_pages()], ids=[case[0] for case in _empty_pages()]
)
def test_what_is_missing_is_said_and_the_rest_is_shown(data: ReportData, said: list[str]) -> None:
    text = Page(render(data)).text
    for sentence in said:
        assert sentence in text


def test_a_lake_without_a_fault_has_nothing_to_do() -> None:
    rules = tuple(
        dataclasses.replace(rule, status="pass", violated=0, violated_percent=0.0) for rule in DATA.rules
    )
    tables = tuple(dataclasses.replace(row, quarantined=0) for row in DATA.tables)
    days = DayStates(landed=DATA.gold_days, silver=DATA.gold_days, gold=DATA.gold_days)
    page = Page(render(dataclasses.replace(DATA, rules=rules, tables=tables, days=days)))
    assert "Every landed day is in the tables, no gold is stale" in page.text
    assert "Every rule passed, or had nothing to apply to, on every day." in page.text
    assert not [each for each in page.ids() if each.startswith("heat-")]


def test_the_charts_library_in_the_package_is_the_one_that_the_lock_names() -> None:
    assert TARGET.read_text("utf-8") == bundle(), "run make vega"
