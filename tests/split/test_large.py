"""What is large: read a bit at a time, or set aside unread."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.split import Batches, Layout, RecordReader, look, plan, split_piece
from healthlake.split import ahead as ahead_module
from healthlake.split import document as document_module
from healthlake.split import piece as piece_module
from healthlake.split import salvage as salvage_module
from healthlake.split.ahead import Ahead
from healthlake.split.document import Document, take_apart
from healthlake.split.lines import BOM, Line, read_lines
from tests.split.drops import (
    DAY,
    FILE,
    QUARANTINE,
    Rows,
    bundle,
    deleted,
    dumped,
    file,
    outcomes,
    patient,
    posted,
    resources,
    split,
)
from tests.split.test_properties import bundles, fragments, near_json

P1, P2 = dumped(patient("1")), dumped(patient("2"))
LONG = dumped(patient("3", name=[{"text": "x" * 200}]))


def set_aside(path: str, content: bytes, limit: int) -> list[tuple[Any, ...]]:
    """What becomes of a file where documents may take `limit` bytes."""
    source = file(path, content)
    rows: Rows = split({})
    batches = Batches(DAY, BRONZE_TYPES)
    (piece,) = plan([look(source, 10**9, document_bytes=limit)])
    list(split_piece(source, piece, RecordReader(BRONZE_TYPES), batches, document_bytes=limit))
    for table, batch in batches.rest():
        rows[table].extend(batch.to_pylist())
    return outcomes(rows, gzip.decompress(content) if path.endswith(".gz") else content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_that_is_too_large_is_one_row(packed: bool, indent: int | None) -> None:
    content = dumped(bundle([posted(patient(str(number))) for number in range(9)]), indent=indent)
    path = "a.json.gz" if packed else "a.json"
    raw = gzip.compress(content) if packed else content
    found = set_aside(path, raw, len(content) - 1)
    assert found == [("fault", 1, -1, "document_too_large", content)]
    assert len(set_aside(path, raw, len(content))) == 9


def test_a_line_that_is_too_long_costs_itself_alone() -> None:
    content = b"\n".join([P1, LONG, b"", P2 + b"\r", LONG])
    for limit in (len(P2) + 1, len(LONG) - 1):
        assert set_aside("a.ndjson", content, limit) == [
            ("resource", 1, -1, "Patient/1"),
            ("fault", 2, -1, "document_too_large", LONG),
            ("resource", 4, -1, "Patient/2"),
            ("fault", 5, -1, "document_too_large", LONG),
        ]
    assert [found[0] for found in set_aside("a.ndjson", content, len(LONG))] == ["resource"] * 4


def test_a_first_line_that_is_too_long_says_nothing_of_the_file() -> None:
    cases = [
        ("a.ndjson", b"\n".join([LONG, P1]), Layout.LINES),
        ("a.ndjson", LONG, Layout.LINES),
        ("a.json", b"\n".join([LONG, P1]), Layout.LINES),
        ("a.json", b"\n".join([LONG, LONG]), Layout.DOCUMENT),
        ("a.json", LONG, Layout.DOCUMENT),
        ("a.json", b" " * 200, Layout.EMPTY),
    ]
    for path, content, layout in cases:
        assert look(file(path, content), 10, document_bytes=100).layout is layout


def test_lines_that_are_too_long_are_the_same_in_blocks_of_any_size() -> None:
    content = BOM + b'{"a":1}\r\n\n' + b" " * 30 + b"\n" + b"x" * 12 + b"\n12345\n" + b"y" * 11
    whole = list(read_lines([content], 10))
    assert whole == [
        Line(1, 0, b"", True, 11),
        Line(4, 44, b"", True, 12),
        Line(5, 57, b"12345", True, 5),
        Line(6, 63, b"", False, 11),
    ]
    for size in range(1, len(content)):
        blocks = [content[start : start + size] for start in range(0, len(content), size)]
        assert list(read_lines(blocks, 10)) == whole


def _small_steps(patch: pytest.MonkeyPatch, ahead_bytes: int) -> None:
    """Has everything read as if it were large."""
    patch.setattr(piece_module, "_QUICK_BYTES", 0)
    patch.setattr(piece_module, "_QUICK_LINE_BYTES", 0)
    patch.setattr(salvage_module, "_RUN_ENTRIES", 2)
    patch.setattr(ahead_module, "AHEAD_BYTES", ahead_bytes)


local_references = st.builds(
    lambda urls: bundle(
        [
            {"fullUrl": url, "resource": patient(str(number), link=[{"other": {"reference": used}}])}
            for number, (url, used) in enumerate(urls)
        ]
    ),
    st.lists(
        st.tuples(st.sampled_from(["urn:a", "urn:b", "x/1"]), st.sampled_from(["urn:a", "urn:b"])), max_size=6
    ),
)
damages = st.lists(st.tuples(st.floats(0, 1), fragments, st.integers(0, 3)), max_size=2)


@given(bundles | local_references, st.sampled_from([None, 1]), damages, st.integers(1, 200))
@settings(max_examples=400, deadline=None)
def test_a_large_bundle_gives_the_rows_of_a_small_one(
    value: dict[str, Any], indent: int | None, damage: list[tuple[float, bytes, int]], ahead_bytes: int
) -> None:
    content = dumped(value, indent=indent)
    for place, text, lost in damage:
        position = int(place * len(content))
        content = content[:position] + text + content[position + lost :]
    drop = {"a.json": content, "b.ndjson": P1 + b"\n" + content}
    small = split(drop)
    with pytest.MonkeyPatch.context() as patch:
        _small_steps(patch, ahead_bytes)
        assert split(drop) == small


class _Never(Ahead):
    def end_of(self, start: int) -> int | None:
        return None


def _taken_apart(text: bytes) -> tuple[Any, ...]:
    found: Document = take_apart(text, 0)
    entries = found.entries
    return (
        (found.end, found.entry, found.members, found.has_resources, found.aside, found.torn),
        (list(entries.starts), list(entries.ends), entries.broken),
    )


@given(near_json, st.lists(near_json | st.just(dumped(posted(patient("1")))), max_size=6), st.integers(1, 60))
@settings(max_examples=500)
def test_running_ahead_finds_what_the_scanner_finds(
    after: bytes, entries: list[bytes], ahead_bytes: int
) -> None:
    text = b'{"entry":[' + b" , ".join(entries) + b"]," + after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead_module, "AHEAD_BYTES", ahead_bytes)
        quick = _taken_apart(text)
        patch.setattr(document_module, "Ahead", _Never)
        assert _taken_apart(text) == quick


def test_deletions_of_a_large_bundle_have_its_timestamp(monkeypatch: pytest.MonkeyPatch) -> None:
    content = dumped(
        {**bundle([deleted(f"Patient/{number}") for number in range(9)]), "timestamp": "2026-01-03T00:00:00Z"}
    )
    small = split({"a.json": content})
    _small_steps(monkeypatch, 100)
    assert split({"a.json": content}) == small
    assert small[FILE][0]["deletions"] == 9
    assert not small[QUARANTINE]
    assert not resources(small)


_PEAK = """
import datetime, json, resource, sys
from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.split import SourceFile, split_day

