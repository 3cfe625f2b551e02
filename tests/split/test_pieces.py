"""A drop that is split in pieces: the rows are those of `split_day`."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.split import (
    Batches,
    FileCounts,
    FileNotReadable,
    LineRange,
    Look,
    Piece,
    RecordReader,
    SourceFile,
    SplitFailed,
    file_rows,
    look,
    plan,
    split_piece,
)
from healthlake.split.lines import BOM
from tests.split.drops import (
    DAY,
    FILE,
    Rows,
    bundle,
    deleted,
    dumped,
    file,
    patient,
    posted,
    resources,
    split,
)

READER = RecordReader(BRONZE_TYPES)
P1, P2 = dumped(patient("1")), dumped(patient("2", gender="ü"))
GOOD = [P1, P2, dumped({"resourceType": "Claim", "id": "3"})]
BUNDLES = [
    dumped(bundle([posted(patient("4")), deleted("Patient/5"), {}])),
    dumped(
        bundle([{"fullUrl": "urn:x", "resource": patient("6", link=[{"other": {"reference": "urn:x"}}])}])
    ),
    dumped(bundle([posted(patient("7"))]), indent=1),
]
BROKEN = [P1[:-2], b"hello", b"{", b'{"a":', b"5", b"\xff", P1 + P2, b'"', P1[:20] + b"\r"]


class _Plain(msgspec.Struct):
    """What a worker and the driver send each other."""

    looks: list[Look]
    pieces: list[Piece]
    counts: list[tuple[str, FileCounts]]


def split_in_pieces(
    files: Sequence[SourceFile], piece_bytes: int, chance: random.Random, **options: Any
) -> tuple[Rows, list[Piece]]:
    """As `split`, in pieces that are taken in any order, with all that passes between processes as JSON; and
    the pieces."""
    rows: Rows = {table: [] for table in split({})}
    of_path = {source.column_path: source for source in files}
    looks = _sent(looks=[look(source, piece_bytes, **options) for source in files]).looks
    chance.shuffle(looks)
    pieces = _sent(pieces=plan(looks)).pieces
    counts = []
    for piece in chance.sample(pieces, len(pieces)):
        batches = Batches(DAY, BRONZE_TYPES)
        made = yield_from(split_piece(of_path[piece.path], piece, READER, batches, **options), rows)
        counts.append((piece.file_id, made))
        for table, batch in batches.rest():
            rows[table].extend(batch.to_pylist())
    rows[FILE] = file_rows(looks, _sent(counts=counts).counts, DAY).to_pylist()
    return rows, pieces


def yield_from(splitting: Any, rows: Rows) -> FileCounts:
    """What a generator returns; what it yields goes to `rows`."""
    while True:
        try:
            table, batch = next(splitting)
        except StopIteration as end:
            assert isinstance(end.value, FileCounts)
            return end.value
        rows[table].extend(batch.to_pylist())


def _sent(
    looks: Sequence[Look] = (), pieces: Sequence[Piece] = (), counts: Sequence[tuple[str, FileCounts]] = ()
) -> _Plain:
    message = msgspec.json.encode(_Plain(list(looks), list(pieces), list(counts)))
    return msgspec.json.decode(message, type=_Plain)


def ordered(rows: Rows) -> Rows:
    """`rows` with those of a table in an order that follows from them. `bronze_file` is in order as it is."""
    return {table: found if table == FILE else sorted(found, key=repr) for table, found in rows.items()}


lines = st.sampled_from([*GOOD, *GOOD, *BUNDLES, *BROKEN, b"", b" \t", b"\r"])
line_ends = st.sampled_from([b"\n", b"\n", b"\r\n", b"\n\n"])
texts = st.builds(
    lambda mark, parts, last: mark + b"".join(line + end for line, end in parts) + last,
    st.sampled_from([b"", b"", BOM]),
    st.lists(st.tuples(lines, line_ends), max_size=8),
    lines,
)
names = st.sampled_from(["a", "b", "c/d", "e"])
endings = st.sampled_from([".ndjson", ".ndjson", ".jsonl", ".json", ".xml"])
contents = st.one_of(texts, texts.map(gzip.compress), texts.map(lambda text: gzip.compress(text)[:-9]))


@given(
    st.dictionaries(st.builds(str.__add__, names, endings), contents, max_size=4),
    st.dictionaries(st.builds("z{}{}".format, names, endings), st.integers(0, 3), max_size=2),
    st.one_of(st.integers(1, 500), st.just(10_000)),
    st.randoms(use_true_random=False),
)
@settings(max_examples=400, deadline=None)
def test_pieces_in_any_order_give_the_rows_of_the_day(
    drop: dict[str, bytes], repeats: dict[str, int], piece_bytes: int, chance: random.Random
) -> None:
    originals = list(drop.values())
    drop |= {path: originals[which] for path, which in repeats.items() if which < len(originals)}
    rows, _ = split_in_pieces([file(*item) for item in drop.items()], piece_bytes, chance)
    assert ordered(rows) == ordered(split(drop))


@given(st.lists(lines, min_size=2, max_size=9), st.integers(1, 500), st.integers(2, 300))
def test_pieces_give_the_rows_of_the_day_also_where_documents_are_too_large(
    found: list[bytes], piece_bytes: int, document_bytes: int
) -> None:
    source = file("a.ndjson", b"\n".join([P1, *found]))
    chance, limit = random.Random(1), document_bytes  # noqa: S311 - an order of pieces
    whole, _ = split_in_pieces([source], 10**9, chance, document_bytes=limit)
    parts, _ = split_in_pieces([source], piece_bytes, chance, document_bytes=limit)
    assert ordered(parts) == ordered(whole)


def test_ranges_cover_a_file_once_and_begin_with_lines() -> None:
    content = BOM + b"\n".join([P1, P2, b"", b"5", P1 * 9, P2])
    for piece_bytes in range(1, len(content) + 2):
        ranges = [piece.lines for piece in plan([look(file("a.ndjson", content), piece_bytes)])]
        assert b"".join(content[each.start : each.end] for each in ranges) == content
        for each in ranges:
            assert each.start == 0 or content[each.start - 1 : each.start] == b"\n"
            assert each.line == 1 + content.count(b"\n", 0, each.start)
            assert each.end == len(content) or each.end - each.start >= piece_bytes
            assert b"\n" not in content[each.start + piece_bytes - 1 : each.end - 1]


class _Drip(io.BytesIO):
    """A stream that gives less than it is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 7))


