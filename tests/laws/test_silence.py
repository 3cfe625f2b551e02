"""Law 7: no value of a record, and no name of a file, is anywhere but in raw and in the tables' data files.

Every command runs as a process of its own on drops in which each text is a mark (marks.py), on a lake where
all is well and on one where everything goes wrong; then all that was printed and all that is left on disk is
decoded (remains.py) and searched.
"""

from __future__ import annotations

import concurrent.futures
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from healthlake.contracts.model import ColumnType, Layer
from healthlake.contracts.registry import TABLES
from tests.conftest import REPOSITORY
from tests.laws.marks import MARK, NAME, OBSERVATION, PATIENT, first_drop, second_drop
from tests.laws.remains import files, hits, leaks, leaks_of
from tests.world import World

DAY, NEXT = "2026-01-01", "2026-01-02"
BIN = Path(sys.executable).parent


@dataclass
class Keyboard:
    """A person at work on one lake. The home, the temporary folder and the current one are in `root`."""

    root: Path
    lake: Path = field(init=False)
    said: list[tuple[str, bytes]] = field(default_factory=list)
    """What was typed, and what was printed that no record may show in."""

    def __post_init__(self) -> None:
        self.lake = self.root / "lake"
        for name in ("home", "tmp", "here"):
            (self.root / name).mkdir(parents=True)

    def healthlake(self, *arguments: object, code: int = 0, shows: str = "") -> str:
        """Runs the command, which must end with `code`. `shows` is what it may print on stdout: `records` or
        `names` of files."""
        return self.run("healthlake", *arguments, "--lake", self.lake, code=code, shows=shows)

    def dagster(self, *arguments: object, code: int = 0) -> str:
        module = ("-m", "healthlake_dagster.definitions")
        return self.run("dagster", *arguments, *module, code=code)

    def run(self, program: str, *arguments: object, code: int, shows: str = "") -> str:
        typed = [program, *map(str, arguments)]
        done = subprocess.run(  # noqa: S603
            [str(BIN / program), *typed[1:]],
            capture_output=True,
            check=False,
            env=self._environment(),
            cwd=self.root / "here",
        )
        assert done.returncode == code, (typed, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        out = {"": done.stdout, "names": done.stdout.replace(NAME.encode(), b""), "records": b""}[shows]
        self.said.append((" ".join(typed), out + done.stderr))
        return done.stdout.decode("utf-8", "replace")

    def _environment(self) -> Mapping[str, str]:
        ours = {name: v for name, v in os.environ.items() if not name.startswith(("HEALTHLAKE", "DAGSTER"))}
        return {
            **ours,
            "HEALTHLAKE_LAKE": str(self.lake),
            "DAGSTER_HOME": str(self.lake / ".dagster"),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "PYTHONPATH": str(REPOSITORY),
        }

    def export(self, name: str, content: Mapping[str, bytes]) -> Path:
        folder = self.root / name
        for path, each in content.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(each)
        return folder

    def raw(self, name: str) -> Path:
        return self.lake / "raw" / "synthea_fhir" / f"dt={DAY}" / name

    def data_file(self, folder: str) -> Path:
        return next((self.lake / folder / f"dt={DAY}").glob("*.parquet"))


def all_is_well(at: Keyboard) -> None:
    """What a user does day by day."""
    at.healthlake("land", at.export("export1", first_drop()), "--dt", DAY)
    at.healthlake("land", at.export("export2", second_drop()), "--dt", NEXT)
    at.healthlake("materialize", "--from", DAY, "--to", NEXT)
    # The marks are codes of no value set, so rules fail.
    at.healthlake("check", "--from", DAY, "--to", NEXT, code=1)
    rows = at.healthlake("quarantine", "--format", "csv").splitlines()
    at.healthlake("quarantine", "list", "--summary")
    columns = rows[0].split(",")
    row = dict(zip(columns, rows[1].split(","), strict=False))
    shown = at.healthlake(
        *("quarantine", "list", "--show", f"{row['file_id']}:{row['byte_offset']}"), shows="records"
    )
    assert shown
    at.healthlake("quarantine", "replay")
    at.healthlake("trace", "silver_dim_patient", PATIENT, shows="names")
    assert MARK in at.healthlake("trace", "silver_dim_patient", PATIENT, "--raw", shows="records")
    at.healthlake("trace", "gold_population_summary", DAY)
    named = at.healthlake("sql", "SELECT family_name FROM silver_dim_patient", shows="records")
    assert MARK in named
    changed = {name: content + b"\n" for name, content in first_drop().items() if "_broken" in name}
    at.healthlake("land", at.export("export3", changed), "--dt", DAY, "--replace")
    at.healthlake("land", "--withdraw", f"{NAME}_gz", "--dt", DAY)
    at.healthlake("revisions")
    at.healthlake("materialize", "--stale")
    at.dagster("asset", "materialize", "--select", "group:bronze", "--partition", NEXT)
    at.dagster("job", "execute", "-j", "stale_gold")


def everything_goes_wrong(at: Keyboard) -> None:
    """Faults of the user, of the disk and of the data, each where a message could quote what it saw."""
    export = at.export("export1", first_drop())
    at.healthlake("land", export, "--dt", DAY)
    at.healthlake("materialize", "--from", DAY)
    wrong_questions(at)
    refused_landings(at, export)
    faults_of_raw(at)
    faults_of_tables(at)
    a_moved_lake(at)


def wrong_questions(at: Keyboard) -> None:
    for statement in (
        "SELECT CAST(family_name AS integer) FROM silver_dim_patient",
        "SELECT date_parse(family_name, '%Y') FROM silver_dim_patient",
    ):
        at.healthlake("sql", statement, "--force", code=1)
    at.healthlake("sql", "SELECT nothing FROM silver_dim_patient", code=2)
    at.healthlake("trace", "silver_dim_patient", "unknown", code=2)
    at.healthlake("quarantine", "list", "--show", "0123456789ab:1", code=2)


def refused_landings(at: Keyboard, export: Path) -> None:
    other = {name: b"{}" for name in first_drop() if name.endswith("whole.ndjson")}
    changed = at.export("export2", other)
    at.healthlake("land", changed, "--dt", DAY, code=2)
    at.healthlake("land", export, changed, "--dt", NEXT, code=2)


def faults_of_raw(at: Keyboard) -> None:
    """A file that vanished, one that was changed in its place, a listing of a revision that was spoilt."""
    vanished, whole = at.raw(f"{NAME}_whole.ndjson"), (at.raw(f"{NAME}_whole.ndjson")).read_bytes()
    vanished.unlink()
    at.healthlake("materialize", "--from", DAY, code=1)
    at.healthlake("trace", "silver_fct_observation_value", f"{OBSERVATION}-5", "--raw", code=1)
    vanished.write_bytes(whole.replace(b"1980", b"1981"))
    at.dagster("asset", "materialize", "--select", "*", "--partition", DAY, code=1)
    vanished.write_bytes(whole)
    at.healthlake("land", "--withdraw", f"{NAME}_deep", "--dt", DAY)
    listing = next((at.lake / "raw" / "_revisions").rglob("revision.json"))
    kept = listing.read_bytes()
    listing.write_bytes(kept[:-30])
    at.healthlake("revisions", code=1)
    at.healthlake("materialize", "--from", DAY, code=1)
    listing.write_bytes(kept)


def faults_of_tables(at: Keyboard) -> None:
    """Data files and metadata that were cut off or spoilt."""
    data = at.data_file("bronze/patient")
    kept = data.read_bytes()
    middle = len(kept) // 2
    data.write_bytes(kept[:middle])
    at.healthlake("sql", "SELECT resource FROM bronze_patient", code=1)
    data.write_bytes(kept[:4] + MARK.encode() * (middle // 5) + kept[-middle:])
    at.healthlake("sql", "SELECT resource FROM bronze_patient", code=1)
    at.healthlake("materialize", "--from", DAY, "--select", "group:silver", code=1)
    at.healthlake("check", "--from", DAY, code=1)
    assert b"DuckDB failed" in at.said[-1][1]
    data.write_bytes(kept)
    manifest = max((at.lake / "silver" / "dim_patient" / "metadata").glob("*.avro"), key=os.path.getsize)
    kept = manifest.read_bytes()
    manifest.write_bytes(kept[: len(kept) // 2])
    at.healthlake("sql", "SELECT * FROM silver_dim_patient", code=1)
    at.healthlake("trace", "silver_dim_patient", PATIENT, code=1)
    manifest.write_bytes(kept)


def a_moved_lake(at: Keyboard) -> None:
    at.lake = at.lake.rename(at.root / "moved")
    at.healthlake("sql", "SELECT * FROM silver_dim_patient", code=2)
    at.healthlake("rebuild", "--yes")


@pytest.fixture(scope="module")
def keyboards(tmp_path_factory: pytest.TempPathFactory) -> list[Keyboard]:
    """The two lakes after all of it, and what was printed on the way."""
    root = tmp_path_factory.mktemp("silence")
    found = [Keyboard(root / name) for name in ("well", "wrong")]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(all_is_well, found[0]), pool.submit(everything_goes_wrong, found[1])]:
            done.result()
    return found


def test_the_marks_are_in_every_text_column_that_holds_what_a_record_says(keyboards: list[Keyboard]) -> None:
    with World(keyboards[0].lake) as world:
        for contract in TABLES.values():
            # silver_fct_observation has the columns of the values, less rows.
            if contract.layer is not Layer.SILVER or contract.name in _OTHERS:
                continue
            texts = [
                column.name
                for column in contract
                if column.type is ColumnType.STRING
                and column.name not in _OURS
                and not column.name.endswith("_precision")
            ]
            marked = {
                name for record in world.records(contract.name) for name in texts if MARK in str(record[name])
            }
            assert marked == set(texts), contract.name


_OTHERS = {"silver_fct_observation", "silver_quarantine", "silver_reconciliation"}
_OURS = {"file_id", "content_hash", "effective_type", "value_type"}


def test_nothing_that_was_printed_holds_a_mark(keyboards: list[Keyboard]) -> None:
    for at in keyboards:
        assert [(typed, found) for typed, out in at.said if (found := hits(_untyped(typed, out), MARK))] == []


def _untyped(typed: str, out: bytes) -> bytes:
    """What was printed, without the words that the user had just typed."""
    for word in sorted(re.findall(rf"\S*{MARK}\S*", typed), key=len, reverse=True):
        out = out.replace(word.encode(), b"")
    return out


def test_no_file_outside_raw_and_the_data_files_holds_a_mark(keyboards: list[Keyboard]) -> None:
    for at in keyboards:
        assert leaks(at.lake) == []
        outside = [path for path in files(at.root) if not path.is_relative_to(at.lake)]
        landed = [path for path in outside if path.relative_to(at.root).parts[0].startswith("export")]
        assert leaks_of(at.root, set(outside) - set(landed)) == []
        assert len(list(files(at.lake))) > 150


def test_scratch_and_temporary_folders_are_empty_at_the_end(keyboards: list[Keyboard]) -> None:
    for at in keyboards:
        assert list((at.lake / ".scratch").iterdir()) == []
        assert list((at.root / "tmp").iterdir()) == []
