"""What a file is told to be: Bundle, NDJSON or one resource, packed or not, whatever its name is."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest

from healthlake.split import Batches, RecordReader, SourceFile, look, plan, split_piece
from healthlake.split.lines import read_lines
from healthlake.split.look import look_and_keep
from healthlake.split.plan import pieces_of
from tests.split.drops import DAY, FILE, bundle, dumped, file, outcomes, patient, posted, resources, split

P1, P2 = patient("1"), patient("2")
BUNDLE = bundle([posted(P1), posted(P2)])
LINES = dumped(P1) + b"\n" + dumped(P2) + b"\n"
IN_BUNDLE = [("resource", 1, 0, "Patient/1"), ("resource", 1, 1, "Patient/2")]
ON_LINES = [("resource", 1, -1, "Patient/1"), ("resource", 2, -1, "Patient/2")]
BOM = b"\xef\xbb\xbf"

FORMS: list[tuple[str, str, bytes, str, list[Any]]] = [
    ("a Bundle on one line", "a.json", dumped(BUNDLE), "bundle", IN_BUNDLE),
    ("a pretty-printed Bundle", "a.json", dumped(BUNDLE, indent=2), "bundle", IN_BUNDLE),
    ("a Bundle with CRLF", "a.json", dumped(BUNDLE, indent=2).replace(b"\n", b"\r\n"), "bundle", IN_BUNDLE),
    ("a Bundle with CR alone", "a.json", dumped(BUNDLE, indent=2).replace(b"\n", b"\r"), "bundle", IN_BUNDLE),
    ("a Bundle without indent", "a.json", dumped(BUNDLE, indent=0), "bundle", IN_BUNDLE),
    ("a Bundle after a byte order mark", "a.json", BOM + dumped(BUNDLE), "bundle", IN_BUNDLE),
    ("a Bundle called .ndjson", "a.ndjson", dumped(BUNDLE, indent=2), "bundle", IN_BUNDLE),
    ("a Bundle without indent called .ndjson", "a.ndjson", dumped(BUNDLE, indent=0), "bundle", IN_BUNDLE),
    ("a Bundle with odd line breaks", "a.json", dumped(BUNDLE).replace(b"{", b"\n{"), "bundle", None),
    ("a Bundle of another type", "a.json", dumped({**BUNDLE, "type": "collection"}), "bundle", IN_BUNDLE),
    ("a Bundle as a line", "a.ndjson", dumped(BUNDLE) + b"\n", "ndjson", IN_BUNDLE),
    ("a Bundle that has an id, as a line", "a.ndjson", dumped({"id": "b", **BUNDLE}), "ndjson", IN_BUNDLE),
    ("a resource", "a.json", dumped(P1), "resource", ON_LINES[:1]),
    ("a pretty-printed resource", "a.json", dumped(P1, indent=2), "resource", ON_LINES[:1]),
    ("a blank line first", "a.json", b"\n" + dumped(P1), "resource", [("resource", 2, -1, "Patient/1")]),
    ("NDJSON", "a.ndjson", LINES, "ndjson", ON_LINES),
    ("NDJSON called .jsonl", "a.jsonl", LINES, "ndjson", ON_LINES),
    ("NDJSON called .json", "a.json", LINES, "ndjson", ON_LINES),
    ("NDJSON without last line feed", "a.ndjson", LINES[:-1], "ndjson", ON_LINES),
    ("NDJSON with CRLF", "a.ndjson", LINES.replace(b"\n", b"\r\n"), "ndjson", ON_LINES),
    ("NDJSON after a byte order mark", "a.ndjson", BOM + LINES, "ndjson", ON_LINES),
    ("one line of NDJSON", "a.ndjson", dumped(P1), "ndjson", ON_LINES[:1]),
    ("an ending in upper case", "A.NDJSON", LINES, "ndjson", ON_LINES),
    ("a path with folders", "b/a.b/c.json", dumped(P1), "resource", ON_LINES[:1]),
]  # fmt: skip

of_each_form = pytest.mark.parametrize(
    ("name", "path", "content", "kind", "expected"), FORMS, ids=[form[0] for form in FORMS]
)


@of_each_form
def test_content_decides_and_the_name_is_a_hint(
    name: str, path: str, content: bytes, kind: str, expected: list[Any] | None
) -> None:
    rows = split({path: content})
    assert rows[FILE][0]["kind"] == kind
    found = outcomes(rows, content)
    if expected is None:
        assert [outcome[2:] for outcome in found] == [outcome[2:] for outcome in IN_BUNDLE]
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("name", "path", "content", "kind", "expected"), FORMS, ids=[form[0] for form in FORMS]
)
@pytest.mark.parametrize("ending", [".gz", ".GZ", ""])
def test_a_packed_file_gives_the_rows_of_the_unpacked(
    name: str, path: str, content: bytes, kind: str, expected: list[Any] | None, ending: str
) -> None:
    packed, plain = split({path + ending: gzip.compress(content)}), split({path: content})
    assert resources(packed) == resources(plain)
    assert packed[FILE][0]["file_id"] == plain[FILE][0]["file_id"]
    assert packed[FILE][0]["content_bytes"] == plain[FILE][0]["size_bytes"]


def test_an_unpacked_file_may_be_called_gz() -> None:
    assert outcomes(split({"a.ndjson.gz": LINES}), LINES) == ON_LINES


def test_members_and_padding_of_gzip_are_one_content() -> None:
    packed = gzip.compress(LINES[:30]) + gzip.compress(LINES[30:]) + b"\0" * 512
    assert outcomes(split({"a.ndjson.gz": packed}), LINES) == ON_LINES


def test_gzip_of_any_size_is_read_to_its_end() -> None:
    for size in (4 * 1024 * 1024 - 1, 4 * 1024 * 1024, 4 * 1024 * 1024 + 1):
        found = look(file("a.json.gz", gzip.compress(b" " * size, compresslevel=1)), 1)
        assert (found.content_bytes, found.fault) == (size, None)


class _Drip(io.BytesIO):
    """A stream that gives less than it is asked for, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 1))


