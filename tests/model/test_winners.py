"""Which version wins (DESIGN §5, "Latest wins"): each rule as versions of one patient, by the day of their
drop. All lie in one lake, because their ids differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import Rows, World, day, patient

V1, V2, V3 = ({"active": True}, {"active": False}, {"active": True, "deceasedBoolean": True})
LONG = {"active": True, "implicitRules": "https://example.org/rules-that-make-this-the-longer-version"}
GONE = None
Drops = list[tuple[int, dict[str, Any] | None]]


def at(time: str, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "meta": {"lastUpdated": time}}


CASES: dict[str, tuple[Drops, int | None]] = {
    "new content wins": ([(1, V1), (2, V2)], 1),
    "the v1 file sent again leaves v2": ([(1, V1), (2, V2), (3, V1)], 1),
    "a deletion removes the row": ([(1, V1), (2, GONE)], None),
    "a delete, then the old file again, stays deleted": ([(1, V1), (2, GONE), (3, V1)], None),
    "new content after a delete returns": ([(1, V1), (2, GONE), (3, V2)], 2),
    "an id that was never seen can be deleted first": ([(1, GONE), (2, V1)], 1),
    "untimed A, B, A is a re-send": ([(1, V2), (2, V1), (3, V2)], 1),
    "a re-delivery keeps the row of its first day": ([(1, V1), (2, V1), (3, V1)], 0),
    "an older meta.lastUpdated that comes later loses": (
        [(1, at("2026-01-01T12:00:00Z", V1)), (2, at("2025-12-01T00:00:00Z", V2))],
        0,
    ),
    "offsets compare as instants": (
        [(1, at("2026-01-01T01:00:00+02:00", V1)), (2, at("2025-12-31T23:30:00Z", V2))],
        1,
    ),
    "fractions compare as instants": (
        [(1, at("2026-01-01T00:00:00.5Z", V1)), (2, at("2026-01-01T00:00:00.49Z", V2))],
        0,
    ),
    "of equally new versions the later day's wins": (
        [(1, at("2026-01-01T00:00:00Z", V2)), (2, at("2026-01-01T02:00:00+02:00", V1))],
        1,
    ),
    "of equally new versions of a day the deletion wins": ([(1, V3), (1, GONE)], None),
    "of equally new versions of a day the longer wins": ([(1, V3), (1, V1)], 0),
    "text that is no instant counts as absent": ([(1, at("2099-01-01", V1)), (2, V2)], 1),
    "an untimed version is as new as the newest time known on its day": (
        [(1, at("2026-06-01T00:00:00Z", V1)), (2, V2)],
        1,
    ),
    "an untimed version is no newer than its day": ([(1, V1), (2, at("2026-01-01T00:00:01Z", V2))], 1),
    "an untimed version is newer than all times before its day": (
        [(2, V1), (3, at("2026-01-01T23:59:59Z", V2))],
        0,
    ),
    "what comes later makes no earlier version newer": (
        [(1, V1), (2, at("2026-06-01T00:00:00Z", V2)), (3, V1)],
        1,
    ),
    # Times are read from history, which has one version a day: DESIGN §5, "over the history rows in view".
    "a time that only a losing version of a day stated is not known the next day": (
        [(1, at("2026-06-01T00:00:00Z", V1)), (1, LONG), (2, at("2026-03-01T00:00:00Z", V2))],
        2,
    ),
    "a version of wrong shape takes no part": ([(1, V1), (2, {"name": "no list"})], 0),
}


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """Key, day and is_active of all current patients."""
    with World(tmp_path_factory.mktemp("winners") / "lake", in_memory=True) as world:
        for number, (drops, _) in enumerate(CASES.values()):
            for index, (on, body) in enumerate(drops):
                key = f"p{number}"
                made = deletion("Patient", key) if body is None else {**patient(key), **body}
                world.put_resources(day(on), f"{number}-{index}.ndjson", [made])
        world.run(day(2), day(3), day(1))
        yield [
            (row["patient_id"], row["dt"], row["is_active"]) for row in world.records("silver_dim_patient")
        ]


def deletion(kind: str, key: str, **fields: Any) -> dict[str, Any]:
    """A Bundle of one deletion; `fields` are the Bundle's."""
    request = {"request": {"method": "DELETE", "url": f"{kind}/{key}"}}
    return {"resourceType": "Bundle", "type": "transaction", **fields, "entry": [request]}


@pytest.mark.parametrize("name", CASES)
def test_the_version_wins_that_the_rules_name(current: Rows, name: str) -> None:
    drops, winner = CASES[name]
    found = [row[1:] for row in current if row[0] == f"p{list(CASES).index(name)}"]
    if winner is None:
        assert found == []
        return
    on, body = drops[winner]
    assert body is not None
    assert found == [(day(on), body["active"])]
