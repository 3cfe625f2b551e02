"""The laws of the design over small generated drops: pure partitions, convergence, as-of, conservation."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from healthlake.contracts.gold import GOLD_TABLES
from tests.world import World, component, day, encounter, observation, patient

DAYS = (1, 2, 3)
TIMES = (None, "2025-12-31T23:00:00Z", "2026-01-02T01:00:00+02:00", "2026-01-02T12:00:00.5Z", "no time")


@contextmanager
def world() -> Iterator[World]:
    """A lake of this example's own."""
    with tempfile.TemporaryDirectory() as folder, World(Path(folder) / "lake", in_memory=True) as made:
        yield made


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """Few ids, contents and times, so that versions meet; sometimes of wrong shape."""
    time = draw(st.sampled_from(TIMES))
    fields: dict[str, Any] = {"meta": {"lastUpdated": time}} if time else {}
    number, variant = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kind = draw(st.sampled_from(["Patient", "Encounter", "Observation", "Condition"]))
    if kind == "Patient":
        wrong = {"name": "not a list"} if draw(st.integers(0, 9)) == 0 else {}
        return patient(f"p{number}", active=variant == 1, **fields, **wrong)
    if kind == "Encounter":
        return encounter(f"e{number}", f"p{variant}", **fields)
    if kind == "Condition":
        return {"resourceType": "Condition", "id": f"c{number}", **fields}
    parts = draw(st.integers(0, 2))
    if parts:
        fields["component"] = [component("8480-6", 100 + variant), component("8462-4", 60)][:parts]
    return observation(f"o{number}", f"p{variant}", draw(st.sampled_from([None, 1.0, 2.5])), **fields)


DROPS = st.fixed_dictionaries({number: st.lists(resources(), max_size=4) for number in DAYS})


def fill(made: World, drops: dict[int, list[dict[str, Any]]]) -> None:
    for number, found in drops.items():
        if found:
            made.put_resources(day(number), "a.ndjson", found)


@settings(max_examples=6)
@given(drops=DROPS, order=st.permutations(DAYS), repeated=st.sampled_from(DAYS))
def test_any_order_and_repetition_of_days_ends_in_the_same_rows(
    drops: dict[int, list[dict[str, Any]]], order: list[int], repeated: int
) -> None:
    with world() as one, world() as other:
        for made in (one, other):
            fill(made, drops)
        one.run(*(day(number) for number in DAYS))
        for number in (*order, repeated):
            other.run(day(number))
        assert one.tables() == other.tables()


@settings(max_examples=6)
@given(drops=DROPS, seed=st.integers(0, 99))
def test_splitting_and_renaming_the_files_of_a_drop_changes_no_current_row(
    drops: dict[int, list[dict[str, Any]]], seed: int
) -> None:
    shuffled = random.Random(seed)  # noqa: S311 - not for security
    with world() as one, world() as other:
        fill(one, drops)
        for number, found in drops.items():
            mixed = shuffled.sample(found, len(found))
            for index, resource in enumerate(mixed):
                other.put_resources(day(number), f"{shuffled.random()}/{index}.ndjson", [resource])
        for made in (one, other):
            made.run(*(day(number) for number in DAYS))
        for table in (
            "silver_dim_patient",
            "silver_fct_encounter",
            "silver_fct_observation_value",
            "silver_fct_observation",
        ):
            assert content(one, table) == content(other, table)


def content(made: World, table: str) -> list[dict[str, Any]]:
    """Rows without where they came from."""
    position = ("file_id", "line", "entry")
    rows = [{k: v for k, v in record.items() if k not in position} for record in made.records(table)]
    return sorted(rows, key=repr)


@settings(max_examples=5)
@given(drops=DROPS)
def test_a_backfill_gives_the_gold_that_each_day_gave(drops: dict[int, list[dict[str, Any]]]) -> None:
    with world() as daily, world() as backfill:
        for made in (daily, backfill):
            fill(made, drops)
        for number in DAYS:
            # On its day nothing later has landed yet, as far as the ledger may know.
            daily.run(day(number))
            assert not daily.gold(day(number)).faults
        backfill.run(*(day(number) for number in DAYS))
        assert not backfill.gold(*(day(number) for number in DAYS)).faults
        for table in GOLD_TABLES:
            assert daily.rows(table) == backfill.rows(table)


@settings(max_examples=6)
@given(drops=DROPS)
def test_every_entry_and_every_resource_is_accounted_for(drops: dict[int, list[dict[str, Any]]]) -> None:
    with world() as made:
        fill(made, drops)
        made.run(*(day(number) for number in DAYS))
        for file in made.records("bronze_file"):
            assert file["entries"] == file["resources"] + file["deletions"] + file["quarantined"]
        assert sum(file["entries"] for file in made.records("bronze_file")) == sum(map(len, drops.values()))
        for account in made.records("silver_reconciliation"):
            assert account["bronze_rows"] + account["deletions"] == (
                account["history_resources"]
                + account["exact"]
                + account["superseded"]
                + account["conflicts"]
                + account["quarantined"]
            )


@settings(max_examples=5)
@given(drops=DROPS)
def test_a_rerun_commits_nothing_and_a_day_of_nothing_replaces_a_day_of_rows(
    drops: dict[int, list[dict[str, Any]]],
) -> None:
    with world() as made:
        fill(made, drops)
        made.run(*(day(number) for number in DAYS))
        before = made.snapshots()
        made.run(*(day(number) for number in DAYS))
        assert made.snapshots() == before