def peak(path, size):
    files = [SourceFile(path, size, lambda: open(path, "rb"))]
    day = datetime.date(2026, 1, 1)
    rows = sum(batch.num_rows for _, batch in split_day(files, day, BRONZE_TYPES, batch_bytes=1_000_000))
    return rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

small, before = peak(sys.argv[1], 1)
large, after = peak(sys.argv[2], 1)
print(json.dumps([small, large, after - before]))
"""


@pytest.mark.parametrize(
    ("name", "indent", "broken"), [("a.json", 2, b""), ("a.json", None, b"{x,"), ("a.ndjson", None, b"{x,")]
)
def test_a_large_bundle_takes_little_more_memory_than_its_text(
    tmp_path: Path, name: str, indent: int | None, broken: bytes
) -> None:
    entry = posted(patient("1", text={"status": "empty", "div": "<div>" + "x" * 2000 + "</div>"}))
    text = json.dumps(entry, indent=indent).encode()
    number = 80_000_000 // len(text)
    (tmp_path / "small.json").write_bytes(dumped(bundle([entry])))
    with (tmp_path / name).open("wb") as stream:
        stream.write(b'{"resourceType":"Bundle","entry":[')
        for _ in range(number):
            stream.write(text + b",")
        stream.write(broken + text + b"]}")
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", _PEAK, str(tmp_path / "small.json"), str(tmp_path / name)],
        capture_output=True,
        check=True,
        text=True,
    )
    small, large, taken = json.loads(done.stdout)
    assert small == 2
    assert large == number + 2 + bool(broken)
    assert taken < 1.5 * (tmp_path / name).stat().st_size
