"""Every construct of the portable subset has on Trino the answer that DuckDB and Spark give."""

from __future__ import annotations

from healthlake.engine.athena_relations import Relations
from healthlake.errors import EngineError
from tests.sql.test_portable_sql import VECTORS, shown
from tests.trino.conftest import Lane


def test_trino_answers_every_construct_of_the_subset(lane: Lane) -> None:
    session = lane.session()
    wrong = []
    for sql, expected in VECTORS:
        try:
            ((answer,),) = session.rows(Relations().statement(f"SELECT {sql} AS x", "spark"), what="asking")
        except EngineError as error:
            answer = str(error)
        if repr(shown(answer)) != repr(expected):
            wrong.append((sql, shown(answer), expected))
    assert not wrong, "\n".join(map(str, wrong))
