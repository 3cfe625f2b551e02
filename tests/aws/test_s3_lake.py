"""A lake on S3: what lies there is listed, read, landed, corrected and removed as in a folder."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.registry import TABLES
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import DropRefused, LakeMoved, LakeNotFound, UsageError
from healthlake.jobs import bronze_to_silver, raw_to_bronze
from healthlake.lake import landing, s3
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.expiry import LONGEST_USE, expire
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path, parquet_writer, walk
from healthlake.lake.raw import drop_files, land, landed_days
from healthlake.lake.rebuild import clear_tables
from healthlake.lake.revisions import replace, revisions, withdraw
from healthlake.lake.s3 import S3Path, s3_client
from tests.aws.glue_world import BUCKET, empty, emulated
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.process import taken_for_aws
from tests.world import World, patient

DAY = datetime.date(2026, 1, 1)


@pytest.fixture(scope="module")
def emulator() -> Iterator[AwsEmulator]:
    with emulated() as made, taken_for_aws(made):
        yield made


@pytest.fixture
def layout(emulator: AwsEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LakeLayout:
    empty(emulator)
    monkeypatch.setenv("HEALTHLAKE_HOME", str(tmp_path / "home"))
    return LakeLayout(lake_path(f"s3://{BUCKET}/lake"))


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.ndjson").write_text(text, "utf-8")
    return folder


def names(layout: LakeLayout) -> list[str]:
    return [file.path for file in drop_files(layout, DAY)]


def test_a_lake_that_is_not_there_is_told_of(layout: LakeLayout) -> None:
    with pytest.raises(LakeNotFound, match=r"s3://lake-bucket/lake has no objects.*healthlake land"):
        layout.require()
    with pytest.raises(UsageError, match="expected s3://BUCKET"):
        lake_path("s3://")


def test_files_are_listed_page_by_page_in_the_order_of_a_folder(layout: LakeLayout, tmp_path: Path) -> None:
    drop = layout.drop(DAY)
    assert isinstance(drop, S3Path)
    found = ["a/b.json", "a-b.json", "a.json", *(f"many/{n:04}.json" for n in range(1100))]
    for name in (*found, ".hidden", "a/.hidden"):
        s3_client().put_object(Bucket=drop.bucket, Key=f"{drop.key}/{name}", Body=b"{}")
    for name in ("a/b.json", "a-b.json", "a.json"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    in_folder = [each.relative for each in walk(tmp_path / "folder")]
    assert names(layout)[: len(in_folder)] == in_folder
    assert len(names(layout)) == len(found)
    assert landed_days(layout) == [DAY]


def test_a_name_that_a_path_would_change_is_read_as_it_is(layout: LakeLayout) -> None:
    drop = layout.drop(DAY)
    assert isinstance(drop, S3Path)
    for name in ("a//b.json", "d ü+%20.json"):
        s3_client().put_object(Bucket=drop.bucket, Key=f"{drop.key}/{name}", Body=name.encode())
    read = {}
    for file in drop_files(layout, DAY):
        with file.open() as stream:
            read[file.path] = stream.read().decode()
    assert read == {"a//b.json": "a//b.json", "d ü+%20.json": "d ü+%20.json"}


def test_a_file_is_read_from_any_position(layout: LakeLayout) -> None:
    content = bytes(range(256)) * 1000
    path = layout.root / "x"
    assert isinstance(path, S3Path)
    path.write_bytes(content)
    with path.open() as stream:
        assert stream.read(10) == content[:10]
        assert stream.seek(200_000) == 200_000
        assert stream.read(7) == content[200_000:200_007]
        assert stream.seek(-3, io.SEEK_END) == len(content) - 3
        assert stream.read() == content[-3:]
        assert stream.read() == b""
        assert stream.seek(len(content) + 10) == len(content) + 10
        assert stream.read(1) == b""


def test_a_connection_that_breaks_is_opened_again_where_it_was(
    layout: LakeLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ReadTimeoutError

    content = bytes(range(256)) * 100
    path = layout.root / "x"
    assert isinstance(path, S3Path)
    path.write_bytes(content)
    with path.open() as stream:
        assert isinstance(stream, s3.S3Reader)
        read = stream.read(1000)

        class Broken:
            def read(self, size: int) -> bytes:
                raise ReadTimeoutError(endpoint_url="x")

            def close(self) -> None:
                return None

        monkeypatch.setattr(stream, "_body", Broken())
        assert read + stream.read() == content


def test_a_file_that_changes_while_it_is_read_is_an_error(layout: LakeLayout) -> None:
    path = layout.root / "x"
    assert isinstance(path, S3Path)
    path.write_bytes(b"one" * 1000)
    with path.open() as stream:
        stream.read(3)
        path.write_bytes(b"two" * 1000)
        stream.seek(10)
        with pytest.raises(OSError, match="has changed"):
            stream.read(3)
    path.unlink()
    with pytest.raises(FileNotFoundError), path.open() as stream:
        stream.read(1)


def test_landing_twice_is_a_no_op_and_other_content_is_refused(layout: LakeLayout, tmp_path: Path) -> None:
    export = write(tmp_path / "export", a="1", b="2")
    heard: list[tuple[int, int]] = []
    first = land(layout, [export], DAY, lambda files, size: heard.append((files, size)))
    assert (first.files, first.bytes, first.files_present) == (2, 2, 0)
    assert [sum(each) for each in zip(*heard, strict=True)] == [2, 2]
    again = land(layout, [export], DAY)
    assert (again.files, again.files_present) == (0, 2)
    write(export, a="other")
    with pytest.raises(DropRefused, match="other content"):
        land(layout, [export], DAY)
    # Sent by another tool, without our digest.
    drop = layout.drop(DAY)
    assert isinstance(drop, S3Path)
    s3_client().put_object(Bucket=drop.bucket, Key=f"{drop.key}/a.ndjson", Body=b"other")
    assert land(layout, [export], DAY).files_present == 2


def test_who_is_second_at_a_name_is_refused_by_s3(
    layout: LakeLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the put another machine lands the name."""
    export = write(tmp_path / "export", a="mine")
    monkeypatch.setattr(landing, "PART_BYTES", 2)
    for theirs, expected in (("mine", None), ("theirs", DropRefused)):
        empty_lake(layout)

        def and_meanwhile(blocks: Any, digest: Any = landing._digest, theirs: str = theirs) -> str:
            drop = layout.drop(DAY)
            assert isinstance(drop, S3Path)
            s3_client().put_object(Bucket=drop.bucket, Key=f"{drop.key}/a.ndjson", Body=theirs.encode())
            return str(digest(blocks))

        with monkeypatch.context() as patch:
            patch.setattr(landing, "_digest", and_meanwhile)
            if expected:
                with pytest.raises(expected):
                    land(layout, [export], DAY)
            else:
                assert land(layout, [export], DAY).files_present == 1
        drop = layout.drop(DAY)
        assert isinstance(drop, S3Path)
        assert (drop / "a.ndjson").read_bytes() == theirs.encode()
        assert "Uploads" not in s3_client().list_multipart_uploads(Bucket=BUCKET)


