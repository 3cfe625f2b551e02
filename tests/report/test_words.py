"""Numbers and days in sentences."""

from __future__ import annotations

import datetime

import pytest

from healthlake.words import day_list, listed, percent, plural


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0 %"),
        (0.004, "< 0.01 %"),
        (0.5, "0.50 %"),
        (12.34, "12.3 %"),
        (99.96, "> 99.9 %"),
        (99.9, "99.9 %"),
        (100.0, "100 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_to_all(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_days_that_follow_each_other_are_a_range_and_what_is_left_out_is_counted() -> None:
    first = datetime.date(2026, 1, 1)
    days = [first + datetime.timedelta(days=number) for number in (0, 1, 2, 5)]
    assert day_list(days) == "2026-01-01 to 2026-01-03, 2026-01-06"
    apart = [first + datetime.timedelta(days=2 * number) for number in range(9)]
    assert day_list(apart).endswith("2026-01-11, and 3 more stretches")
    assert day_list([]) == ""


def test_words_follow_their_number() -> None:
    assert (plural(1, "rule"), plural(1200, "rule")) == ("1 rule", "1,200 rules")
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("a", "a and b", "a, b and c")
