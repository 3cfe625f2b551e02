"""A few seconds of `make fuzz`, the same inputs each time; what it found is named in tests/split, by what
it is."""

from __future__ import annotations

import pytest

from tests.fuzz.laws import hold_laws
from tests.fuzz.run import made

INPUTS = 400
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_spoilt_drops_hold_the_laws(part: int) -> None:
    for number in range(part, INPUTS, PARTS):
        drop, chance = made(number)
        try:
            hold_laws(drop, chance)
        except Exception as error:
            raise AssertionError(f"make fuzz SEED={number} SECONDS=0 shows: {error}") from error


def test_an_input_is_made_again_by_its_number() -> None:
    assert [made(number)[0] for number in range(20)] == [made(number)[0] for number in range(20)]
