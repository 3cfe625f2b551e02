"""The order of versions against a plain model of it, and its laws."""

from __future__ import annotations

import datetime
from dataclasses import astuple, dataclass

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthlake.engine.dialect import to_duckdb
from healthlake.versions import Outcome, classify, winners

DAYS = [datetime.date(2026, 1, day) for day in range(1, 6)]
TIMES = [
    None,
    *(datetime.datetime(2025, 12, 31) + datetime.timedelta(hours=hours) for hours in (0, 20, 30, 60, 200)),
]


@dataclass(frozen=True)
class Row:
    key: str
    dt: datetime.date
    last_updated: datetime.datetime | None
    content_hash: str
    resource_bytes: int
    is_deleted: bool
    file_id: str
    line: int
    entry: int


@dataclass(frozen=True)
class Content:
    """What determines a hash: its time, size and whether it is a deletion come with it."""

    content_hash: str
    last_updated: datetime.datetime | None
    resource_bytes: int
    is_deleted: bool


CONTENTS = st.builds(
    lambda number, time, size, deleted: Content(f"h{number}-{time}-{size}-{deleted}", time, size, deleted),
    st.integers(0, 2),
    st.sampled_from(TIMES),
    st.integers(0, 2),
    st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Rows of few ids, days and contents, so that they meet; positions are unique."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.sampled_from(DAYS), CONTENTS, st.sampled_from("fg")),
            max_size=12,
        )
    )
    return [
        Row(key, day, c.last_updated, c.content_hash, c.resource_bytes, c.is_deleted, file, number, -1)
        for number, (key, day, c, file) in enumerate(drawn)
    ]


def start(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time())


def model_winner(rows: list[Row]) -> Row:
    """The rules of DESIGN §5 in plain words."""
    firsts = {}
    for row in sorted(rows, key=lambda r: (r.dt, r.file_id, r.line, r.entry)):
        firsts.setdefault(row.content_hash, row)

    def version_time(row: Row) -> datetime.datetime:
        if row.last_updated:
            return row.last_updated
        stated = [other.last_updated for other in rows if other.dt <= row.dt and other.last_updated]
        return max([start(row.dt), *stated])

    return max(
        firsts.values(), key=lambda r: (version_time(r), r.dt, r.is_deleted, r.resource_bytes, r.content_hash)
    )


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    from importlib import resources

    made = duckdb.connect()
    made.execute(resources.files("healthlake").joinpath("functions", "duckdb.sql").read_text("utf-8"))
    made.execute(
        "CREATE TABLE history (key VARCHAR, dt DATE, last_updated TIMESTAMP, content_hash VARCHAR,"
        " resource_bytes BIGINT, is_deleted BOOLEAN, file_id VARCHAR, line BIGINT, entry INTEGER)"
    )
    return made


def fill(connection: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    connection.execute("DELETE FROM history")
    if rows:
        connection.executemany(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [astuple(r) for r in rows]
        )


def sql_winners(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[object, ...]]:
    select = to_duckdb(f"SELECT key, dt, content_hash, file_id, line FROM ({winners('history', 'key')}) AS w")
    return {row[0]: row[1:] for row in connection.execute(select).fetchall()}


@given(rows=histories())
def test_the_generated_sql_chooses_the_winner_that_the_rules_name(
    connection: duckdb.DuckDBPyConnection, rows: list[Row]
) -> None:
    fill(connection, rows)
    expected = {}
    for key in {row.key for row in rows}:
        won = model_winner([row for row in rows if row.key == key])
        expected[key] = (won.dt, won.content_hash, won.file_id, won.line)
    assert sql_winners(connection) == expected


@given(rows=histories())
def test_a_re_delivery_on_a_later_day_changes_no_winner(
    connection: duckdb.DuckDBPyConnection, rows: list[Row]
) -> None:
    fill(connection, rows)
    before = sql_winners(connection)
    again = [
        Row(r.key, datetime.date(2026, 2, 1), *astuple(r)[2:6], "z", n + 100, -1) for n, r in enumerate(rows)
    ]
    fill(connection, rows + again)
    assert sql_winners(connection) == before


@given(rows=histories())
def test_every_row_of_a_drop_has_one_outcome_and_each_key_keeps_one(
    connection: duckdb.DuckDBPyConnection, rows: list[Row]
) -> None:
    drop = [Row(r.key, DAYS[0], *astuple(r)[2:]) for r in rows]
    fill(connection, drop)
    found = connection.execute(
        to_duckdb(
            f"SELECT key, outcome, count(*) FROM ({classify('history', 'key')}) AS c GROUP BY key, outcome"
        )
    ).fetchall()
    assert sum(count for _, _, count in found) == len(drop)
    for key in {row.key for row in drop}:
        outcomes = {outcome: count for found_key, outcome, count in found if found_key == key}
        contents = {row.content_hash for row in drop if row.key == key}
        assert outcomes[Outcome.KEPT] == 1
        assert outcomes.get(Outcome.SUPERSEDED, 0) + outcomes.get(Outcome.CONFLICT, 0) == len(contents) - 1


def history(*versions: tuple[int, str, bool]) -> list[Row]:
    """Untimed versions of one id: day of January, content, deletion."""
    return [
        Row(
            "a",
            datetime.date(2026, 1, day),
            None,
            content,
            0 if deleted else len(content),
            deleted,
            f"f{day}",
            1,
            -1,
        )
        for day, content, deleted in versions
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([(1, "v1", False), (2, "v2", False), (3, "v1", False)], "v2"),
        ([(1, "v1", False), (2, "gone", True), (3, "v1", False)], "gone"),
        ([(1, "v1", False), (2, "gone", True), (3, "v2", False)], "v2"),
        ([(1, "A", False), (2, "B", False), (3, "A", False)], "B"),
    ],
    ids=[
        "the v1 file sent again leaves v2",
        "a delete, then the old file again, stays deleted",
        "new content after a delete returns",
        "untimed A, B, A reads as a re-send",
    ],
)
def test_untimed_versions_are_as_new_as_their_first_appearance(
    connection: duckdb.DuckDBPyConnection, versions: list[tuple[int, str, bool]], expected: str
) -> None:
    fill(connection, history(*versions))
    assert sql_winners(connection)["a"][1] == expected
