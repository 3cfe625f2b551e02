"""Which rules of the view a resource violates: derived from the guards in a tree, as plain nodes.

A value that violates a rule is NULL. Whoever wants to know asks for a violations column; then the conditions
of all guards are collected here, each carried out of the lambdas and branches that it stands in. Emitters
know nothing of it, and a view without guards has an empty list for free.

A text names a column or clause of the view and the rule, never a value of the resource.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.types import ListType, Scalar

TYPE = ListType(Scalar.TEXT)
NONE = tree.OrEmpty(tree.Null(TYPE))

# Text of a violation -> whether it happens when the node is evaluated.
Found = Mapping[str, tree.Node]


def found_in(node: tree.Node, place: str) -> Found:
    """What of a place can be violated while a node is evaluated. Guards of other places are passed over: a
    column's value may hold its iteration's path again."""
    if not any(isinstance(below, tree.Guard) for below in tree.walk(node)):
        return {}
    match node:
        case tree.Guard(value=value, violated=violated, place=at, rule=rule):
            its_own = {f"{place}: {rule}": violated} if at == place else {}
            return _either(its_own, found_in(violated, place), found_in(value, place))
        case (
            tree.Map(items=items, variable=variable, body=inside)
            | tree.Filter(items=items, variable=variable, condition=inside)
        ):
            of_any = {
                text: tree.Compare(">", tree.Size(tree.Filter(items, variable, condition)), tree.number(0))
                for text, condition in found_in(inside, place).items()
            }
            return _either(found_in(items, place), of_any)
        case tree.Case(branches=branches, otherwise=otherwise):
            return _in_case(branches, otherwise, place)
        case _:
            return _either(*(found_in(below, place) for below in _children(node)))


def listed(found: Found) -> tree.Node:
    """The texts of the violations that happen, as a list that is never NULL."""
    if not found:
        return NONE
    texts = (tree.Case(((condition, tree.Literal(text, Scalar.TEXT)),)) for text, condition in found.items())
    return tree.Compact(tree.Items(tuple(texts), TYPE))


def joined(lists: Sequence[tree.Node]) -> tree.Node:
    """Several such lists as one."""
    some = tuple(part for part in lists if part is not NONE)
    return tree.Concat(some) if len(some) > 1 else some[0] if some else NONE


def happens(found: Found) -> tree.Node:
    """Whether there is any violation."""
    return _any(tuple(found.values()))


def _in_case(
    branches: Sequence[tuple[tree.Node, tree.Node]], otherwise: tree.Node | None, place: str
) -> Found:
    """A branch is evaluated only where its condition is the first that is met."""
    if not branches:
        return found_in(otherwise, place) if otherwise is not None else {}
    condition, value = branches[0]
    then, other = found_in(value, place), _in_case(branches[1:], otherwise, place)
    chosen = {
        text: tree.Case(((condition, then.get(text, tree.FALSE)),), other.get(text, tree.FALSE))
        for text in {**then, **other}
    }
    return _either(found_in(condition, place), chosen)


def _either(*several: Found) -> Found:
    conditions: dict[str, list[tree.Node]] = {}
    for found in several:
        for text, condition in found.items():
            alike = conditions.setdefault(text, [])
            if condition not in alike:
                alike.append(condition)
    return {text: _any(tuple(some)) for text, some in conditions.items()}


def _any(conditions: tuple[tree.Node, ...]) -> tree.Node:
    return tree.Logic("or", conditions) if len(conditions) > 1 else conditions[0]


def _children(node: tree.Node) -> list[tree.Node]:
    values = [getattr(node, field.name) for field in dataclasses.fields(node)]
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    # The fields of a Row are pairs of a name and a node.
    parts = [part[1] if isinstance(part, tuple) else part for part in parts]
    return [part for part in parts if isinstance(part, tree.Node)]
