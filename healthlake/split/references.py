"""References inside a Bundle. A fullUrl that doesn't end in the id of its resource leads nowhere once the
Bundle is taken apart, so each resource carries what the ones that it uses mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from healthlake.split.outcome import Outcome, Resource
from healthlake.split.scanner import read_text

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def explains_itself(full_url: bytes, resource_id: str) -> bool:
    """Whether a fullUrl (JSON as written) ends in the id of its resource."""
    return str(full_url, "utf-8", "replace").endswith((f":{resource_id}", f"/{resource_id}"), 0, -1)


class LocalReferences:
    """The fullUrls of one Bundle that need explaining. Synthea's don't: they are `urn:uuid:<id>`."""

    def __init__(self) -> None:
        self._targets: dict[str, str | None] = {}

    def add(self, full_url: bytes, resource: Resource) -> None:
        """Notes the fullUrl (JSON as written) of a resource."""
        if explains_itself(full_url, resource.resource_id) or (url := read_text(full_url)) is None:
            return
        target = f"{resource.resource_type}/{resource.resource_id}"
        # One URL for two resources says nothing about either.
        self._targets[url] = target if self._targets.get(url, target) == target else None

    def applied(self, outcomes: list[Outcome]) -> list[Outcome]:
        """`outcomes` with `local_references` filled in where a resource uses a fullUrl that was noted."""
        targets = {url: target for url, target in self._targets.items() if target is not None}
        if not targets:
            return outcomes
        return [
            msgspec.structs.replace(outcome, local_references=_used(outcome, targets))
            if isinstance(outcome, Resource)
            else outcome
            for outcome in outcomes
        ]


def _used(resource: Resource, targets: dict[str, str]) -> str | None:
    used = {url: targets[url] for url in _references(_decode(resource.resource)) if url in targets}
    return _encode(used).decode() if used else None


def _references(value: Any) -> Iterator[str]:
    """The text of every member `reference`, at any depth."""
    nodes = [value]
    while nodes:
        node = nodes.pop()
        if type(node) is dict:
            reference = node.get("reference")
            if type(reference) is str:
                yield reference
            nodes.extend(node.values())
        elif type(node) is list:
            nodes.extend(node)
