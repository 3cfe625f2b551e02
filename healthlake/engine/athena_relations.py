"""Relations of an engine that keeps none between statements: each is a SELECT's text, and a statement gets a
WITH of exactly those that it reads.

A relation reads what its names meant when it was made, as a stored table would: another relation of the same
name later changes nothing of it. Refuses to run anything.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from healthlake.engine.dialect import for_every_day, parse
from healthlake.functions.inline import inline

# A private letter: no SQL has it, so a name behind it is one that is still to be bound.
_OPEN = "\ue000"
_OPEN_NAME = re.compile(rf'"{_OPEN}([^"]+)"')


@dataclass(frozen=True, slots=True)
class Relation:
    """A SELECT under a name that no other has; `needs` are the relations that its text names."""

    name: str
    text: str
    needs: tuple[Relation, ...] = field(default=(), repr=False)


class Relations:
    """What names mean to the statements of a session."""

    def __init__(self) -> None:
        self._now: dict[str, Relation] = {}
        self._made: dict[tuple[str, str], Relation] = {}
        self._uses: dict[str, int] = {}

    def give(self, name: str, text: str, needs: tuple[Relation, ...] = ()) -> None:
        """Makes `name` a SELECT that is Athena's already and reads tables, and `needs` by their own names."""
        relation = self._made.get((name, text))
        if relation is None:
            number = self._uses[name] = self._uses.get(name, 0) + 1
            own = name if number == 1 else f"{name}__{number}"
            relation = self._made[name, text] = Relation(own, text, needs)
        self._now[name] = relation

    def define(self, name: str, sql: str, dialect: str) -> None:
        """Makes `name` what `sql` selects."""
        self.give(name, *self._bound(sql, dialect))

    def statement(self, sql: str, dialect: str) -> str:
        """`sql` in Athena's SQL with the relations that it reads, each once, after those that it needs."""
        text, needs = self._bound(sql, dialect)
        listed = ", ".join(f'"{each.name}" AS ({each.text})' for each in _in_order(needs))
        if not listed:
            return text
        for own in ("WITH RECURSIVE ", "WITH "):
            if text.startswith(own):
                return f"{own}{listed}, {text.removeprefix(own)}"
        return f"WITH {listed} {text}"

    def _bound(self, sql: str, dialect: str) -> tuple[str, tuple[Relation, ...]]:
        found: dict[str, Relation] = {}

        def bind(match: re.Match[str]) -> str:
            name = match[1]
            if name in self._now:
                found[name] = self._now[name]
                return f'"{found[name].name}"'
            return f'"{name}"'

        text = for_every_day(sql, lambda each: _translated(each, dialect))
        return _OPEN_NAME.sub(bind, text), tuple(found.values())


def _in_order(needs: Iterable[Relation]) -> list[Relation]:
    found: dict[str, Relation] = {}

    def add(relation: Relation) -> None:
        if relation.name not in found:
            for each in relation.needs:
                add(each)
            found[relation.name] = relation

    for each in needs:
        add(each)
    return list(found.values())


def selected_names(sql: str, dialect: str) -> list[str]:
    """The names of the columns that `sql` selects, in order; `*` where it spells none out."""
    tree = parse(sql, dialect)
    return list(tree.named_selects) if isinstance(tree, exp.Query) else []


@functools.lru_cache(maxsize=256)
def _translated(sql: str, dialect: str) -> str:
    """Athena's SQL without calls of named functions; what a table name means is left open."""
    tree = inline(parse(sql, dialect))
    for kind in tree.find_all(exp.DataType):
        # Athena's TIMESTAMP has milliseconds, and a cast to it rounds.
        if kind.this in exp.DataType.TEMPORAL_TYPES and not kind.is_type("date"):
            kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(6))])
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if table.name and not table.db and table.name not in own:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(f"{_OPEN}{table.name}", quoted=True))
    return tree.sql(dialect="athena")