def test_a_stream_that_drips_is_the_same_file() -> None:
    for content in (LINES, gzip.compress(LINES), gzip.compress(LINES)[:-9], b"x", b""):
        dripping = SourceFile("a.ndjson", len(content), lambda content=content: _Drip(content))
        assert look_and_keep(dripping, 5) == look_and_keep(file("a.ndjson", content), 5)


def test_lines_are_the_same_in_blocks_of_any_size() -> None:
    content = BOM + b'{"a":1}\r\n\n  \n{"b":2}\n\n{"c":3}'
    whole = list(read_lines([content]))
    assert [(line.number, line.text) for line in whole] == [
        (1, b'{"a":1}\r'),
        (4, b'{"b":2}'),
        (6, b'{"c":3}'),
    ]
    assert all(content[line.offset :].startswith(line.text) for line in whole)
    for size in range(1, len(content)):
        blocks = [content[start : start + size] for start in range(0, len(content), size)]
        assert list(read_lines(blocks)) == whole


@pytest.mark.parametrize("content", [LINES, dumped(BUNDLE, indent=2), LINES + b"x", b""])
@pytest.mark.parametrize("ending", [".ndjson", ".json", ".ndjson.gz"])
def test_a_large_file_is_read_twice_and_gives_the_same_rows(content: bytes, ending: str) -> None:
    source = file(f"a{ending}", gzip.compress(content) if ending.endswith("gz") else content)
    rows = []
    for keep_bytes in (0, 1_000_000):
        found, kept = look_and_keep(source, keep_bytes=keep_bytes)
        assert (kept is None) == (keep_bytes == 0 and content != b"")
        batches = Batches(DAY, {})
        (piece,) = pieces_of(found)
        assert list(split_piece(source, piece, RecordReader(()), batches, content=kept)) == []
        rows.append([(table, batch.to_pylist()) for table, batch in batches.rest()])
    assert rows[0] == rows[1]


def test_a_torn_large_file_is_read_as_far_as_it_goes() -> None:
    source = file("a.ndjson.gz", gzip.compress(LINES, compresslevel=0)[:-9])
    batches = Batches(DAY, {})
    (piece,) = plan([look(source, 1)])
    list(split_piece(source, piece, RecordReader(()), batches))
    rows = dict(batches.rest())
    assert rows["bronze_other"].num_rows == 2
    assert rows["bronze_quarantine"].column("reason").to_pylist() == ["truncated_gzip"]


def test_nothing_that_stands_for_a_file_shows_its_path() -> None:
    source = file("Carroll471.json", b"")
    found = look(source, 1)
    for each in (source, found, *plan([found])):
        assert "Carroll" not in repr(each)
