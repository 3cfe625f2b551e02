"""What a lake is searched with finds what it is to find: a search that sees nothing passes every test."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.laws.marks import MARK
from tests.laws.remains import leaks

TEXT = f"a name: {MARK}000001."


def _avro(path: Path) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "bound", "type": "bytes"}]}
    with path.open("wb") as file:
        fastavro.writer(file, schema, [{"bound": TEXT.encode()}], codec="deflate")


def _sqlite(path: Path, value: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE event_logs (id, event)")
    connection.execute("INSERT INTO event_logs VALUES (1, ?)", [value])
    connection.commit()
    connection.close()


def _log_of_sqlite(path: Path) -> None:
    """A row that is in the write-ahead log only, as after a kill."""
    aside = path.with_name("aside.db")
    connection = sqlite3.connect(aside)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE runs (body)")
    connection.execute("INSERT INTO runs VALUES (?)", [zlib.compress(TEXT.encode())])
    connection.commit()
    for file in path.parent.glob("aside.db*"):
        shutil.copy(file, path.with_name(file.name.replace("aside", "killed")))
    connection.close()
    aside.unlink()


PLANTS: dict[str, Callable[[Path], object]] = {
    "log.out": lambda path: path.write_text(TEXT),
    "upper.err": lambda path: path.write_text(TEXT.upper()),
    "escaped.json": lambda path: path.write_text(json.dumps(TEXT).replace("Z", "\\u005a")),
    "base64.json": lambda path: path.write_text(base64.b64encode(TEXT.encode()).decode()),
    "hex.json": lambda path: path.write_text(TEXT.encode().hex()),
    "wide.out": lambda path: path.write_bytes(TEXT.encode("utf-16")),
    "00001.gz.metadata.json": lambda path: path.write_bytes(gzip.compress(TEXT.encode())),
    "manifest.avro": _avro,
    "spilt.parquet": lambda path: pq.write_table(pa.table({"a": [TEXT]}), path),
    "events.db": lambda path: _sqlite(path, TEXT),
    "snapshots.db": lambda path: _sqlite(path, zlib.compress(json.dumps({"x": TEXT}).encode())),
    "killed.db": _log_of_sqlite,
    f"{MARK}.lock": lambda path: path.touch(),
}


@pytest.mark.parametrize("name", PLANTS)
def test_a_mark_is_found_wherever_it_is_planted(tmp_path: Path, name: str) -> None:
    PLANTS[name](tmp_path / name)
    assert {found for found, _ in leaks(tmp_path)} - {"killed.db-wal"} == {name}


def test_of_a_data_file_the_columns_are_left_out_and_what_it_says_of_itself_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "silver" / "dim_patient" / "dt=2026-01-01"
    folder.mkdir(parents=True)
    rows = pa.table({"family_name": [TEXT]})
    pq.write_table(rows, folder / "a.parquet")
    assert leaks(tmp_path) == []
    pq.write_table(rows.replace_schema_metadata({"written_from": TEXT}), folder / "b.parquet")
    assert {Path(name).name for name, _ in leaks(tmp_path)} == {"b.parquet"}


def test_a_kind_of_file_that_cannot_be_decoded_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "spill.tmp").write_bytes(b"\x01\x02")
    with pytest.raises(AssertionError, match="can't decode"):
        leaks(tmp_path)
