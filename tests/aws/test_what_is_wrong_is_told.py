"""A lake on S3 that is named wrongly, or can't be reached, ends in a sentence with the next step."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from healthlake.lake.s3 import s3_client
from tests.aws.glue_world import BUCKET, emulated, keys
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.process import taken_for_aws
from tests.cli.conftest import invoke
from tests.conftest import REPOSITORY

SELECT = "SELECT 1 AS a FROM bronze_file"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no settings."""
    for name in os.environ:
        if name.startswith(("AWS_", "HEALTHLAKE_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("HEALTHLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    s3_client.cache_clear()


def landed(emulator: AwsEmulator, *keys: str) -> str:
    """A lake with one file in raw, and empty objects of `keys`."""
    for key in ("lake/raw/synthea_fhir/dt=2026-01-01/a", *keys):
        emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")
    return f"s3://{BUCKET}/lake"


def test_without_credentials() -> None:
    answer = invoke("sql", SELECT, "--lake", "s3://bucket/lake")
    assert answer.code == 2
    assert "no credentials were found" in answer.err


def test_without_a_way_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        answer = invoke("sql", SELECT, "--lake", "s3://bucket/lake")
    assert answer.code == 1
    assert "AWS could not be reached" in answer.err and "AWS_ENDPOINT_URL" in answer.err


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_GLUE"])
def test_an_endpoint_that_is_no_address(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with emulated() as emulator, taken_for_aws(emulator):
        lake = landed(emulator)
        monkeypatch.setenv(variable, "localhost:4566")
        answer = invoke("sql", SELECT, "--lake", lake)
    assert answer.code == 2
    assert f"{variable} is 'localhost:4566', expected http://HOST:PORT" in answer.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--lake", "s3://bucket"), "expected a prefix in the bucket: s3://bucket/lake"),
        (("--profile", "aws"), "expected s3://BUCKET/PREFIX"),
        (("--profile", "local", "--lake", "s3://b/l"), "expected a folder"),
        (("--lake", "s3:///x"), "expected s3://BUCKET"),
    ],
)
def test_a_lake_that_the_profile_does_not_take(arguments: tuple[str, ...], told: str) -> None:
    answer = invoke("sql", SELECT, *arguments)
    assert answer.code == 2
    assert told in answer.err


def test_an_endpoint_that_does_not_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with emulated() as emulator, taken_for_aws(emulator):
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint.replace("http:", "https:"))
        answer = invoke("sql", SELECT, "--lake", f"s3://{BUCKET}/lake")
    assert answer.code == 1
    assert "TLS failed" in answer.err and "AWS_ENDPOINT_URL" in answer.err


def test_a_configuration_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default", "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    answer = invoke("sql", SELECT, "--lake", "s3://bucket/lake")
    assert answer.code == 2
    assert "configuration file can't be read" in answer.err


def test_a_database_that_is_not_there_is_told_and_not_made() -> None:
    with emulated() as emulator, taken_for_aws(emulator):
        lake = landed(emulator)
        answer = invoke("sql", SELECT, "--lake", lake)
        assert emulator.client("glue").get_databases()["DatabaseList"] == []
    assert answer.code == 2
    assert "no database healthlake" in answer.err and "HEALTHLAKE_DATABASE" in answer.err


def test_a_home_that_can_not_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEALTHLAKE_HOME", str(tmp_path / "file" / "home"))
    with emulated() as emulator, taken_for_aws(emulator):
        lake = landed(emulator)
        answer = invoke("sql", SELECT, "--lake", lake)
    assert answer.code == 2
    assert "HEALTHLAKE_HOME names the folder" in answer.err


def test_rebuild_removes_nothing_where_the_jobs_are_not_there() -> None:
    with emulated() as emulator, taken_for_aws(emulator):
        key = "lake/silver/dim_patient/dt=2026-01-01/a.parquet"
        lake = landed(emulator, key)
        answer = invoke("rebuild", "--yes", "--lake", lake)
        assert key in keys(emulator)
    assert answer.code == 2
    assert "there is no such job" in answer.err


def test_a_bucket_and_a_lake_that_are_not_there() -> None:
    with emulated() as emulator, taken_for_aws(emulator):
        absent = invoke("sql", SELECT, "--lake", "s3://no-such-bucket-here/lake")
        assert absent.code == 1
        assert "AWS answered NoSuchBucket" in absent.err
        empty = invoke("materialize", "--from", "2026-01-01", "--lake", f"s3://{BUCKET}/nothing")
        assert empty.code == 2
        assert "has no objects" in empty.err and "healthlake land" in empty.err


def test_definitions_load_without_network_and_credentials_in_both_profiles() -> None:
    """Asks a process in which no socket can be made."""
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a socket was asked for')\n"
        "socket.socket.connect = refuse\n"
        "from healthlake_dagster.definitions import build_definitions\n"
        "from healthlake_dagster.settings import Settings\n"
        "for lake in ('lake', 's3://bucket/lake'):\n"
        "    made = build_definitions(Settings.load({}, lake_text=lake))\n"
        "    made.resolve_implicit_global_asset_job_def()\n"
        "import sys\n"
        "assert 'boto3' not in sys.modules and 'pyspark' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, timeout=120)  # noqa: S603
