"""What is left on disk, decoded as far as it can be: whoever copies a folder can read all of this."""

from __future__ import annotations

import base64
import gzip
import io
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import fastavro
import pyarrow.parquet as pq

from healthlake.contracts.model import Layer
from tests.laws.marks import MARK

_PLAIN = {
    "",
    ".complete",
    ".db-shm",
    ".db-wal",
    ".db-journal",
    ".err",
    ".json",
    ".lock",
    ".out",
    ".yaml",
    ".html",
}
"""Kinds of files of which nothing has to be decoded."""


def files(folder: Path) -> Iterator[Path]:
    """Everything below a folder that isn't a folder."""
    return (path for path in sorted(folder.rglob("*")) if not path.is_dir())


def hits(content: bytes, word: str) -> list[str]:
    """Where a word is in bytes, in whatever case and in the usual disguises, with what is around it."""
    lower, found = content.lower(), []
    for form in _forms(word):
        at = lower.find(form.lower())
        if at >= 0:
            found.append(repr(content[max(at - 60, 0) : at + 60]))
    return found


def _forms(word: str) -> Iterator[bytes]:
    plain = word.encode()
    yield from (plain, word.encode("utf-16-le"), plain.hex().encode())
    yield "".join(f"\\x{byte:02x}" for byte in plain).encode()
    for shift in range(3):
        # The characters of Base64 that depend on the word alone, wherever it starts.
        coded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        yield coded[-(-shift * 8 // 6) : len(coded) - (1 if (shift + len(plain)) % 3 else 0)]


def leaks(lake: Path) -> list[tuple[str, str]]:
    """Files of a lake in which, or in whose name, a mark is where none may be, with what is around it: all
    but raw and, of the tables' data files, the columns."""
    return leaks_of(lake, {path for path in files(lake) if not path.is_relative_to(lake / "raw")})


def leaks_of(root: Path, paths: Iterable[Path]) -> list[tuple[str, str]]:
    """`leaks` of some files below `root`, a lake or a folder that isn't one."""
    found = []
    for path in sorted(paths):
        name = path.relative_to(root)
        is_data = path.suffix == ".parquet" and name.parts[0] in list(Layer)
        for part in (str(name).encode(), *(parquet_head(path) if is_data else contents(path))):
            found += [(str(name), hit) for hit in hits(part, MARK)]
    return found


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, then what they decode to. A kind of file that isn't known is an AssertionError."""
    raw = path.read_bytes()
    yield raw
    kind = path.suffix
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:4] == b"Obj\x01":
        yield from _avro(raw)
    elif raw[:4] == b"PAR1":
        yield from _parquet(path)
    elif raw[:15] == b"SQLite format 3":
        yield from _sqlite(path)
    else:
        assert kind in _PLAIN or not raw, f"{path}: a kind of file that this test can't decode"
        if kind == ".json":
            # Escapes become text.
            with suppress(ValueError):
                yield repr(json.loads(raw)).encode()


def _avro(raw: bytes) -> Iterator[bytes]:
    reader = fastavro.reader(io.BytesIO(raw))
    yield repr(reader.metadata).encode()
    for record in reader:
        yield repr(record).encode()


def _parquet(path: Path) -> Iterator[bytes]:
    yield from parquet_head(path)
    yield repr(pq.read_table(path, partitioning=None).to_pylist()).encode()


def parquet_head(path: Path) -> Iterator[bytes]:
    """What a Parquet file says of itself beside its columns: schema, properties, writer."""
    with pq.ParquetFile(path) as file:
        found = file.metadata
        yield repr((found.metadata, str(file.schema), str(file.schema_arrow), found.created_by)).encode()


def _sqlite(path: Path) -> Iterator[bytes]:
    """Every row of every table, from a copy with its write-ahead log; what is compressed, uncompressed."""
    with tempfile.TemporaryDirectory() as folder:
        for part in path.parent.glob(f"{path.name}*"):
            shutil.copy(part, folder)
        with closing(sqlite3.connect(Path(folder) / path.name)) as connection:
            connection.text_factory = bytes
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                for row in connection.execute(f'SELECT * FROM "{name.decode()}"'):
                    for value in row:
                        yield from _value(value)


def _value(value: object) -> Iterator[bytes]:
    if not isinstance(value, bytes):
        yield str(value).encode()
        return
    yield value
    for unpack in _UNPACK:
        with suppress(Exception):
            yield unpack(value)


_UNPACK: tuple[Callable[[bytes], bytes], ...] = (
    zlib.decompress,
    gzip.decompress,
    lambda value: repr(json.loads(value)).encode(),
)
