"""All examples in few queries, for engines that take long to plan one.

Tables `every_<table>` hold the rows of every example, told apart by a column `example`. Rules about single
rows are one query a table, grouped by it; where they look things up, the ids of each example are its own. Any
other rule reads the rows of its example. SQL is Spark's dialect in the portable subset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from healthlake.checks.fused import fused_counts
from healthlake.checks.run import QUERIES_AT_ONCE
from healthlake.contracts.registry import TABLES
from tests.checks.examples import DAY, Example, arrow, typed

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""SQL -> rows."""

_TABLE = re.compile(rf"(?<!')\b(?:{'|'.join(TABLES)})\b(?!')")

_ID = re.compile(r"(?<!\bfile)_id$|^mrn$|^ssn$")


def tables(examples: Sequence[Example]) -> Iterator[tuple[str, pa.Table]]:
    """Each table's name and the rows of all examples in it; `example` is the place in `examples`."""
    for name in TABLES:
        placed = [(n, row) for n, each in enumerate(examples) for row in each.rows.get(name, ())]
        rows = arrow(name, [_apart(n, examples[n], typed(name, row)) for n, row in placed])
        yield f"every_{name}", rows.append_column("example", pa.array([n for n, _ in placed], pa.int32()))


def answers(ask: Ask, examples: Sequence[Example]) -> dict[int, tuple[int, int]]:
    """Place of an example -> what its rule applies to and what violates it."""
    numbered = list(enumerate(examples))
    found: dict[int, tuple[int, int]] = {}
    for looks_up in (False, True):
        of_rows = [x for x in numbered if x[1].check.is_of_rows and bool(x[1].check.looks_up) is looks_up]
        found |= dict(_grouped(ask, of_rows))
    others = [(n, each) for n, each in numbered if n not in found]
    for start in range(0, len(others), QUERIES_AT_ONCE):
        some = others[start : start + QUERIES_AT_ONCE]
        union = " UNION ALL ".join(
            f"SELECT {n} AS n, c.applicable, c.violated FROM ({_own(n, each)}) AS c(applicable, violated)"
            for n, each in some
        )
        found |= {n: (int(applicable), int(violated)) for n, applicable, violated in ask(union)}
    return found


def _grouped(ask: Ask, examples: Sequence[tuple[int, Example]]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Rules about single rows: one query a table."""
    for table, group in groupby(examples, key=lambda each: each[1].check.table):
        asked = list(group)
        checks = list(dict.fromkeys(each.check.id for _, each in asked))
        of_id = {each.check.id: each.check for _, each in asked}
        counts = fused_counts([of_id[id_] for id_ in checks], table, DAY)
        counts = _TABLE.sub(lambda found: f"every_{found[0]}", counts)
        rows = ask(f"SELECT example, {counts.removeprefix('SELECT ')} GROUP BY example")
        by_example = {row[0]: [int(number) for number in row[1:]] for row in rows}
        for n, each in asked:
            at = 2 * checks.index(each.check.id)
            applicable, violated = by_example[n][at : at + 2]
            yield n, (applicable, violated)


def _own(n: int, example: Example) -> str:
    sql = example.check.render(example.check.table, DAY)
    return _TABLE.sub(lambda found: f"(SELECT * FROM every_{found[0]} WHERE example = {n})", sql)


def _apart(n: int, example: Example, row: dict[str, object]) -> dict[str, object]:
    """The row with ids that no other example has, where its rule looks up by them."""
    if not example.check.looks_up:
        return row
    return {
        name: f"{value}.{n}" if value is not None and _ID.search(name) else value
        for name, value in row.items()
    }
