"""What the fullUrls of a Bundle mean to the resources that use them."""

from __future__ import annotations

import json
from typing import Any

from tests.split.drops import bundle, dumped, patient, resources, split


def observation(resource_id: str, *references: str) -> dict[str, Any]:
    performer = [{"reference": reference} for reference in references]
    return {"resourceType": "Observation", "id": resource_id, "performer": performer}


def local_references(*entries: tuple[Any, dict[str, Any]]) -> list[Any]:
    content = bundle([{"fullUrl": url, "resource": resource} for url, resource in entries])
    found = [row["local_references"] for row in resources(split({"a.json": dumped(content)}))]
    # The slow path says the same.
    slow = split({"a.json": dumped({**content, "unknown": 1})})
    assert [row["local_references"] for row in resources(slow)] == found
    return [json.loads(text) if text else text for text in found]


def test_a_full_url_that_ends_in_the_id_needs_no_explaining() -> None:
    entries = [
        ("urn:uuid:1", patient("1")),
        ("https://fhir.example/Patient/2", patient("2")),
        ("urn:uuid:3", observation("3", "urn:uuid:1", "https://fhir.example/Patient/2")),
    ]
    assert local_references(*entries) == [None, None, None]


def test_a_resource_carries_what_its_references_mean() -> None:
    entries = [
        ("urn:uuid:a", patient("1")),
        ("urn:uuid:b", observation("2", "urn:uuid:a", "urn:uuid:b", "urn:uuid:x", "Patient/1")),
        ("urn:uuid:c", observation("3", "Patient/1")),
        ("urn:uuid:4", observation("4", "urn:uuid:4", "urn:uuid:a")),
    ]
    both = {"urn:uuid:a": "Patient/1", "urn:uuid:b": "Observation/2"}
    assert local_references(*entries) == [None, both, None, {"urn:uuid:a": "Patient/1"}]


def test_an_id_that_is_only_part_of_the_last_segment_is_not_the_id() -> None:
    entries = [("urn:uuid:11", patient("1")), ("urn:uuid:2", observation("2", "urn:uuid:11"))]
    assert local_references(*entries)[1] == {"urn:uuid:11": "Patient/1"}


def test_a_url_of_two_resources_says_nothing() -> None:
    entries = [
        ("urn:uuid:a", patient("1")),
        ("urn:uuid:a", patient("2")),
        ("urn:uuid:3", observation("3", "urn:uuid:a")),
    ]
    assert local_references(*entries) == [None, None, None]


def test_two_versions_of_one_resource_may_share_a_url() -> None:
    entries = [
        ("urn:uuid:a", patient("1")),
        ("urn:uuid:a", patient("1", gender="male")),
        ("urn:uuid:3", observation("3", "urn:uuid:a")),
    ]
    assert local_references(*entries)[2] == {"urn:uuid:a": "Patient/1"}


def test_a_full_url_that_is_no_text_or_shorter_than_the_id_is_passed_over() -> None:
    entries = [(5, patient("5")), (None, patient("null")), ("", patient("4")), ("6", patient("6"))]
    assert local_references(*entries, ("urn:uuid:7", observation("7", "6")))[-1] == {"6": "Patient/6"}


def test_references_are_found_at_any_depth_but_only_as_such() -> None:
    deep = {**observation("2"), "extension": [{"valueReference": {"reference": "urn:uuid:a"}}]}
    text = {**observation("3"), "note": [{"text": "urn:uuid:a"}]}
    entries = [("urn:uuid:a", patient("1")), ("urn:uuid:2", deep), ("urn:uuid:3", text)]
    assert local_references(*entries) == [None, {"urn:uuid:a": "Patient/1"}, None]
