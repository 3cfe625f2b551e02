"""What docs/detection.md says is what is found. Runs most of the measurement; with HEALTHLAKE_DETECTION=all
the whole of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.injector.measure import KINDS, WEEKS, Measurement, measure
from tests.injector.page import clean_part, line, page, row

DOCS = Path(__file__).resolve().parents[2] / "docs" / "detection.md"
WHOLE = os.environ.get("HEALTHLAKE_DETECTION") == "all"
ASKED = [kind for kind in KINDS if WHOLE or kind.run not in ("patients", WEEKS)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    return measure(tmp_path_factory.mktemp("defects"), ASKED)


def test_there_are_25_kinds_or_more_each_of_its_own_name() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 25


def test_every_structural_kind_is_asked_and_found_every_time(measured: Measurement) -> None:
    assert {kind.name for kind in KINDS if kind.structural} <= {kind.name for kind in ASKED}
    missed = {d.kind.name: (d.found, d.injected) for d in measured.detections if d.kind.structural}
    assert {name: counts for name, counts in missed.items() if counts[0] < counts[1]} == {}


def test_each_kind_is_put_in_and_found_as_the_page_says(measured: Measurement) -> None:
    lines = DOCS.read_text("utf-8").splitlines()
    assert [line(row(d)) for d in measured.detections if line(row(d)) not in lines] == []
    written = [text.split(" | ")[0].removeprefix("| ") for text in lines if text.count(" | ") == 7]
    assert written[2:] == [kind.name for kind in KINDS], "run make detection"


def test_no_rule_fails_on_the_clean_drops_and_the_page_lists_all_that_warn(measured: Measurement) -> None:
    assert [verdict for verdict in measured.clean if verdict.status == "fail"] == []
    assert clean_part(measured.clean) in DOCS.read_text("utf-8")


def test_why_a_kind_is_not_always_found_is_said(measured: Measurement) -> None:
    assert [d.kind.name for d in measured.detections if d.found < d.injected and not d.kind.note] == []


@pytest.mark.skipif(not WHOLE, reason="the page holds kinds that only HEALTHLAKE_DETECTION=all measures")
def test_the_page_is_what_the_measurement_gives(measured: Measurement) -> None:
    assert DOCS.read_text("utf-8") == page(measured), "run make detection"