def test_ranges_are_the_same_in_blocks_of_any_size() -> None:
    content = b"\n".join([P1, P2, b"", b"5", P1 * 9, P2])
    dripping = SourceFile("a.ndjson", len(content), lambda: _Drip(content))
    for piece_bytes in (1, 5, 30, 100):
        assert look(dripping, piece_bytes) == look(file("a.ndjson", content), piece_bytes)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.ndjson.gz", gzip.compress(P1 + b"\n" + P2)),
        ("a.json", dumped(bundle([posted(patient("1"))]), indent=2)),
        ("a.xml", P1 + b"\n" + P2),
        ("a.ndjson", P1),
    ],
    ids=["gzip", "Bundle", "not NDJSON by name", "one line"],
)
def test_what_is_not_plain_ndjson_is_one_piece(path: str, content: bytes) -> None:
    found = look(file(path, content), 1)
    assert plan([found]) == [
        Piece(
            path, found.file_id, found.content_bytes, found.layout, None, LineRange(0, found.content_bytes, 1)
        )
    ]


class _Counted(io.BytesIO):
    """A stream that knows how much of it was read."""

    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        _Counted.total += len(found)
        return found


def test_of_a_range_only_its_bytes_are_read() -> None:
    content = b"\n".join([P1] * 100)
    source = SourceFile("a.ndjson", len(content), lambda: _Counted(content))
    (_, second, *_) = plan([look(source, len(P1) * 10)])
    _Counted.total = 0
    batches = Batches(DAY, BRONZE_TYPES)
    heard: list[tuple[int, int]] = []
    made = yield_from(split_piece(source, second, READER, batches, lambda *step: heard.append(step)), {})
    assert _Counted.total == second.lines.end - second.lines.start
    assert made == FileCounts("ndjson", resources=10, content_bytes=_Counted.total)
    assert heard == [(0, 1)]


def test_of_files_with_one_content_the_first_is_planned() -> None:
    drop = {"b.json": P1, "a.json": P1, "c.ndjson": P1, "0.xml": P1}
    pieces = plan([look(file(*item), 1) for item in drop.items()])
    assert [piece.path for piece in pieces] == ["a.json"]


def _missing() -> BinaryIO:
    raise FileNotFoundError(2, "No such file", "/raw/Carroll471.json")


def test_a_file_that_cannot_be_read_is_not_named() -> None:
    found = look(file("Carroll471.ndjson", b"\n".join([P1, P2])), 1)
    gone = SourceFile("Carroll471.ndjson", 5, _missing)
    shorter = file("Carroll471.ndjson", P1)
    with pytest.raises(FileNotReadable) as of_look:
        look(gone, 1)
    with pytest.raises(FileNotReadable) as of_gone:
        yield_from(split_piece(gone, plan([found])[1], READER, Batches(DAY, {})), {})
    with pytest.raises(FileNotReadable) as of_shorter:
        yield_from(split_piece(shorter, plan([found])[1], READER, Batches(DAY, {})), {})
    document = look(file("Carroll471.json", P1), 1)
    with pytest.raises(FileNotReadable) as of_changed:
        yield_from(
            split_piece(file("Carroll471.json", P2), plan([document])[0], READER, Batches(DAY, {})), {}
        )
    for caught in (of_look, of_gone, of_shorter, of_changed):
        assert "Carroll" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_an_error_of_the_splitter_quotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: RecordReader, raw: bytes) -> None:
        raise TypeError(f"can't read {raw!r}")

    monkeypatch.setattr(RecordReader, "read", fail)
    source = file("Carroll471.ndjson", P1)
    (piece,) = plan([look(source, 1)])
    with pytest.raises(SplitFailed) as caught:
        yield_from(split_piece(source, piece, READER, Batches(DAY, {})), {})
    assert piece.file_id in str(caught.value)
    assert "Patient" not in str(caught.value)
    assert "Carroll" not in str(caught.value)


def test_pieces_that_are_missing_or_counted_twice_are_noticed() -> None:
    source = file("a.ndjson", b"\n".join([P1, P2, P1]))
    found = look(source, 1)
    counts = [
        (piece.file_id, yield_from(split_piece(source, piece, READER, Batches(DAY, {})), {}))
        for piece in plan([found])
    ]
    assert file_rows([found], counts, DAY).num_rows == 1
    for wrong in ([], counts[:-1], [*counts, counts[0]]):
        with pytest.raises(SplitFailed):
            file_rows([found], wrong, DAY)


def test_a_name_that_is_no_utf8_is_looked_at_as_its_column_has_it() -> None:
    path = b"J\xe9r\xf4me.ndjson".decode("utf-8", "surrogateescape")
    source = file(path, b"\n".join([P1, P2]))
    rows, pieces = split_in_pieces([source], 1, random.Random(1))  # noqa: S311 - an order of pieces
    assert [piece.path for piece in pieces] == [r"J\xe9r\xf4me.ndjson"] * 2
    assert len(resources(rows)) == 2
