"""The named functions, inlined as the engine inlines them, answer the shared vectors on Trino."""

from __future__ import annotations

import pytest

from healthlake.engine.athena_relations import Relations
from tests.functions.engines import Arguments, call
from tests.functions.test_functions import LONG, VECTORS
from tests.trino.conftest import Lane


@pytest.mark.parametrize("function", sorted(VECTORS))
def test_a_function_answers_its_vectors(function: str, lane: Lane) -> None:
    vectors = [*VECTORS[function], *LONG.get(function, [])]
    asked = [given for given, _ in vectors]
    found = dict(lane.session().rows(_query(function, asked), what=f"asking {function}"))
    answers = [None if found[n] is None else str(found[n]) for n in range(len(asked))]
    wrong = [(v[0], answer) for v, answer in zip(vectors, answers, strict=True) if answer != v[1]]
    assert [(str(given)[:80], str(answer)[:80]) for given, answer in wrong] == []


def _query(function: str, asked: list[Arguments]) -> str:
    width = len(asked[0])
    rows = ", ".join(f"({n}, {', '.join(map(_literal, row))})" for n, row in enumerate(asked))
    names = ", ".join(f"a{n}" for n in range(width))
    given = ", ".join(f"CAST(a{n} AS VARCHAR) AS a{n}" for n in range(width))
    table = f"SELECT i, {given} FROM (VALUES {rows}) AS v (i, {names})"
    return Relations().statement(f"SELECT i, {call(function, width)} FROM ({table}) AS g", "athena")


def _literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"
