"""The page on quarantine is made from the reasons."""

from __future__ import annotations

from healthlake.split import DOCUMENT_BYTES, Reason, quarantine_page
from healthlake.split.record import MAX_BYTES, MAX_DEPTH, MAX_VALUES
from tests.conftest import REPOSITORY


def test_the_page_shows_every_reason_as_the_code_has_it() -> None:
    page = (REPOSITORY / "docs" / "quarantine.md").read_text("utf-8")
    assert page.endswith(quarantine_page()), "run: make docs"
    for reason in Reason:
        assert f"| `{reason.value}` | {reason.sentence} |" in page


def test_the_page_names_the_bounds_of_the_code() -> None:
    assert f"more than {MAX_DEPTH} " in Reason.TOO_DEEP.sentence
    assert f"more than {MAX_BYTES // 2**30} GiB" in Reason.TOO_LARGE.sentence
    assert f"more than {MAX_VALUES:,} values" in Reason.TOO_LARGE.sentence
    assert f"more than {DOCUMENT_BYTES // 2**30} GiB" in Reason.DOCUMENT_TOO_LARGE.sentence


def test_a_reason_is_its_text() -> None:
    assert Reason("missing_id") is Reason.MISSING_ID
    assert f"{Reason.MISSING_ID}" == "missing_id"
    assert all(reason.value == reason.name.lower() for reason in Reason)
