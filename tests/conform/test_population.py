"""What gold_population_summary counts a patient as."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthlake.contracts.registry import TABLES
from tests.world import World, day, patient

BORN = "1950-05-05"


@pytest.mark.parametrize(
    ("death", "category", "age_band"),
    [
        ({}, "living_patients", "70-79"),
        ({"deceasedDateTime": "1990-06-01"}, "dead_patients", "40-49"),
        ({"deceasedDateTime": "1990-05-05T01:00:00+05:00"}, "dead_patients", "40-49"),
        ({"deceasedDateTime": "1990"}, "dead_patients", "unknown"),
        ({"deceasedBoolean": True}, "dead_patients", "unknown"),
    ],
)
def test_the_dead_have_the_age_at_their_death_as_its_day_is_written(
    lake: Path, death: dict[str, object], category: str, age_band: str
) -> None:
    with World(lake, in_memory=True) as world:
        world.put_resources(day(1), "a.ndjson", [patient("p1", birthDate=BORN, **death)])
        world.run(day(1))
        assert not world.gold(day(1)).faults
        world.engine.read(TABLES["gold_population_summary"])
        found = world.engine.rows(
            "SELECT measure, subcategory, value FROM gold_population_summary"
            " WHERE category_type = 'sex_and_age_band'"
        )
    assert found == [(category, age_band, 1)]
