"""Pauses stay within their bounds and end at the deadline."""

from __future__ import annotations

from healthlake_dagster.resources.pauses import Pauses


def test_pauses_grow_within_their_bounds_and_are_not_in_step() -> None:
    pauses = Pauses(0.001, 0.008, deadline=60)
    waited = [pauses.pause() for _ in range(30)]
    assert waited[0] == 0.001
    assert all(0.001 <= each <= 0.008 for each in waited)
    assert max(waited[10:]) > 0.002
    assert len(set(waited[10:])) > 1
    pauses.reset()
    assert pauses.pause() == 0.001


def test_no_pause_goes_beyond_the_deadline() -> None:
    pauses = Pauses(0.03, 10, deadline=0.05)
    waited = 0.0
    while not pauses.are_over:
        waited += pauses.pause()
    assert waited <= 0.051
    assert pauses.pause() == 0.0
