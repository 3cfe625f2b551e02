"""Packs the library for Glue: dist/healthlake-<sha12>.zip, and the wheels that a job needs beside it.

    python scripts/make_glue_zip.py [--out DIR]

The zip is what `--extra-py-files` takes: the package `healthlake` alone. Its name holds the hash of what is
in it, so the same sources have the same name and an upload never replaces another version's zip. The text
file beside it has a wheel a line for `--additional-python-modules`, pinned to the versions of the lock.
What Glue 6.0 has itself (pyspark, pandas, boto3) is not listed; pyarrow is, because Glue's may be older
than what PyIceberg needs. duckdb, sqlglot and dagster are not needed there.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[1]
LOCK = REPOSITORY / "requirements.txt"
PACKAGE = REPOSITORY / "healthlake"
SUFFIXES = {".py", ".json", ".sql", ".typed"}
NEEDED = ("dagster-pipes", "filelock", "msgspec", "pyarrow", "pyiceberg")
GLUE = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}
"""Where the wheels are for: Glue 6.0's Python."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def sources(package: Path) -> dict[str, bytes]:
    """The files of the zip by name."""
    return {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and path.suffix in SUFFIXES
    }


def digest(files: dict[str, bytes]) -> str:
    """A hash of names and content, whatever zlib makes of it."""
    listing = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return hashlib.sha256(listing.encode()).hexdigest()


def write_zip(files: dict[str, bytes], target: Path) -> None:
    """The same bytes for the same files."""
    part = target.with_name(f"{target.name}.part")
    # Folders too: without them Python 3.11 finds no package without an __init__.py in a zip.
    folders = {
        f"{folder.as_posix()}/": b"" for name in files for folder in list(PurePosixPath(name).parents)[:-1]
    }
    with zipfile.ZipFile(part, "w") as archive:
        for name, content in sorted({**files, **folders}.items()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = (0o755 if name.endswith("/") else 0o644) << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    part.replace(target)


def with_dependencies(names: Iterable[str], environment: dict[str, str] | None = None) -> set[str]:
    """The installed distributions of these names and all that they need."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = _normal(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate(environment or {"extra": ""}):
                waiting.append(needed.name)
    return found


def locked(lock: Path, environment: dict[str, str]) -> dict[str, str]:
    """The versions that the lock has for an environment, by name."""
    versions = {}
    for line in lock.read_text().splitlines():
        if not re.match(r"[a-z0-9]", line):
            continue
        entry = Requirement(line.removesuffix("\\").strip())
        if entry.marker is None or entry.marker.evaluate(environment):
            versions[_normal(entry.name)] = str(entry.specifier).removeprefix("==")
    return versions


def wheels() -> list[str]:
    versions = locked(LOCK, GLUE)
    return [f"{name}=={versions[name]}" for name in sorted(with_dependencies(NEEDED, GLUE))]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist", help="folder of the zip (dist)")
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    files = sources(PACKAGE)
    target = out / f"healthlake-{digest(files)[:12]}.zip"
    write_zip(files, target)
    listed = wheels()
    target.with_suffix(".wheels.txt").write_text("".join(f"{wheel}\n" for wheel in listed))
    sys.stdout.write(f"--extra-py-files {target}\n--additional-python-modules {','.join(listed)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
