"""Law 7: no value of a record, and no name of a file, is anywhere but in raw and in the tables' data
files."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import fastavro
import pytest

from tests.world import component, encounter, observation, patient

MARK = "Zqxjk"
"""In every value that a record of the drop has, and in the names of its files."""


def seeded() -> dict[str, bytes]:
    """Files full of marks: whole ones and every kind of broken one."""
    name = [{"family": f"{MARK}family", "given": [f"{MARK}given"]}]
    people = [
        patient(f"{MARK}p1", name=name, address=[{"line": [f"{MARK} street"], "city": f"{MARK}city"}]),
        patient(f"{MARK}p2", name={"family": f"{MARK}shape"}),
        encounter(f"{MARK}e1", f"{MARK}p1", serviceProvider={"display": f"{MARK}clinic"}),
        observation(
            f"{MARK}o1", f"{MARK}p1", None, valueString=f"{MARK}value", component=[component("8480-6", 1)]
        ),
    ]
    lines = b"\n".join(json.dumps(each).encode() for each in people)
    return {
        f"{MARK}_whole.ndjson": lines,
        f"{MARK}_broken.ndjson": lines[:200] + b"\n" + lines[200:] + f'\n{{"id":"{MARK}'.encode(),
        f"{MARK}_bundle.json": (
            f'{{"resourceType":"Bundle","type":"{MARK}","entry":["{MARK}",{{"fullUrl":"{MARK}"'.encode()
        ),
        f"{MARK}_torn.json.gz": gzip.compress(lines * 50)[:-60],
        f"{MARK}_twice.json": f'{{"resourceType":"Patient","id":"{MARK}d","id":"{MARK}e"}}'.encode(),
        f"{MARK}_delete.json": (
            json.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "batch",
                    "entry": [{"request": {"method": "DELETE", "url": f"Patient?name={MARK}"}}],
                }
            ).encode()
        ),
        f"{MARK}_other.txt": MARK.encode(),
    }


def run(lake: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "healthlake"), *arguments, "--lake", str(lake)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=lake.parent)  # noqa: S603


def texts(path: Path) -> bytes:
    """The bytes of a file, and the decoded records where it is Avro."""
    content = path.read_bytes()
    if path.suffix == ".avro":
        with path.open("rb") as file:
            content += repr(list(fastavro.reader(file))).encode()
    return content


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A lake on which everything was run and everything went wrong, and all that was printed."""
    root = tmp_path_factory.mktemp("silence")
    export, lake = root / "export", root / "lake"
    export.mkdir()
    for name, content in seeded().items():
        (export / name).write_bytes(content)
    run(lake, "land", str(export), "--dt", "2026-01-01")
    printed = [run(lake, "materialize", "--from", "2026-01-01"), run(lake, "check", "--from", "2026-01-01")]
    printed += [run(lake, "quarantine"), run(lake, "quarantine", "replay")]
    printed.append(run(lake, "trace", "silver_dim_patient", "unknown"))
    # A vanished file is a fault that knows the path.
    next((lake / "raw").rglob("*.ndjson")).unlink()
    printed.append(run(lake, "materialize", "--from", "2026-01-01"))
    assert [each.returncode for each in printed] == [0, 0, 0, 0, 2, 1], printed[-1].stderr
    return lake, "".join(each.stdout + each.stderr for each in printed)


def test_the_marks_are_in_the_tables(outcome: tuple[Path, str]) -> None:
    lake, _ = outcome
    found = run(lake, "sql", "SELECT family_name FROM silver_dim_patient", "--format", "json")
    assert f"{MARK}family" in found.stdout


def test_nothing_that_was_printed_holds_a_mark(outcome: tuple[Path, str]) -> None:
    assert MARK not in outcome[1]


def test_no_file_outside_raw_and_the_data_files_holds_a_mark(outcome: tuple[Path, str]) -> None:
    lake, _ = outcome
    looked = 0
    for folder, _, names in os.walk(lake):
        for name in names:
            path = Path(folder) / name
            if path.suffix == ".parquet" or path.is_relative_to(lake / "raw"):
                continue
            looked += 1
            assert MARK not in str(path.relative_to(lake))
            assert MARK.encode() not in texts(path), path.relative_to(lake)
    assert looked > 50


def test_the_scratch_folder_is_empty_at_the_end(outcome: tuple[Path, str]) -> None:
    assert list((outcome[0] / ".scratch").iterdir()) == []