def test_a_large_file_goes_in_parts_with_checksums_and_a_key(
    layout: LakeLayout, emulator: AwsEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = 5 * 1024 * 1024
    monkeypatch.setattr(landing, "PART_BYTES", part)
    content = bytes(range(256)) * (part // 256 * 2 + 5)
    source = tmp_path / "large.ndjson"
    source.write_bytes(content)
    heard: list[tuple[int, int]] = []
    landed = land(
        layout, [source], DAY, lambda files, size: heard.append((files, size)), kms_key="alias/lake"
    )
    assert landed.bytes == len(content)
    assert [size for _, size in heard if size] == [part, part, len(content) - 2 * part]
    path = layout.drop(DAY) / "large.ndjson"
    assert isinstance(path, S3Path)
    head = s3_client().head_object(Bucket=path.bucket, Key=path.key, ChecksumMode="ENABLED")
    assert head["ServerSideEncryption"] == "aws:kms" and "alias/lake" in head["SSEKMSKeyId"]
    assert head["Metadata"]["sha256"]
    assert path.read_bytes() == content


def test_an_empty_day_has_landed_and_a_withdrawn_one_stays(layout: LakeLayout, tmp_path: Path) -> None:
    land(layout, [write(tmp_path / "empty")], DAY)
    assert landed_days(layout) == [DAY]
    assert names(layout) == []
    land(layout, [write(tmp_path / "export", a="1", b="2")], DAY)
    withdraw(layout, ["a.ndjson"], DAY)
    assert names(layout) == ["b.ndjson"]
    withdraw(layout, [], DAY)
    assert names(layout) == []
    assert landed_days(layout) == [DAY]
    with pytest.raises(UsageError, match="aws s3 ls s3://"):
        withdraw(layout, ["a.ndjson"], DAY)
    kept = list(revisions(layout))
    assert [(each.number, [file.path for file in each.files]) for each in kept] == [
        (1, ["a.ndjson"]),
        (2, ["b.ndjson"]),
    ]
    lies = kept[0].folder / "a.ndjson"
    assert isinstance(lies, S3Path)
    assert lies.read_bytes() == b"1"


def test_a_replaced_file_is_kept_and_the_new_one_lies_in_its_place(
    layout: LakeLayout, tmp_path: Path
) -> None:
    export = write(tmp_path / "export", a="1", b="2")
    land(layout, [export], DAY)
    write(export, a="new")
    landed, revision = replace(layout, [export], DAY)
    assert (landed.files, landed.files_present) == (1, 1)
    assert revision is not None
    lies, now = revision.folder / "a.ndjson", layout.drop(DAY) / "a.ndjson"
    assert isinstance(lies, S3Path) and isinstance(now, S3Path)
    assert (lies.read_bytes(), now.read_bytes()) == (b"1", b"new")


def test_tables_on_s3_have_the_rows_of_those_in_a_folder(layout: LakeLayout, tmp_path: Path) -> None:
    with World(tmp_path / "folder") as world:
        source = world.put_resources(DAY, "a.ndjson", [patient("p1"), patient("p2")])
        world.run(DAY)
        land(layout, [source], DAY)
        catalog = LakeCatalog(layout, "rows")
        for changed in (True, False):
            with DuckDBEngine(catalog) as engine:
                for report in (
                    raw_to_bronze(engine, catalog, [DAY]),
                    bronze_to_silver(engine, catalog, [DAY]),
                ):
                    assert not report.faults, report.faults
                    assert any(each.changed for each in report.tables) is changed
                for name, table in TABLES.items():
                    if not name.startswith("gold_"):
                        engine.read(table, name="all_rows")
                        assert sorted(engine.rows("SELECT * FROM all_rows"), key=repr) == world.rows(name)


def test_another_lakes_database_is_not_taken(layout: LakeLayout) -> None:
    other = LakeCatalog(LakeLayout(lake_path(f"s3://{BUCKET}/other")), "shared")
    (other.layout.root / "raw" / "x").write_bytes(b"")  # type: ignore[union-attr]
    other.create(BRONZE_FILE)
    (layout.root / "raw" / "x").write_bytes(b"")  # type: ignore[union-attr]
    with pytest.raises(LakeMoved, match="HEALTHLAKE_DATABASE"):
        LakeCatalog(layout, "shared").version(BRONZE_FILE)
    with pytest.raises(LakeMoved, match="HEALTHLAKE_DATABASE"):
        LakeCatalog(layout, "shared").clear()
    other.create(BRONZE_FILE)
    assert other.properties(BRONZE_FILE)


def test_rebuild_takes_the_tables_and_leaves_raw(layout: LakeLayout, tmp_path: Path) -> None:
    land(layout, [write(tmp_path / "export", a=json.dumps(patient("p1")))], DAY)
    catalog = LakeCatalog(layout, "rebuilt")
    with DuckDBEngine(catalog) as engine:
        raw_to_bronze(engine, catalog, [DAY])
    assert clear_tables(layout, "rebuilt", lambda line: None) == [DAY]
    assert names(layout) == ["a.ndjson"]
    assert not list(walk(layout.root / "bronze"))
    assert catalog.version(BRONZE_FILE).snapshot_id is None  # type: ignore[union-attr]


def test_young_files_of_others_are_left_and_old_ones_go(
    layout: LakeLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On S3 no lock tells whether another machine is about to publish a file."""
    land(layout, [write(tmp_path / "export", a=json.dumps(patient("p1")))], DAY)
    catalog = LakeCatalog(layout, "expired")
    with DuckDBEngine(catalog) as engine:
        raw_to_bronze(engine, catalog, [DAY])
    stray = layout.partition(BRONZE_FILE, DAY) / "stray.parquet"
    assert isinstance(stray, S3Path)
    stray.write_bytes(b"")
    assert expire(catalog, BRONZE_FILE).files == 0
    monkeypatch.setattr("healthlake.lake.expiry.LONGEST_USE", -LONGEST_USE)
    assert expire(catalog, BRONZE_FILE).files >= 1
    assert not stray.exists()
    assert catalog.version(BRONZE_FILE).files  # type: ignore[union-attr]


def test_a_parquet_file_is_written_where_its_path_says(layout: LakeLayout) -> None:
    import pyarrow as pa

    path = layout.root / "t" / "a.parquet"
    assert isinstance(path, S3Path)
    with parquet_writer(path, pa.schema({"a": pa.int64()})) as writer:
        writer.write_table(pa.table({"a": [1]}))
    assert path.size() > 0


def empty_lake(layout: LakeLayout) -> None:
    for each in walk(layout.root):
        each.path.unlink()
